"""What the engines print, turned into values. Pure: docker 20.10 to 28 and podman 4 to 5, whose JSON differs."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, NamedTuple

from cove.engines.base import ContainerInfo, ImageInfo
from cove.errors import EngineError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

Json = dict[str, Any]

ARCHES = {"x86_64": "amd64", "aarch64": "arm64"}
ISO = "%Y-%m-%dT%H:%M:%SZ"
PODMAN_CDI = ("/etc/cdi", "/var/run/cdi")
"""podman's `info` has no word for where it reads them; since 4.1 these two, where nobody says others."""
OURS = re.compile(r"(?:^|,)((?:cove|devcontainer)\.[\w.-]+)=")


class EngineFacts(NamedTuple):
    """What `info` says, as far as it decides how cove talks to the engine."""

    name: str
    """`docker` or `podman`: who answers, whatever the program is called."""
    version: str
    rootless: bool
    arch: str
    hostname: str = ""
    buildkit: bool = False
    selinux: bool = False
    service: bool = False
    """podman speaks to a service somewhere else (`podman --remote`, podman machine)."""
    runtime: str = ""
    """podman: `crun` or `runc`."""
    cgroup_manager: str = ""
    event_logger: str = ""
    log_driver: str = ""
    storage: str = ""
    cdi_folders: tuple[str, ...] = ()
    """Where it reads CDI files."""
    cdi_devices: tuple[str, ...] = ()
    """docker from 28.3: the CDI devices it found there itself."""
    runtimes: tuple[str, ...] = ()
    """docker: those it knows by name."""
    storage_folder: str = ""
    memory: int = 0
    """Bytes of the host's."""
    problem: str = ""
    """Why the engine cannot be used although its program runs: the daemon's absence in its own words."""


class Event(NamedTuple):
    """Something that happened to a container."""

    action: str
    """As docker says it: `create`, `start`, `die`, `destroy`, …"""
    id: str
    name: str
    labels: Mapping[str, str]


def parse_json(text: str, what: str) -> Any:
    """Return parsed JSON that an engine printed. Raises EngineError naming `what` was asked."""
    try:
        return json.loads(text)
    except ValueError as error:
        raise EngineError(f"the answer of `{what}` is not JSON: {text[:200]!r}") from error


# -- the engine itself -------------------------------------------------------------------------------------------------


def parse_info(document: Json) -> EngineFacts:
    """Return the facts from `info --format '{{json .}}'`; podman and docker are told apart by their shapes."""
    return _podman_info(document) if "host" in document else _docker_info(document)


def _docker_info(document: Json) -> EngineFacts:
    options = [str(option) for option in document.get("SecurityOptions") or ()]
    client = document.get("ClientInfo") or {}
    errors = document.get("ServerErrors") or ()
    return EngineFacts(
        name="docker",
        version=str(document.get("ServerVersion") or ""),
        rootless=any(option.startswith("name=rootless") for option in options),
        arch=_arch(str(document.get("Architecture") or "")),
        hostname=str(document.get("Name") or ""),
        # podman's docker-compatible service has no BuildKit, and tells itself by this field.
        buildkit="BuildahVersion" not in document and _client_has_buildkit(client),
        selinux=any(option.startswith("name=selinux") for option in options),
        storage=str(document.get("Driver") or ""),
        cdi_folders=tuple(map(str, document.get("CDISpecDirs") or ())),
        cdi_devices=tuple(
            str(device.get("ID"))
            for device in document.get("DiscoveredDevices") or ()
            if device.get("Source") == "cdi"
        ),
        runtimes=tuple(document.get("Runtimes") or ()),
        storage_folder=str(document.get("DockerRootDir") or ""),
        memory=int(document.get("MemTotal") or 0),
        problem="; ".join(str(error) for error in errors),
    )


def _client_has_buildkit(client: Json) -> bool:
    """BuildKit is part of the command up to 20.10 (which does not tell its version here) and a plug-in since 23."""
    plugins = client.get("Plugins") or ()
    if any(plugin.get("Name") == "buildx" and not plugin.get("Err") for plugin in plugins):
        return True
    return parse_version(str(client.get("Version") or "20.10")) < (23, 0)


def _podman_info(document: Json) -> EngineFacts:
    host = document.get("host") or {}
    security = host.get("security") or {}
    version = str((document.get("version") or {}).get("Version") or "")
    return EngineFacts(
        name="podman",
        version=version,
        rootless=bool(security.get("rootless")),
        arch=_arch(str(host.get("arch") or "")),
        hostname=str(host.get("hostname") or ""),
        selinux=bool(security.get("selinuxEnabled")),
        service=bool(host.get("serviceIsRemote")),
        runtime=str((host.get("ociRuntime") or {}).get("name") or ""),
        cgroup_manager=str(host.get("cgroupManager") or ""),
        event_logger=str(host.get("eventLogger") or ""),
        log_driver=str(host.get("logDriver") or ""),
        storage=str((document.get("store") or {}).get("graphDriverName") or ""),
        memory=int(host.get("memTotal") or 0),
        storage_folder=str((document.get("store") or {}).get("graphRoot") or ""),
        cdi_folders=PODMAN_CDI if parse_version(version) >= (4, 1) else (),
    )


