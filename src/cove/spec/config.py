"""devcontainer.json as written: what it builds, what it says of the container, where the workspace is."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from cove.spec import narrow
from cove.spec.additions import Additions, parse_additions
from cove.spec.jsonc import parse_jsonc_object
from cove.spec.layer import KEYS, Layer, parse_layer
from cove.spec.lifecycle import parse_command
from cove.spec.narrow import Spot

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cove.spec.jsonc import JsonValue
    from cove.spec.lifecycle import LifecycleCommand

ABSOLUTE = ("/", "${localWorkspaceFolder}", "${localEnv:", "${env:")
"""How a path begins that is not relative to the file; these variables hold absolute paths once replaced."""


class ImageSource(NamedTuple):
    """The container runs an image as it is."""

    image: str


class DockerfileSource(NamedTuple):
    """The container runs what a Dockerfile builds. Paths are absolute, or begin with a variable."""

    dockerfile: str
    context: str
    args: Mapping[str, str] = {}
    target: str = ""
    cache_from: tuple[str, ...] = ()
    options: tuple[str, ...] = ()


class ComposeSource(NamedTuple):
    """The container is a service of a Docker Compose project. No files: compose's own default."""

    files: tuple[str, ...]
    service: str
    run_services: tuple[str, ...] = ()


Source: TypeAlias = ImageSource | DockerfileSource | ComposeSource


class Configuration(NamedTuple):
    """One configuration as written; variables are not replaced yet (`substitute` takes the whole)."""

    path: str
    """The file, absolute; empty for a bare Dockerfile."""
    folder: str
    """The workspace's folder on the host, absolute."""
    name: str
    source: Source
    layer: Layer = Layer()
    workspace_folder: str | None = None
    workspace_mount: str | None = None
    """`--mount` text as written; empty: none wished; None: not said."""
    run_args: tuple[str, ...] = ()
    app_port: tuple[int | str, ...] = ()
    initialize_command: LifecycleCommand = ()
    features: Mapping[str, JsonValue] = {}
    secrets: Mapping[str, JsonValue] = {}
    """The variables it wants to be given, each with `description` and `documentationUrl`."""
    cove: Mapping[str, JsonValue] = {}
    """`customizations.cove`, as written."""
    additions: Additions = Additions()
    """The same, read."""
    document: Mapping[str, JsonValue] = {}
    """The file's object, as written."""
    inferred_from: tuple[str, ...] | None = None
    """The files that decide what is inferred, there or not, absolute; None: a person wrote the configuration."""


def parse_configuration(text: str, *, path: str, folder: str, sourceless: bool = False) -> Configuration:
    """Return the configuration of a devcontainer.json's text; `path` and `folder` are absolute.

    `sourceless` is for a container that is there already: the file then need not say what to run.

    Raises ConfigurationError, with line and column, for what is not JSON with comments, values of the wrong
    kind, and a file that names no source (`image`, `build.dockerfile`, `dockerComposeFile`) or more than one.
    """
    document = parse_jsonc_object(text, path)
    spot = Spot(text, path)
    said = fold_old_properties({key: value for key, value in document.items() if value is not None}, spot)
    keys = {key.name for key in KEYS.values() if key.in_configuration}
    layer = parse_layer({key: value for key, value in said.items() if key in keys}, text=text, path=path)
    here = spot / "customizations" / "cove"
    cove = narrow.parse_object(_member(layer.customizations or {}, "cove", {}), here)
    return Configuration(
        path=path,
        folder=folder,
        name=narrow.parse_text(said.get("name", ""), spot / "name"),
        source=ImageSource("") if sourceless and not _sources(said) else parse_source(said, spot),
        layer=layer,
        workspace_folder=_optional_text(said, "workspaceFolder", spot),
        workspace_mount=_optional_text(said, "workspaceMount", spot),
        run_args=narrow.parse_texts(said.get("runArgs", []), spot / "runArgs"),
        app_port=narrow.parse_port_or_ports(said.get("appPort", []), spot / "appPort"),
        initialize_command=parse_command(said.get("initializeCommand", ""), spot / "initializeCommand"),
        features=narrow.parse_object(said.get("features", {}), spot / "features"),
        secrets=narrow.parse_objects(said.get("secrets", {}), spot / "secrets"),
        cove=cove,
        additions=parse_additions(cove, here),
        document=document,
    )


def bare_configuration(dockerfile: str, *, folder: str) -> Configuration:
    """Return the configuration of a folder with a Dockerfile and no devcontainer.json; paths are absolute."""
    source = DockerfileSource(dockerfile=dockerfile, context=folder)
    return Configuration(path="", folder=folder, name=posixpath.basename(folder.rstrip("/")), source=source)


