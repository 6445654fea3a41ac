"""Features: how they are named, what their devcontainer-feature.json says, with which options they are installed.

Source: the specification's "Dev Container Features reference" and "Features distribution".
"""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from cove.errors import ConfigurationError
from cove.spec import narrow
from cove.spec.jsonc import parse_jsonc_object
from cove.spec.layer import Layer, parse_layer
from cove.spec.narrow import Spot

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cove.spec.jsonc import JsonValue

DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
OCI = re.compile(
    r"(?P<registry>[a-z0-9.-]+(?::\d+)?)/(?P<path>[a-z0-9._/-]+?)(?::(?P<tag>[\w][\w.-]{0,127}))?(?:@(?P<digest>sha256:[0-9a-f]{64}))?"
)
MANIFEST = "devcontainer-feature.json"
LAYER_KEYS = (
    "init", "privileged", "capAdd", "securityOpt", "entrypoint", "mounts", "customizations", "onCreateCommand",
    "updateContentCommand", "postCreateCommand", "postStartCommand", "postAttachCommand",
)  # fmt: skip
"""What of a Feature becomes part of the container's configuration; its `containerEnv` is in the image already."""


class OciReference(NamedTuple):
    """A Feature in a registry."""

    registry: str
    """Host and port."""
    path: str
    """`devcontainers/features/node`."""
    tag: str = "latest"
    digest: str = ""
    """Wins over the tag."""

    @property
    def resource(self) -> str:
        """Its name without version: `ghcr.io/devcontainers/features/node`."""
        return f"{self.registry}/{self.path}"

    @property
    def id(self) -> str:
        """The last part of its name."""
        return posixpath.basename(self.path)


class TarballReference(NamedTuple):
    """A Feature packed in a file on a web server."""

    url: str

    @property
    def resource(self) -> str:
        """What it is sorted by."""
        return self.url

    @property
    def id(self) -> str:
        """By the convention of file names: `devcontainer-feature-NAME.tgz`."""
        return posixpath.basename(self.url).removeprefix("devcontainer-feature-").partition(".")[0]


class LocalReference(NamedTuple):
    """A Feature in a folder of the repository; absolute."""

    folder: str

    @property
    def resource(self) -> str:
        """What it is sorted by."""
        return self.folder

    @property
    def id(self) -> str:
        """The folder's name."""
        return posixpath.basename(self.folder)


Reference: TypeAlias = OciReference | TarballReference | LocalReference
Options: TypeAlias = "dict[str, str | bool]"


class FeatureManifest(NamedTuple):
    """What a devcontainer-feature.json says."""

    id: str
    version: str = ""
    name: str = ""
    defaults: Mapping[str, str | bool] = {}
    """The default of each option it has."""
    depends_on: Mapping[str, JsonValue] = {}
    installs_after: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()
    """Its present id, then the old ones (`currentId`, `legacyIds`)."""
    deprecated: bool = False
    documentation: str = ""
    container_env: Mapping[str, str] = {}
    layer: Layer = Layer()
    document: Mapping[str, JsonValue] = {}
    """As written."""


def parse_reference(text: str, *, here: str, spot: Spot) -> Reference:
    """Return what a key of `features` refers to; `here` is the folder of the devcontainer.json, absolute.

    Registry names are lower case, as the specification says. Raises ConfigurationError for what cannot be fetched.
    """
    if text.startswith(("./", "../")):
        return LocalReference(posixpath.normpath(posixpath.join(here, text)))
    if text.startswith("/"):
        raise spot.error(
            f"the Feature `{text}` is an absolute path", hint="Write it relative to this file: `./…`."
        )
    if text.startswith("https://") or re.match(r"http://(localhost|127\.\d+\.\d+\.\d+)[:/]", text):
        return TarballReference(text)
    if text.startswith("http://"):
        raise spot.error(f"the Feature {text} would be fetched without encryption", hint="Use https.")
    if "/" not in text:
        raise spot.error(
            f"the Feature `{text}` is named in the old way, without a registry",
            hint=f"Most of them are at ghcr.io/devcontainers/features/{text.partition('@')[0]}; a folder is `./{text}`.",
        )
    found = OCI.fullmatch(text.lower())
    host = text.partition("/")[0]
    if found is None or not (set(host) & set(".:") or host == "localhost"):
        raise spot.error(
            f"the Feature `{text}` is neither REGISTRY/NAMESPACE/NAME[:VERSION], an https address, nor ./FOLDER",
            hint="Releases on GitHub (OWNER/REPOSITORY/NAME) are no longer a way to publish Features.",
        )
    return OciReference(found["registry"], found["path"], found["tag"] or "latest", found["digest"] or "")