def parse_version(text: str) -> tuple[int, int]:
    """Return major and minor; (0, 0) when there are none.

    >>> parse_version("20.10.24+dfsg1")
    (20, 10)
    """
    found = re.match(r"v?(\d+)\.(\d+)", text)
    return (int(found[1]), int(found[2])) if found else (0, 0)


def _arch(text: str) -> str:
    return ARCHES.get(text, text)


# -- containers --------------------------------------------------------------------------------------------------------


def parse_docker_ps(text: str) -> tuple[list[ContainerInfo], bool]:
    """Return the containers that the template of `argv.render_ps_template` printed, one a line, newest first.

    The second value is False when some container carries labels of ours that were not asked for by name; then
    `inspect` has to tell them.
    """
    rows = [parse_json(line, "docker ps") for line in text.splitlines() if line.strip()]
    return [_docker_row(row) for row in rows], all(_has_all_labels(row) for row in rows)


def _docker_row(row: Json) -> ContainerInfo:
    joined = f",{row.get('Labels') or ''}"
    chosen = (row.get("Chosen") or {}).items()
    labels = {name: str(value) for name, value in chosen if value or f",{name}=" in joined}
    return ContainerInfo(
        id=str(row["ID"]),
        name=str(row.get("Names") or "").split(",")[0],
        image=str(row.get("Image") or ""),
        state=str(row.get("State") or ""),
        labels=labels,
        created=parse_docker_time(str(row.get("CreatedAt") or "")),
        ports=parse_docker_ports(str(row.get("Ports") or "")),
    )


def _has_all_labels(row: Json) -> bool:
    chosen = row.get("Chosen") or {}
    return all(name in chosen for name in OURS.findall(str(row.get("Labels") or "")))


def parse_docker_time(text: str) -> str:
    """Return the time of docker's `ps` in UTC; empty when it is not one.

    >>> parse_docker_time("2026-11-22 08:45:32 +0200 EET")
    '2026-11-22T06:45:32Z'
    """
    words = text.split()
    return parse_time(f"{words[0]}T{words[1]}{words[2][:3]}:{words[2][3:]}") if len(words) > 2 else ""


def parse_docker_ports(text: str) -> dict[str, str]:
    """Return container port to host address, IPv4 first where both are told.

    >>> parse_docker_ports("127.0.0.1:32768->3000/tcp, :::80->80/tcp, 9000/tcp, 0.0.0.0:5000-5001->5000-5001/tcp")
    {'3000/tcp': '127.0.0.1:32768', '80/tcp': '[::]:80', '5000/tcp': '0.0.0.0:5000', '5001/tcp': '0.0.0.0:5001'}
    """
    ports: dict[str, str] = {}
    for part in text.split(", "):
        outside, arrow, inside = part.partition("->")
        if not arrow:
            continue
        address, _, published = outside.rpartition(":")
        numbers, _, protocol = inside.partition("/")
        for host, container in zip(_span(published), _span(numbers), strict=False):
            ports.setdefault(f"{container}/{protocol}", f"{_bracketed(address)}:{host}")
    return ports


def _span(text: str) -> range:
    first, _, last = text.partition("-")
    return range(int(first), int(last or first) + 1)


def _bracketed(address: str) -> str:
    bare = address.strip("[]")
    return f"[{bare}]" if ":" in bare else bare


def parse_podman_ps(text: str) -> list[ContainerInfo]:
    """Return the containers of `podman ps --format json`, newest first."""
    rows = parse_json(text.strip() or "[]", "podman ps")
    rows = sorted(rows, key=lambda row: _seconds(row.get("Created")), reverse=True)
    return [
        ContainerInfo(
            id=str(row["Id"]),
            name=str((row.get("Names") or [""])[0]),
            image=str(row.get("Image") or ""),
            state=_state(str(row.get("State") or "")),
            labels=_texts(row.get("Labels")),
            created=parse_seconds(_seconds(row.get("Created"))),
            started=parse_seconds(_seconds(row.get("StartedAt"))),
            image_id=_image_id(str(row.get("ImageID") or "")),
            ports=_podman_ports(row.get("Ports") or ()),
        )
        for row in rows
    ]


def _podman_ports(rows: Iterable[Json]) -> dict[str, str]:
    ports: dict[str, str] = {}
    for row in rows:
        if not row.get("host_port"):
            continue
        address = _bracketed(str(row.get("host_ip") or row.get("hostIP") or "0.0.0.0"))  # noqa: S104 - what it says
        for offset in range(int(row.get("range") or 1)):
            inside = f"{int(row['container_port']) + offset}/{row.get('protocol') or 'tcp'}"
            ports[inside] = f"{address}:{int(row['host_port']) + offset}"
    return ports