def parse_source(said: Mapping[str, JsonValue], spot: Spot) -> Source:
    """Return what the file builds or runs."""
    found = _sources(said)
    if not found:
        raise spot.error(
            "the file does not say what to run: `image`, `build.dockerfile` or `dockerComposeFile`",
            hint='For example: "image": "python:3.12", or "build": {"dockerfile": "Dockerfile"}.',
        )
    if len(found) > 1:
        first, second, *_ = found
        raise (spot / second).error(f"`{first}` and `{second}` cannot stand together: remove one of them")
    match next(iter(found)):
        case "image":
            return ImageSource(_required(said, "image", spot))
        case "dockerComposeFile":
            return parse_compose_source(said, spot)
        case _:
            return parse_dockerfile_source(said, spot)


def parse_dockerfile_source(said: Mapping[str, JsonValue], spot: Spot) -> DockerfileSource:
    """Return the build of `build.dockerfile` or the older `dockerFile`; paths start at the file's folder."""
    build = narrow.parse_object(said.get("build", {}), spot / "build")
    old = "dockerFile" in said
    owner, place = (said, spot) if old else (build, spot / "build")
    dockerfile = _required(owner, "dockerFile" if old else "dockerfile", place)
    context = narrow.parse_text(_member(owner, "context", "."), place / "context")
    here = posixpath.dirname(spot.path)
    args = narrow.parse_env(_member(build, "args", {}), spot / "build" / "args")
    return DockerfileSource(
        dockerfile=resolve(here, dockerfile),
        context=resolve(here, context),
        args={name: value for name, value in args.items() if value is not None},
        target=narrow.parse_text(_member(build, "target", ""), spot / "build" / "target"),
        cache_from=narrow.parse_text_or_texts(_member(build, "cacheFrom", []), spot / "build" / "cacheFrom"),
        options=narrow.parse_texts(_member(build, "options", []), spot / "build" / "options"),
    )


def parse_compose_source(said: Mapping[str, JsonValue], spot: Spot) -> ComposeSource:
    """Return the compose project and the service in it that is the workspace."""
    files = narrow.parse_text_or_texts(said["dockerComposeFile"], spot / "dockerComposeFile")
    here = posixpath.dirname(spot.path)
    return ComposeSource(
        files=tuple(resolve(here, file) for file in files),
        service=_required(said, "service", spot),
        run_services=narrow.parse_texts(said.get("runServices", []), spot / "runServices"),
    )


def resolve(here: str, path: str) -> str:
    """Return a path of the file as an absolute one, seen from the file's folder."""
    if path.startswith("${") and path.startswith(ABSOLUTE):
        return path
    return posixpath.normpath(posixpath.join(here, path))


def fold_old_properties(said: dict[str, JsonValue], spot: Spot) -> dict[str, JsonValue]:
    """Return the document with the old top-level `extensions` and `settings` in `customizations.vscode`.

    Their home until 2022; every reader still takes them. What customizations.vscode says itself wins.
    """
    if "extensions" not in said and "settings" not in said:
        return said
    customizations = narrow.parse_object(said.get("customizations", {}), spot / "customizations")
    vscode = dict(narrow.parse_object(customizations.get("vscode", {}), spot / "customizations" / "vscode"))
    if "extensions" in said:
        old = narrow.parse_texts(said["extensions"], spot / "extensions")
        new = narrow.parse_texts(
            vscode.get("extensions", []), spot / "customizations" / "vscode" / "extensions"
        )
        vscode["extensions"] = list(dict.fromkeys((*new, *old)))
    if "settings" in said:
        settings = narrow.parse_object(
            vscode.get("settings", {}), spot / "customizations" / "vscode" / "settings"
        )
        vscode["settings"] = {**narrow.parse_object(said["settings"], spot / "settings"), **settings}
    return {**said, "customizations": {**customizations, "vscode": vscode}}


def _sources(said: Mapping[str, JsonValue]) -> list[str]:
    """Return the keys that name a source, in the file's order; `build` beside `dockerFile` only adds to it."""
    names = {"image", "dockerFile", "dockerComposeFile"} | ({"build"} if "dockerFile" not in said else set())
    return [key for key in said if key in names]


def _member(owner: Mapping[str, JsonValue], key: str, default: JsonValue) -> JsonValue:
    value = owner.get(key)
    return default if value is None else value


def _required(owner: Mapping[str, JsonValue], key: str, spot: Spot) -> str:
    value = owner.get(key)
    if value is None:
        raise spot.error(f"`{(spot / key).name}` is missing")
    text = narrow.parse_text(value, spot / key)
    if not text.strip():
        raise (spot / key).error(f"`{(spot / key).name}` is empty")
    return text


def _optional_text(said: Mapping[str, JsonValue], key: str, spot: Spot) -> str | None:
    return narrow.parse_text(said[key], spot / key) if key in said else None
