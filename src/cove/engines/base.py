"""What the rest of cove asks of an engine, and what it answers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cove.engines.compose import ComposeProgram
    from cove.host.proc import Command, OnLine, Outcome
    from cove.spec.run import BuildRequest, Certificates, ExecRequest, RunRequest

CertificateWay = Literal["secret", "volume", "copy"]
"""How build steps see the host's authorities: a secret mount in each RUN (BuildKit), a volume of the whole build
(podman), a COPY from an image that holds nothing else (docker's legacy builder)."""


class EngineInfo(NamedTuple):
    """What an engine says of itself and what cove found out about the host beneath it."""

    name: str
    """`docker` or `podman`."""
    version: str
    """Of the server (for podman, of the one program)."""
    rootless: bool
    remote: bool
    """The engine's files are not this machine's: bind mounts and unix sockets cannot be shared with it."""
    buildkit: bool
    """`docker build` can use BuildKit (`RUN --mount`); podman's builder counts as False, it has its own words."""
    arch: str = ""
    """`amd64`, `arm64`; empty when not asked."""
    quirks: tuple[str, ...] = ()
    """Adaptations in force, each a short sentence for `info` and `doctor`."""
    cdi_folders: tuple[str, ...] = ()
    """Where it reads CDI files; empty where it knows none, or that is switched off."""
    cdi_devices: tuple[str, ...] = ()
    """docker from 28.3: the CDI devices it found there itself; empty where it does not tell."""
    runtimes: tuple[str, ...] = ()
    """docker: the runtimes it knows besides its own, such as `nvidia`."""
    storage_folder: str = ""
    """Where its images and containers lie, on the engine's host."""
    memory: int = 0
    """Bytes that the engine's host has; 0 where it does not tell."""


class ImageInfo(NamedTuple):
    """An image as `image inspect` tells it."""

    id: str
    user: str
    env: Mapping[str, str]
    labels: Mapping[str, str]
    entrypoint: tuple[str, ...]
    command: tuple[str, ...]
    workdir: str
    arch: str
    size: int
    """Bytes."""


class ContainerInfo(NamedTuple):
    """A container as `ps` or `inspect` tells it. Fields that `ps` does not tell are empty."""

    id: str
    """The full 64 hexadecimal digits."""
    name: str
    image: str
    state: str
    """`created`, `running`, `paused`, `restarting`, `exited`, `dead`."""
    labels: Mapping[str, str]
    created: str = ""
    """UTC, as ISO 8601: `2026-11-22T06:35:49Z`."""
    started: str = ""
    """The same; empty while it never ran."""
    image_id: str = ""
    env: Mapping[str, str] = {}
    user: str = ""
    ports: Mapping[str, str] = {}
    """Container port (`3000/tcp`) to the host address it is published on (`127.0.0.1:49153`)."""
    times: tuple[str, str] = ("", "")
    """Creation and start in the engine's own words, by which every tool marks the lifecycle commands that have run."""
    pid: int = 0
    """Of its main process, as the engine's host counts; 0 when it does not run."""
    network: str = ""
    """Its network as `inspect` tells it: `bridge`, `host`, `none`, `container:ID`, a network's name."""

    @property
    def running(self) -> bool:
        """Whether commands can run in it."""
        return self.state == "running"

    @property
    def gpus(self) -> tuple[str, ...]:
        """The UUIDs of the GPUs that its label `cove.gpus` says it holds while it runs."""
        return tuple(filter(None, self.labels.get("cove.gpus", "").split(",")))


class NamedImage(NamedTuple):
    """An image in a list, by one of its names."""

    reference: str
    id: str
    size: int
    """Bytes, as exact as the engine's word; layers that it shares are counted. -1 where it has none."""


class VolumeInfo(NamedTuple):
    """A named volume."""

    name: str
    size: int
    """Bytes, about; -1 where the engine does not know."""
    users: tuple[str, ...]
    """Names of the containers that have it, running or not: of cove's, the workspace's."""


class Engine(Protocol):
    """docker or podman. Every method raises EngineError when the engine is missing, does not answer or refuses."""

    word: str
    """What leads to it again: `docker`, `podman`, or with its machine `docker+ssh://HOST`."""

    name: str

    @property
    def certificate_way(self) -> CertificateWay:
        """Return how a Dockerfile must be written for its builder to show it the host's authorities."""
        ...

    def info(self) -> EngineInfo:
        """Return what the engine is; asked once, then remembered."""
        ...

    def containers(
        self, labels: Mapping[str, str], *, all_states: bool = True, volume: str = ""
    ) -> list[ContainerInfo]:
        """Return the containers that carry all these labels (an empty value asks only for the label), newest first.

        With `volume`, only those that have the named volume.
        Of their labels, those of cove and of dev containers are certain to be there, and those asked for.
        """
        ...

    def inspect_container(self, name: str) -> ContainerInfo | None:
        """Return one container, or None if there is none of that id or name."""
        ...

    def inspect_image(self, reference: str) -> ImageInfo | None:
        """Return a local image, or None."""
        ...

    def pull(self, reference: str, on_line: OnLine) -> None:
        """Fetch an image.

        Raises NetworkError when its registry cannot be reached, ConfigurationError when the registry has no such
        image, EngineError otherwise (access denied, no space).
        """
        ...

    def push(self, reference: str, on_line: OnLine) -> None:
        """Send an image to its registry. Raises as `pull` does."""
        ...

    def build(self, request: BuildRequest, on_line: OnLine) -> str:
        """Build an image and return its id.

        Raises BuildError with the last lines of the failing step, NetworkError when the registry of a base image
        cannot be reached, Refused for an image to be published that would keep something of the host.
        """
        ...

    def certificate_image(self, certificates: Certificates) -> str:
        """Return the name of an image that holds only the authorities, made if missing: for the way "copy"."""
        ...

    def run(self, request: RunRequest) -> str:
        """Create and start a container in the background; return its id."""
        ...

    def run_command(self, request: RunRequest) -> Command:
        """Return the command that runs a container in the foreground."""
        ...

    def start(self, container: str) -> None:
        """Start a stopped container."""
        ...

    def stop(self, container: str, *, timeout: int = 10) -> None:
        """Stop a container: TERM, and after `timeout` seconds KILL. One that is not there is no error."""
        ...

    def remove(self, container: str, *, volumes: bool = True) -> None:
        """Remove a container, running or not, with its anonymous volumes. One that is not there is no error."""
        ...

    def exec(
        self, request: ExecRequest, *, stdin: bytes | None = None, timeout: float | None = None
    ) -> Outcome:
        """Run a command in a container to its end and capture it; CommandTimeout when `timeout` seconds are too few."""
        ...

    def exec_command(self, request: ExecRequest) -> Command:
        """Return the command that does the same, to be attached, streamed, or become."""
        ...

    def unpack(self, container: str, archive: bytes) -> None:
        """Unpack a tar archive at a container's root, with the owners and rights that it tells."""
        ...

    def logs_command(self, container: str, *, follow: bool = False, tail: int | None = None) -> Command:
        """Return the command that prints what the container's main process wrote."""
        ...

    def events_command(self, labels: Mapping[str, str]) -> Command:
        """Return the command that prints what becomes of containers with these labels, one JSON object a line."""
        ...

    def import_image(self, archive: str, reference: str, changes: Sequence[str]) -> str:
        """Make an image of a root file system archive, with Dockerfile instructions applied; return its id."""
        ...

    def tag(self, image: str, reference: str) -> None:
        """Give an image another name."""
        ...

    def named_images(self, prefix: str) -> list[NamedImage]:
        """Return the images whose names begin so, by name. Raises EngineError."""
        ...

    def compose(self) -> ComposeProgram:
        """Return the program that runs compose projects on this engine. Raises EngineError where there is none."""
        ...

    def changes(self, container: str) -> list[str]:
        """Return the paths, folders too, that were added or changed since a container was created; mounts left out.

        Raises EngineError.
        """
        ...

    def remove_image(self, reference: str) -> None:
        """Remove an image by name; one that is not there or is in use is no error."""
        ...

    def volumes(self, prefix: str) -> list[VolumeInfo]:
        """Return the named volumes whose names begin so, by name; takes as long as adding up their files does."""
        ...

    def remove_volume(self, name: str) -> None:
        """Remove a named volume; one that is not there is no error, one that a container has is an EngineError."""
        ...

    def remove_networks(self, prefix: str) -> None:
        """Remove the networks whose names begin so; one that is in use is no error. Raises EngineError."""
        ...