def parse_options(value: JsonValue, spot: Spot) -> Options:
    """Return the options a Feature is given: an object, a text (its `version`), or true and false (none)."""
    if isinstance(value, str):
        return {"version": value}
    if isinstance(value, bool):
        return {}
    options: Options = {}
    for name, member in narrow.parse_object(value, spot).items():
        if not isinstance(member, str | bool):
            raise (spot / name).unfit("a string, true or false", member)
        options[name] = member
    return options


def parse_manifest(text: str, path: str) -> FeatureManifest:
    """Return what the text of a devcontainer-feature.json says; `path` names it in errors.

    Raises ConfigurationError for what is no JSON, has no id, or has a value of the wrong kind.
    """
    document = parse_jsonc_object(text, path)
    spot = Spot(text, path)
    said = {key: value for key, value in document.items() if value is not None}
    if not said.get("id"):
        raise spot.error("the Feature has no `id`")
    found = narrow.parse_text(said["id"], spot / "id")
    env = narrow.parse_env(said.get("containerEnv", {}), spot / "containerEnv")
    return FeatureManifest(
        id=found,
        version=narrow.parse_text(said.get("version", ""), spot / "version"),
        name=narrow.parse_text(said.get("name", ""), spot / "name"),
        defaults=_parse_defaults(said, spot),
        depends_on=narrow.parse_object(said.get("dependsOn", {}), spot / "dependsOn"),
        installs_after=narrow.parse_texts(said.get("installsAfter", []), spot / "installsAfter"),
        aliases=(
            narrow.parse_text(said.get("currentId", found), spot / "currentId"),
            *narrow.parse_texts(said.get("legacyIds", []), spot / "legacyIds"),
        ),
        deprecated=said.get("deprecated") is True,
        documentation=narrow.parse_text(said.get("documentationURL", ""), spot / "documentationURL"),
        container_env={name: value for name, value in env.items() if value is not None},
        layer=parse_layer({key: said[key] for key in LAYER_KEYS if key in said}, text=text, path=path),
        document=document,
    )


def _parse_defaults(said: Mapping[str, JsonValue], spot: Spot) -> Options:
    options = narrow.parse_objects(said.get("options", {}), spot / "options")
    defaults: Options = {}
    for name, option in options.items():
        default = option.get("default") if isinstance(option, dict) else None
        if isinstance(default, str | bool):
            defaults[name] = default
    return defaults


def resolve_options(manifest: FeatureManifest, given: Mapping[str, str | bool]) -> Options:
    """Return the value of every option: as given, else its default ("Option Resolution")."""
    return {**manifest.defaults, **given}


def option_variable(name: str) -> str:
    """Return the environment variable of an option.

    >>> option_variable("install-tools"), option_variable("2nd")
    ('INSTALL_TOOLS', '_ND')
    """
    return re.sub(r"^[\d_]+", "_", re.sub(r"\W", "_", name, flags=re.ASCII)).upper()


def parse_installed_name(text: str) -> str:
    """Return a name of `installsAfter` or `overrideFeatureInstallOrder` without its version, in lower case."""
    plain = text.lower().partition("@")[0]
    head, slash, tail = plain.rpartition("/")
    return f"{head}{slash}{tail.partition(':')[0]}"


def missing_manifest(reference: Reference, path: str) -> ConfigurationError:
    """Return the error for what was fetched as a Feature and is none."""
    return ConfigurationError(
        f"{reference.resource} is no Feature: it has no {MANIFEST}", path=path, hint="Check the name."
    )
