"""The editor of a workspace: its files and its data, prepared on this machine before the container is made."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple, TypeAlias

from cove.settings.mirrors import render_mirror_env
from cove.workspace.address import is_cloned

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cove.engines.base import ContainerInfo
    from cove.host.machine import Machine
    from cove.ide.base import Bundle, IdeLaunch
    from cove.ide.bundle import IdeSources
    from cove.ide.gallery import Gallery
    from cove.ide.homecoming import MergeReport
    from cove.ide.launch import LaunchRequest
    from cove.spec.jsonc import JsonValue
    from cove.spec.merge import Merged
    from cove.spec.run import Mount
    from cove.workspace.read import Reading
    from cove.workspace.session import Session

Way: TypeAlias = Literal["socket", "exec", "port"]

PORT_INSIDE = 41357
"""Where the editor listens in the container when it is reached through a published port; nobody types it."""
PROXY_URI = "./proxy/{{port}}/"
"""Where the editor's Ports tab points: relative, so it is right behind every door."""


class Editor(NamedTuple):
    """An editor furnished for one workspace."""

    bundle: Bundle
    request: LaunchRequest
    launch: IdeLaunch
    data: str
    """The workspace's editor data on this machine."""

    @property
    def label(self) -> str:
        """Return what `ls` shows: `code-server 4.139.1`."""
        return f"{self.bundle.ide} {self.bundle.version}"

    @property
    def mounts(self) -> tuple[Mount, ...]:
        """Return the mounts the container must be made with."""
        return self.launch.mounts

    @property
    def publish(self) -> tuple[str, ...]:
        """Return the ports the container must publish: none, unless the way is a port."""
        return (f"127.0.0.1::{self.request.port}",) if self.request.way == "port" else ()


# -- its files and its data


def find_here(session: Session) -> Bundle | None:
    """Return the editor's files if this machine has them; asks nobody."""
    from cove.ide.bundle import find_bundle

    return find_bundle(session.machine, _sources(session))


def fetch_bundle(session: Session) -> Bundle:
    """Return the editor's files, fetched once for all workspaces. Raises NetworkError, ConfigurationError."""
    from cove.ide.bundle import ensure_bundle, find_bundle

    sources = _sources(session)
    arch = session.engine.info().arch
    if found := find_bundle(session.machine, sources, arch=arch):
        return found
    with session.progress.step("editor", "VS Code for the browser") as step:
        bundle = ensure_bundle(
            _machine_of_clients(session), sources, arch=arch, on_progress=step.line, runner=session.runner
        )
        step.title = f"VS Code for the browser: {bundle.ide} {bundle.version} from {bundle.source}"
        return bundle


def _machine_of_clients(session: Session) -> Machine:
    """Return this machine with the mirrors among its variables, for the pip and npm that cove runs."""
    env = {**session.machine.env, **render_mirror_env(session.settings)}
    return session.machine._replace(env=env)


def furnish(
    session: Session,
    reading: Reading,
    merged: Merged,
    bundle: Bundle,
    *,
    isolated: bool,
) -> Editor:
    """Prepare the workspace's editor data: the person's profile, the configuration's settings, the extensions.

    `isolated`: neither is anything taken from the profile's extensions nor given back. An extension that cannot be had
    is a warning with its reason.
    """
    from cove.ide.extensions import collect_extensions
    from cove.ide.launch import LaunchRequest, new_secret, render_launch
    from cove.ide.profile import merge_back, prepare_data, read_profile_extensions

    machine = session.machine
    profile, data = _profile(session), _data(session, reading.address.id)
    report = merge_back(data, profile, isolated=isolated)
    wanted = [
        *wanted_extensions(merged.customizations),
        *(() if isolated else read_profile_extensions(profile)),
    ]
    gallery = _gallery(session)
    collected = collect_extensions(
        wanted,
        machine,
        gallery=gallery,
        base=reading.address.folder,
        arch=bundle.arch,
        ca_files=_ca_files(session),
        offline=session.settings.offline,
        on_progress=lambda line: session.progress.line("editor", line),
    )
    settings = {
        "json.schemas": [schema_setting()],
        **port_settings(merged),
        **wanted_settings(merged.customizations),
    }
    warnings = prepare_data(
        profile, data, machine_settings=settings, isolated=isolated, extensions=collected.stored
    )
    _tell(session, report)
    for warning in (*collected.warnings, *warnings):
        session.progress.warn(warning)
    way = choose_way(session.settings.way, remote=session.engine.info().remote)
    from cove.ide.gallery import render_gallery_env
    from cove.places.local import socket_folder

    request = LaunchRequest(
        workspace_folder=reading.workspace_folder,
        data=data,
        sockets="" if session.engine.info().remote else socket_folder(machine, reading.address.id),
        way=way,
        port=PORT_INSIDE if way == "port" else 0,
        secret=new_secret() if way == "port" else "",
        proxy_uri=PROXY_URI,
        gallery=render_gallery_env(gallery),
        store=f"{machine.directories.cache}/extensions",
        extensions=collected.stored,
        isolated=isolated,
    )
    return Editor(bundle, request, render_launch(bundle, request), data)


