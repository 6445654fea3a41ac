"""What cove wishes of an engine, as values: an image, a container, a command in it.

One wish has several renderers: `engines/argv.py` turns these into docker's and podman's words; a batch script or a
pod manifest is another rendering of the same wish.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping


class Mount(NamedTuple):
    """One mount of a container. `source` is a host path (bind), a volume's name (volume), or empty (tmpfs)."""

    type: Literal["bind", "volume", "tmpfs"]
    source: str
    target: str
    read_only: bool = False
    options: tuple[str, ...] = ()
    """Further `key=value` words of the engine's --mount syntax, as the configuration wrote them."""


class Certificates(NamedTuple):
    """The host's certificate authorities, as one PEM file to be shown to builds and containers.

    `bundle` is the path of a PEM file holding every authority the host trusts plus the person's extra ones;
    `extra` is the path of a PEM file with only those that a stock image lacks, empty where not known.
    """

    bundle: str
    extra: str = ""


class GpuGrant(NamedTuple):
    """GPUs for a container, in the words by which its engine gives them."""

    devices: tuple[str, ...] = ()
    """For `--device`: CDI names (`nvidia.com/gpu=GPU-…`) or device files."""
    gpus: str = ""
    """For docker's `--gpus`: `all`, or UUIDs with commas between them."""
    groups: tuple[str, ...] = ()
    """For `--group-add`: numeric groups of the device files, or podman's `keep-groups`."""
    env: Mapping[str, str] = {}
    label: str = ""
    """For `cove.gpus`: the UUIDs of the GPUs that are leased, with commas between them."""


class BuildFile(NamedTuple):
    """A file that every build step sees and no image keeps, and the variable that names it to a program."""

    id: str
    source: str
    """On this machine."""
    target: str
    """Below /dev, which is fresh in each step."""
    variable: str
    value: str
    """The target, or what leads to it."""


class BuildRequest(NamedTuple):
    """An image we want: where the recipe is, and what it may see.

    `dockerfile` is the path of the file; `dockerfile_text`, if given, is what to build instead of the file's own
    text (the rewritten form). `env` holds build arguments whose values stay out of argv (proxies with passwords).
    """

    context: str
    """A folder; empty: the recipe needs no files."""
    dockerfile: str
    dockerfile_text: str = ""
    tags: tuple[str, ...] = ()
    args: Mapping[str, str] = {}
    secret_args: Mapping[str, str] = {}
    target: str = ""
    labels: Mapping[str, str] = {}
    cache_from: tuple[str, ...] = ()
    options: tuple[str, ...] = ()
    """Words passed through, from `build.options`."""
    no_cache: bool = False
    pull: bool = False
    platform: str = ""
    push: bool = False
    certificates: Certificates | None = None
    files: tuple[BuildFile, ...] = ()
    """Configuration of pip, npm, … for the length of the build."""
    cache_to: str = ""
    output: str = ""
    """Where the result is to be written besides, in the builder's own words (`type=local,dest=…`)."""
    publishing: bool = False
    """The result leaves this machine: nothing of the host's may stay in it."""


class RunRequest(NamedTuple):
    """A container we want. None means: as the image says."""

    image: str
    name: str = ""
    labels: Mapping[str, str] = {}
    env: Mapping[str, str] = {}
    """Seen by every process of the container; values travel by environment, not argv."""
    mounts: tuple[Mount, ...] = ()
    user: str | None = None
    workdir: str | None = None
    entrypoint: str | None = None
    command: tuple[str, ...] = ()
    init: bool = False
    privileged: bool = False
    cap_add: tuple[str, ...] = ()
    security_opt: tuple[str, ...] = ()
    publish: tuple[str, ...] = ()
    """`[address:]host:container`, as the engine spells it."""
    shm_size: int = 0
    """Bytes; 0 leaves the engine's default."""
    limits: Mapping[str, int] = {}
    """Resource limits by the engines' names (`memlock`, `stack`), bytes, -1 for none; as far as the host lets them."""
    gpus: GpuGrant | None = None
    keep_host_ids: bool = False
    """On a rootless engine, let this uid inside be the host user's (podman's keep-id)."""
    extra: tuple[str, ...] = ()
    """Words passed through, from `runArgs`."""
    remove: bool = False
    """Throw-away: the engine removes it when it ends."""
    interactive: bool = False
    tty: bool = False
    host_ids_as: tuple[int, int] | None = None
    """With `keep_host_ids`: the uid and gid inside that stand for the host user's. None: the same numbers."""


class ExecRequest(NamedTuple):
    """A command in a running container."""

    container: str
    argv: tuple[str, ...]
    user: str = ""
    workdir: str = ""
    env: Mapping[str, str | None] = {}
    """Values travel by environment, not argv. None takes away what the container itself sets."""
    interactive: bool = False
    tty: bool = False
    detach: bool = False
