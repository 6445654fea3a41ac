"""What the engines write when something fails, turned into errors a person can act on. Pure."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from cove.engines.gpu_failures import explain
from cove.errors import BuildError, ConfigurationError, EngineError, GpuError, NetworkError
from cove.spec.dockerfile import clean_step, find_line, parse_dockerfile

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cove.errors import CoveError

LAST_LINES = 12
"""How much of a failing step is shown."""

UNREACHABLE = re.compile(
    r"no such host|server misbehaving|name resolution|connection refused|network is unreachable|no route to host"
    r"|i/o timeout|TLS handshake timeout|Client\.Timeout exceeded|context deadline exceeded|proxyconnect"
    r"|connection reset by peer|connection timed out|502 Bad Gateway|503 Service Unavailable|504 Gateway"
    r"|HTTP response to HTTPS client",
    re.IGNORECASE,
)
DISTRUSTED = re.compile(
    r"x509:|certificate signed by unknown authority|certificate verify failed", re.IGNORECASE
)
UNKNOWN = re.compile(
    r"manifest unknown|manifest for \S+ not found|name unknown|repository does not exist|repository \S+ not found"
    r"|: not found$|NAME_UNKNOWN|MANIFEST_UNKNOWN|no image found in manifest list",
    re.IGNORECASE | re.MULTILINE,
)
DENIED = re.compile(
    r"denied|unauthorized|authentication required|forbidden|no basic auth credentials", re.IGNORECASE
)
LIMITED = re.compile(r"toomanyrequests|429 Too Many", re.IGNORECASE)
FULL = re.compile(r"no space left on device|disk quota exceeded", re.IGNORECASE)

DAEMON_AWAY = re.compile(
    r"Cannot connect to the Docker daemon|Is the docker daemon running|error during connect"
    r"|failed to connect to the docker API|docker daemon is not running"
    r"|unable to connect to Podman|Cannot connect to Podman",
    re.IGNORECASE,
)
NOT_ALLOWED = re.compile(
    r"permission denied while trying to connect to the Docker|dial unix \S+: connect: permission denied",
    re.IGNORECASE,
)
ABSENT = re.compile(
    r"no such (?:container|image|object|volume)|image not known|does not exist in local storage",
    re.IGNORECASE,
)

ANSI = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")


class BuildFailure(NamedTuple):
    """Where a build stopped."""

    step: str = ""
    """The instruction, as the builder repeats it."""
    line: int = 0
    """Its line in the Dockerfile, 0 where the builder does not say."""
    reason: str = ""
    last_lines: tuple[str, ...] = ()


# -- registries --------------------------------------------------------------------------------------------------------


def registry_of(reference: str) -> str:
    """Return the registry that a reference names, as host and port.

    >>> registry_of("debian:bookworm"), registry_of("localhost:5000/a/b:1")
    ('docker.io', 'localhost:5000')
    """
    first, slash, _ = reference.partition("/")
    return first if slash and ("." in first or ":" in first or first == "localhost") else "docker.io"


def plan_pull_error(reference: str, text: str, *, doing: str = "pull") -> CoveError:
    """Return the error for a failed pull or push of a reference, from what the engine wrote."""
    registry = registry_of(reference)
    said = _said(text)
    if DISTRUSTED.search(text):
        return NetworkError(
            f"cannot {doing} {reference}: the engine does not trust the certificate of {registry}: {said}",
            hint=f"Add the authority to the engine: /etc/docker/certs.d/{registry}/ca.crt or "
            f"/etc/containers/certs.d/{registry}/ca.crt, or to the system's store, and restart a docker daemon.",
        )
    if UNKNOWN.search(text):
        return ConfigurationError(
            f"cannot {doing} {reference}: {registry} has no such image",
            hint="Check the name and the tag; a private image may need a login first.",
            detail=said,
        )
    if UNREACHABLE.search(text):
        return NetworkError(
            f"cannot {doing} {reference}: its registry {registry} cannot be reached: {said}",
            hint="Check the network and the engine's proxy settings, or use an image that is here already.",
        )
    if LIMITED.search(text):
        return NetworkError(
            f"cannot {doing} {reference}: {registry} allows no more requests for now: {said}",
            hint=f"Log in to {registry}, use a mirror, or wait.",
        )
    if DENIED.search(text):
        return EngineError(
            f"cannot {doing} {reference}: {registry} refuses: {said}",
            hint=f"Log in with `docker login {registry}` or `podman login {registry}`, or check the name.",
        )
    return EngineError(f"cannot {doing} {reference}: {said}", hint=_hint_for(text))


def tells_unreachable(line: str) -> bool:
    """Return whether a line says that a registry did not answer; podman tries for minutes after it."""
    return "Failed, retrying" in line and bool(UNREACHABLE.search(line))


# -- builds ------------------------------------------------------------------------------------------------------------

BK_NAMED = re.compile(r"#(\d+) (\[(?!internal).+)")
BK_OUTPUT = re.compile(r"#(\d+) \d+\.\d+ (.*)")
BK_ERROR = re.compile(r"#(\d+) ERROR: (.*)")
BK_PLACE = re.compile(r"^\S*?:(\d+)$")  # BuildKit 0.10 and later: `Dockerfile:3`, then the lines around it
PARSE_PLACE = re.compile(
    r"(?:dockerfile )?parse error (?:on )?line (\d+)|syntax error.*line (\d+)", re.IGNORECASE
)
STEP = re.compile(r"(?:STEP|Step) (\d+)/(\d+) ?: ?(.*)")
PULLING = re.compile(
    r"load metadata for (\S+?):?$|Trying to pull (\S+?)\.\.\.$|FROM (\S+)|docker://(\S+?):? |manifest for (\S+) not found"
)


def parse_build_failure(lines: Sequence[str]) -> BuildFailure:
    """Return where a build stopped, from everything its builder wrote (BuildKit, docker's legacy builder, buildah)."""
    clean = [ANSI.sub("", line).rstrip() for line in lines]
    buildkit = any(line.startswith("#1 ") for line in clean)
    failure = _buildkit_failure(clean) if buildkit else _stepwise_failure(clean)
    place = next((found for line in clean if (found := PARSE_PLACE.search(line))), None)
    return failure._replace(line=int(place[1] or place[2])) if place else failure


def _buildkit_failure(lines: Sequence[str]) -> BuildFailure:
    names = {
        found[1]: found[2] for line in lines if (found := BK_NAMED.match(line)) and " sha256:" not in line
    }
    failed = next((found for line in reversed(lines) if (found := BK_ERROR.match(line))), None)
    place = next((found for line in reversed(lines) if (found := BK_PLACE.match(line))), None)
    if failed is None:
        return BuildFailure(reason=_last(lines), last_lines=tuple(_tail(lines)))
    written = [found[2] for line in lines if (found := BK_OUTPUT.match(line)) and found[1] == failed[1]]
    return BuildFailure(
        step=re.sub(r"^\[[^\]]*\] ", "", names.get(failed[1], "")),
        line=int(place[1]) if place else 0,
        reason=failed[2],
        last_lines=tuple(_tail([*written, failed[2]])),
    )


def _stepwise_failure(lines: Sequence[str]) -> BuildFailure:
    at = max((number for number, line in enumerate(lines) if STEP.match(line)), default=-1)
    found = STEP.match(lines[at]) if at >= 0 else None
    output = [line for line in lines[at + 1 :] if line.strip() and not line.startswith((" ---> ", "--> "))]
    return BuildFailure(
        step=found[3] if found else "",
        reason=_last(lines).removeprefix("Error: "),
        last_lines=tuple(_tail(output)),
    )


EXECUTOR = re.compile(r"executor failed running \[.*\]: ")
"""BuildKit repeats the whole command before what became of it."""


def plan_build_error(
    lines: Sequence[str], *, dockerfile: str, builder: str, rewritten_from: str = ""
) -> CoveError:
    """Return the error for a failed build: the network's fault, the disk's, or the Dockerfile's.

    `rewritten_from` is the text as its author wrote it, if another was built: the builder's line is not a line of it.
    """
    failure = parse_build_failure(lines)
    text = "\n".join(failure.last_lines)
    if _is_pull(failure, lines) and (reference := _pulled(lines)):
        error = plan_pull_error(reference, failure.reason or text)
        if isinstance(error, (NetworkError, ConfigurationError)):
            return error
    line = find_line(parse_dockerfile(rewritten_from), failure.step) if rewritten_from else failure.line
    # Without a name it is cove's own Dockerfile, whose lines tell nobody anything.
    where = f"{dockerfile}:{line}: " if line and dockerfile else dockerfile and f"{dockerfile}: "
    step = f" at `{_short(clean_step(failure.step))}`" if failure.step else ""
    return BuildError(
        f"{where}{builder} could not build the image{step}: {_short(EXECUTOR.sub('', failure.reason))}",
        hint=_hint_for(text),
        detail="\n".join(line for line in failure.last_lines if not EXECUTOR.match(line)),
    )


def _is_pull(failure: BuildFailure, lines: Sequence[str]) -> bool:
    """Return whether a base image was being fetched, and not a command of the Dockerfile run that meets a network."""
    if failure.step.upper().startswith("FROM") or not failure.step:
        return any(pattern.search(failure.reason) for pattern in (UNREACHABLE, UNKNOWN, DISTRUSTED))
    return any(
        "initializing source docker://" in line or "pinging container registry" in line for line in lines[-3:]
    )


def _pulled(lines: Sequence[str]) -> str:
    for line in reversed(lines):
        found = PULLING.search(ANSI.sub("", line))
        if found:
            return next(group for group in found.groups() if group)
    return ""


# -- everything else ---------------------------------------------------------------------------------------------------


def is_absent(text: str) -> bool:
    """Return whether the engine says that a container or image is not there."""
    return bool(ABSENT.search(text))


def is_away(text: str) -> bool:
    """Return whether the engine's daemon did not answer, or does not talk to this user."""
    return bool(DAEMON_AWAY.search(text) or NOT_ALLOWED.search(text))


def plan_away_error(name: str, text: str) -> EngineError:
    """Return the error for an engine that does not answer."""
    said = _said(text)
    if NOT_ALLOWED.search(text):
        return EngineError(
            f"{name} does not talk to this user: {said}",
            hint="Join the group `docker` (then log in again), or use podman with `--engine podman`.",
        )
    hint = (
        "Start its daemon (`sudo systemctl start docker`); DOCKER_HOST and `docker context` say where it is."
    )
    if name == "podman":
        hint = "Start the machine or service it is connected to, for instance `podman machine start`."
    return EngineError(f"{name} does not answer: {said}", hint=hint)


class RunFailure(NamedTuple):
    """One way in which a container does not start; the templates know {name}, {image}, {said} and the {found} group."""

    pattern: str
    error: type[EngineError | ConfigurationError]
    message: str
    hint: str


RUN_FAILURES = (
    RunFailure(
        r'name "/?([^"]+)" is already in use',
        EngineError,
        "{name} has a container named {found} already",
        "Give the workspace another name, or remove that container.",
    ),
    RunFailure(
        r"(?:listen (?:tcp|udp)\d? |Bind for )(\S+:\d+).*already (?:in use|allocated)",
        EngineError,
        "the address {found} is in use by another program or container",
        "Publish another port, or stop what listens there.",
    ),
    RunFailure(
        r'exec:? \\?"([^"\\]+)\\?": (?:executable file not found|stat |permission)|executable file `([^`]+)` not found',
        ConfigurationError,
        "the image {image} has no `{found}` to start",
        "Use an image with a shell, or name a command that it has.",
    ),
    RunFailure(
        r"unable to find (?:user|group) (\S+?):",
        ConfigurationError,
        "the image {image} has no user or group `{found}`",
        "Make the user in the Dockerfile, or correct remoteUser, containerUser or USER.",
    ),
    RunFailure(
        r"bind source path does not exist: (.+?)\.?$|statfs (.+): no such file",
        ConfigurationError,
        "what is to be mounted does not exist: {found}",
        "Make it, or correct the mount.",
    ),
    RunFailure(
        r"exec format error",
        EngineError,
        "the image {image} is for another architecture: {said}",
        "Build or pull it for this machine.",
    ),
    RunFailure(
        ABSENT.pattern, EngineError, "{name} does not have the image {image}", "Build or pull it first."
    ),
)


INIT_FOUND_NOTHING = re.compile(
    r"\[FATAL tini \(\d+\)\] exec (\S+) failed: No such file|\(catatonit:\d+\): failed to exec pid1: No such file"
)
"""What a container's init says when there is no such program: the engine itself has started it and sees no fault."""


def plan_end_error(text: str, *, image: str, program: str = "/bin/sh") -> CoveError:
    """Return the error for a container that ended right after its start, from the last lines it wrote."""
    if found := INIT_FOUND_NOTHING.search(text):
        return ConfigurationError(
            f"the image {image} has no `{found[1] or program}` to start",
            hint="Use an image with a shell, or name a command that it has.",
        )
    return EngineError(
        "the container ended right after its start",
        hint="Its main process ended: `overrideCommand: true` keeps it alive, or mend the entrypoint.",
        detail=text,
    )


def plan_run_error(name: str, text: str, *, image: str = "") -> CoveError:
    """Return the error for a container that could not be made or started."""
    said = _said(text)
    if known := explain(text):
        return GpuError(f"{name} cannot give the GPU: {known.cause}", hint=known.step, detail=text.strip())
    for failure in RUN_FAILURES:
        if match := re.search(failure.pattern, text, re.IGNORECASE | re.MULTILINE):
            found = next((group for group in match.groups() if group), "")
            words = {"name": name, "image": image, "said": said, "found": found}
            return failure.error(failure.message.format(**words), hint=failure.hint)
    return EngineError(
        f"{name} could not start a container of {image}: {said}", hint=_hint_for(text), detail=text.strip()
    )


def _hint_for(text: str) -> str:
    if FULL.search(text):
        return "The disk of the engine is full: remove images that are not needed, or give it more room."
    if re.search(r"setting rlimit", text):
        return "A limit in containers.conf (default_ulimits) is higher than this host allows: lower or remove it."
    if re.search(r"cgroups in hybrid mode", text):
        return "Install runc: crun does not work with this host's control groups."
    if re.search(
        r"could not find .{0,2}netavark|aardvark-dns binary|executable file `?iptables|iptables.*not found",
        text,
    ):
        return "Install what podman's networks need: netavark, aardvark-dns and iptables."
    if re.search(r"/dev/net/tun", text):
        return "This user may not open /dev/net/tun, which rootless networks need: allow it, or use `--network host`."
    return "`cove logs` shows the whole build."


def _said(text: str) -> str:
    """Return the sentence that matters of what an engine wrote: its last line, without prefixes."""
    line = _last(ANSI.sub("", text).splitlines())
    return re.sub(r"^(?:Error(?: response from daemon)?: |docker: |ERROR: )+", "", line)


def _last(lines: Sequence[str]) -> str:
    skipped = ("See 'docker", "Run 'docker", "See '")
    return next(
        (line.strip() for line in reversed(lines) if line.strip() and not line.startswith(skipped)), ""
    )


def _tail(lines: Sequence[str]) -> list[str]:
    return [line for line in lines if line.strip()][-LAST_LINES:]


def _short(text: str, most: int = 200) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}…"