def choose_way(wanted: str, *, remote: bool) -> Way:
    """Return how to reach the editor: as the setting says, else the socket where engine and host share files."""
    match wanted:
        case "socket" | "exec" | "port":
            return wanted
        case _:
            return "exec" if remote else "socket"


def fit_way(session: Session, editor: Editor, container: ContainerInfo) -> Editor:
    """Return the editor as this container can be reached: one that was made without a port has none to publish now."""
    from cove.ide.launch import render_launch

    if editor.request.way != "port" or f"{editor.request.port}/tcp" in container.ports:
        return editor
    session.progress.note("the container was made without a port for the editor; --rebuild makes it with one")
    way = choose_way("", remote=session.engine.info().remote)
    request = editor.request._replace(way=way, port=0, secret="")
    return editor._replace(request=request, launch=render_launch(editor.bundle, request))


def is_isolated(
    session: Session,
    reading: Reading,
    said: bool | None = None,  # noqa: FBT001 - a person's word, mostly none
    before: ContainerInfo | None = None,
) -> bool:
    """Return whether a new container keeps settings, extensions and caches to itself.

    The person's word decides, now or, of a repository opened by URL, when the container `before` it was made; then the
    settings, the configuration, and that a repository opened by URL is a stranger's. A container that exists says it
    itself, by its label `cove.isolated`.
    """
    if said is not None:
        return said
    if session.settings.isolated or reading.configuration.additions.isolated:
        return True
    shared = before is not None and "cove.isolated" not in before.labels
    return is_cloned(session.machine, reading.address.folder) and not shared


def wanted_extensions(customizations: Sequence[Mapping[str, JsonValue]]) -> list[str]:
    """Return `customizations.vscode.extensions` of all layers in order, each once."""
    found: dict[str, None] = {}
    for custom in customizations:
        listed = _vscode(custom).get("extensions")
        found |= dict.fromkeys(
            item for item in (listed if isinstance(listed, list) else ()) if isinstance(item, str)
        )
    return list(found)


def wanted_settings(customizations: Sequence[Mapping[str, JsonValue]]) -> dict[str, JsonValue]:
    """Return `customizations.vscode.settings` of all layers, later ones winning key by key."""
    found: dict[str, JsonValue] = {}
    for custom in customizations:
        settings = _vscode(custom).get("settings")
        found |= settings if isinstance(settings, dict) else {}
    return found


def port_settings(merged: Merged) -> dict[str, JsonValue]:
    """Return what the configuration says of ports as VS Code's own settings say it."""
    found: dict[str, JsonValue] = {}
    if merged.ports_attributes:
        found["remote.portsAttributes"] = dict(merged.ports_attributes)
    if merged.other_ports_attributes:
        found["remote.otherPortsAttributes"] = dict(merged.other_ports_attributes)
    return found


def schema_setting() -> JsonValue:
    """Return the member of VS Code's setting `json.schemas` by which it knows `customizations.cove`."""
    from cove.spec.schema import FILES, render_customizations_schema

    return {"fileMatch": [*FILES], "schema": render_customizations_schema()}


def _vscode(custom: Mapping[str, JsonValue]) -> Mapping[str, JsonValue]:
    vscode = custom.get("vscode")
    return vscode if isinstance(vscode, dict) else {}


def bring_home(session: Session, workspace_id: str, *, isolated: bool = False) -> None:
    """Merge what the person changed in a workspace's editor back into their profile."""
    from cove.ide.profile import merge_back

    _tell(session, merge_back(_data(session, workspace_id), _profile(session), isolated=isolated))


def _tell(session: Session, report: MergeReport) -> None:
    """Say what came home from a workspace's editor, and what stays there."""
    if report.extensions:
        session.progress.note(f"the profile has new extensions: {', '.join(report.extensions)}")
    for sentence in report.kept_out:
        session.progress.note(sentence)
    for warning in report.warnings:
        session.progress.warn(warning)


def _profile(session: Session) -> str:
    return f"{session.machine.directories.config}/profile"


def _data(session: Session, workspace_id: str) -> str:
    from cove.ide.profile import workspace_data

    return workspace_data(session.machine, workspace_id)


def _gallery(session: Session) -> Gallery:
    from cove.ide.gallery import OPEN_VSX, parse_gallery

    return parse_gallery(session.settings.gallery) if session.settings.gallery else OPEN_VSX


def _ca_files(session: Session) -> tuple[str, ...]:
    return session.settings.certificates


def _sources(session: Session) -> IdeSources:
    from cove.ide.bundle import IdeSources

    settings = session.settings
    return IdeSources(
        source=settings.ide_source,
        release_url=settings.ide_release_url,
        offline=settings.offline,
        ca_files=_ca_files(session),
    )
