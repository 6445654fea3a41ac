"""Who the remote user is inside a container, and what environment their shell gives (`userEnvProbe`).

One command in the container answers everything at once: user, ids, home, shell, which lifecycle commands have run,
and the environment that the user's own shell start-up files make.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from cove.errors import ConfigurationError, EngineError
from cove.spec.caches import LISTING, parse_prepared
from cove.spec.run import ExecRequest

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cove.engines.base import Engine

PROBE_TIMEOUT_SECONDS = 20
"""A start-up file that waits for input or sleeps must not hang `up`."""

SHELL_FLAGS = {"loginInteractiveShell": "-lic", "loginShell": "-lc", "interactiveShell": "-ic", "none": ""}
"""The words of `userEnvProbe` (devcontainerjson-reference) and what they mean for a shell."""

_FENCE = "--cove-environment--"

PROBE = r"""
id=$(id -u)
entry=$( (getent passwd "$id" || grep "^[^:]*:[^:]*:$id:" /etc/passwd) 2>/dev/null | head -n 1)
shell=${entry##*:}
if [ -z "$shell" ] || [ ! -x "$shell" ]; then
  if [ -x /bin/bash ]; then shell=/bin/bash; else shell=/bin/sh; fi
fi
home=$(printf %s "$entry" | cut -d: -f6)
[ -n "$home" ] && [ -d "$home" ] || home=${HOME:-/}
name=$(id -un 2>/dev/null)  # for a number without an account it fails, and coreutils writes the number all the same
printf '%s\n' "${name:-$id}" "$id" "$(id -g)" "$home" "$shell"
for marker in "$home"/.devcontainer/.*Marker; do
  [ -f "$marker" ] && printf '%s %s\n' "$(basename "$marker")" "$(cat "$marker")"
done
printf '%s\n' "$FENCE"
$LISTING 2>/dev/null
printf '%s\n' "$FENCE"
cat /proc/self/environ
printf '\n%s\n' "$FENCE"
if [ -n "$FLAGS" ]; then
  HOME="$home" "$shell" $FLAGS "printf '%s\n' '$FENCE'; cat /proc/self/environ; printf '\n%s\n' '$FENCE'" </dev/null 2>/dev/null
fi
true
"""


class RemoteUser(NamedTuple):
    """The remote user, and the environment of their processes."""

    name: str
    uid: int
    gid: int
    home: str
    shell: str
    markers: Mapping[str, str]
    """`postCreateCommand` and its sisters that have run, with the time (of creation or start) they ran for."""
    container_env: Mapping[str, str]
    """What any process of the container sees."""
    shell_env: Mapping[str, str]
    """What the user's shell adds or changes."""
    caches: frozenset[str] = frozenset()
    """The kinds of caches that are ready for this user."""


def read_remote_user(engine: Engine, container: str, *, user: str, probe: str) -> RemoteUser:
    """Ask the container. `probe` is a word of `userEnvProbe`. Raises ConfigurationError for an unknown user."""
    from cove.host.proc import CommandTimeout

    def ask(flags: str) -> str:
        script = PROBE.replace("$FENCE", _FENCE).replace("$FLAGS", flags).replace("$LISTING", LISTING)
        outcome = engine.exec(
            ExecRequest(container=container, argv=("/bin/sh", "-c", script), user=user),
            timeout=PROBE_TIMEOUT_SECONDS,
        )
        if outcome.ok:
            return outcome.stdout
        said = f"{outcome.stdout}\n{outcome.stderr}"  # docker writes some of its own refusals to stdout
        if "unable to find user" in said or "no matching entries in passwd" in said:
            raise ConfigurationError(
                f"the image has no user `{user}`",
                hint="Correct `remoteUser`, or add the user in the Dockerfile.",
            )
        raise EngineError(
            f"cannot run commands in the container as `{user or 'its user'}`", detail=outcome.last_lines()
        )

    try:
        return parse_probe(ask(SHELL_FLAGS.get(probe, "-lic")))
    except CommandTimeout:
        return parse_probe(ask(""))


def parse_probe(text: str) -> RemoteUser:
    """Parse what PROBE prints: facts, markers, then fenced, the caches' folders and environments separated by NUL."""
    head, listing, *blocks = text.split(f"{_FENCE}\n")
    name, uid, gid, home, shell, *marks = head.splitlines()
    markers = dict(mark.strip().lstrip(".").split(" ", 1) for mark in marks if " " in mark.strip())
    container_env = _environ(blocks[0])
    probed = _environ(blocks[2]) if len(blocks) > 2 else {}
    return RemoteUser(
        name=name,
        uid=int(uid),
        gid=int(gid),
        home=home,
        shell=shell,
        markers={marker.removesuffix("Marker"): when for marker, when in markers.items()},
        container_env=container_env,
        shell_env=choose_shell_env(container_env, probed, is_root=uid == "0"),
        caches=parse_prepared(listing, int(uid)),
    )


NOT_FROM_A_SHELL = frozenset({"_", "SHLVL", "PWD", "OLDPWD", "TERM", "PS1", "HOSTNAME"})
"""Variables that a shell sets for itself alone."""


def choose_shell_env(
    container: Mapping[str, str], probed: Mapping[str, str], *, is_root: bool
) -> dict[str, str]:
    """Return what the shell added or changed. PATH keeps the image's own entries, which login shells reset."""
    added = {
        name: value
        for name, value in probed.items()
        if name not in NOT_FROM_A_SHELL and container.get(name) != value
    }
    if "PATH" in added and "PATH" in container:
        added["PATH"] = merge_paths(added["PATH"], container["PATH"], is_root=is_root)
    return added


def merge_paths(shell: str, image: str, *, is_root: bool) -> str:
    """Return the shell's PATH with the image's entries it lost, each in the image's order before its successor.

    `sbin` folders of the image are root's alone, as in the reference implementation's merge of both paths.
    """
    merged = shell.split(":")
    position = 0
    for entry in image.split(":"):
        if entry in merged:
            position = merged.index(entry) + 1
        elif is_root or not entry.rstrip("/").endswith("sbin"):
            merged.insert(position, entry)
            position += 1
    return ":".join(merged)


def _environ(block: str) -> dict[str, str]:
    pairs = (item.partition("=") for item in block.rstrip("\n").split("\0") if "=" in item)
    return {name: value for name, _, value in pairs}