def parse_container(document: Json) -> ContainerInfo:
    """Return one element of `container inspect`."""
    config = document.get("Config") or {}
    state = document.get("State") or {}
    return ContainerInfo(
        id=str(document["Id"]),
        name=str(document.get("Name") or "").lstrip("/"),
        # docker: Image is the id, the name is in Config; podman has ImageName.
        image=str(document.get("ImageName") or config.get("Image") or ""),
        state=_state(str(state.get("Status") or "")),
        pid=int(state.get("Pid") or 0),
        labels=_texts(config.get("Labels")),
        created=parse_time(str(document.get("Created") or "")),
        started=parse_time(str(state.get("StartedAt") or "")),
        times=(str(document.get("Created") or ""), str(state.get("StartedAt") or "")),
        image_id=_image_id(str(document.get("Image") or "")),
        env=parse_env(config.get("Env")),
        user=str(config.get("User") or ""),
        network=str((document.get("HostConfig") or {}).get("NetworkMode") or ""),
        ports=_inspected_ports((document.get("NetworkSettings") or {}).get("Ports") or {}),
    )


def _inspected_ports(ports: Mapping[str, Sequence[Json] | None]) -> dict[str, str]:
    return {
        inside: f"{_bracketed(str(bound[0].get('HostIp') or '0.0.0.0'))}:{bound[0]['HostPort']}"  # noqa: S104 - as above
        for inside, bound in ports.items()
        if bound and bound[0].get("HostPort")
    }


def _state(text: str) -> str:
    """Return docker's word for a state; podman has a few of its own."""
    return {
        "configured": "created",
        "initialized": "created",
        "stopped": "exited",
        "stopping": "running",
    }.get(text, text)


# -- images ------------------------------------------------------------------------------------------------------------


def parse_image(document: Json) -> ImageInfo:
    """Return one element of `image inspect`."""
    config = document.get("Config") or {}
    return ImageInfo(
        id=_image_id(str(document["Id"])),
        user=str(config.get("User") or document.get("User") or ""),
        env=parse_env(config.get("Env")),
        labels=_texts(config.get("Labels") or document.get("Labels")),
        entrypoint=_words(config.get("Entrypoint")),
        command=_words(config.get("Cmd")),
        workdir=str(config.get("WorkingDir") or ""),
        arch=_arch(str(document.get("Architecture") or "")),
        size=int(document.get("Size") or 0),
    )


# -- events ------------------------------------------------------------------------------------------------------------


def parse_event(line: str) -> Event | None:
    """Return one line of `events`, or None for what is not about a container."""
    document = parse_json(line, "events")
    if document.get("Type") != "container":
        return None
    actor = document.get("Actor") or {}
    attributes = _texts(actor.get("Attributes") or document.get("Attributes"))
    action = str(document.get("Action") or document.get("Status") or "").partition(":")[0]
    return Event(
        action={"died": "die", "remove": "destroy"}.get(action, action),
        id=str(actor.get("ID") or document.get("ID") or document.get("id") or ""),
        name=str(attributes.get("name") or document.get("Name") or ""),
        labels=attributes,
    )


# -- small shapes ------------------------------------------------------------------------------------------------------


def parse_env(entries: Sequence[str] | None) -> dict[str, str]:
    """Return `NAME=value` entries as a mapping; an entry without `=` is an empty value."""
    pairs = (entry.partition("=") for entry in entries or ())
    return {name: value for name, _, value in pairs}


def parse_time(text: str) -> str:
    """Return an RFC 3339 time in whole seconds of UTC; empty for the engines' zero time.

    >>> parse_time("2026-11-22T08:45:33.09311214+02:00")
    '2026-11-22T06:45:33Z'
    """
    found = re.match(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.\d+)?(Z|[+-]\d\d:\d\d)$", text)
    if not found or text.startswith("0001-"):
        return ""
    if found[2] in ("Z", "+00:00"):
        return f"{found[1]}Z"
    from datetime import UTC, datetime

    return datetime.fromisoformat(found[1] + found[2]).astimezone(UTC).strftime(ISO)


def parse_seconds(seconds: int) -> str:
    """Return a Unix time as ISO 8601; empty for zero and before."""
    from datetime import UTC, datetime

    return datetime.fromtimestamp(seconds, UTC).strftime(ISO) if seconds > 0 else ""


def _seconds(value: Any) -> int:
    return value if isinstance(value, int) else 0


def _texts(mapping: Any) -> dict[str, str]:
    return {str(name): str(value) for name, value in (mapping or {}).items()}


def _words(value: Any) -> tuple[str, ...]:
    """Return a command that is a list, null, or (podman 4, joined with spaces) a string."""
    if isinstance(value, str):
        return tuple(value.split())
    return tuple(str(word) for word in value or ())


def _image_id(text: str) -> str:
    """Return an image id as docker writes it, `sha256:…`; podman leaves the prefix out."""
    return f"sha256:{text}" if re.fullmatch(r"[0-9a-f]{64}", text) else text
