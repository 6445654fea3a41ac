"""How an error looks at the end of a command."""

from __future__ import annotations

import errno
import sys
from typing import TYPE_CHECKING

from cove.errors import DiskError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cove.errors import CoveError

OWN_FAILURE = 125
"""cove's own failures in commands whose exit code is another program's, as in docker and env(1)."""
BUG = 70


def show_error(error: CoveError, words: Sequence[str], command: str) -> int:
    """Print message, evidence and next step to stderr; with --json also one object to stdout. Returns the exit code."""
    from cove.cli.style import Style

    style = Style(sys.stderr)
    code = (
        OWN_FAILURE
        if command in {"exec", "run", "shell"} and error.exit_code not in {2, 126, 127, 130}
        else error.exit_code
    )
    lines = [f"{style.bad('Error:')} {error.message}"]
    if error.detail:
        lines += ["", *(f"  {style.dim('│')} {line}" for line in error.detail.splitlines()), ""]
    if error.hint:
        lines += [f"  {style.good('→')} {line}" for line in error.hint.splitlines()]
    sys.stderr.write("\n".join(lines) + "\n")
    if "--json" in words:
        import json

        told = {
            "error": type(error).__name__,
            "message": error.message,
            "hint": error.hint,
            "detail": error.detail,
        }
        print(json.dumps({**told, "exitCode": code}, ensure_ascii=False))
    return code


WHAT_A_DISK_SAYS = {
    errno.ENOSPC: "the disk is full",
    errno.EDQUOT: "your share of the disk (quota) is used up",
    errno.EROFS: "the file system is read-only",
}


def explain_disk(error: OSError) -> DiskError | None:
    """Return the error of a disk that takes no more, None for any other."""
    said = WHAT_A_DISK_SAYS.get(error.errno or 0)
    if said is None:
        return None
    where = f": {error.filename} could not be written" if error.filename else ""
    return DiskError(
        f"{said}{where}",
        hint="Make room and try again: `df -h` shows what is full, `cove prune` and `cove cache` what cove could give up.\n"
        "COVE_HOME moves what cove keeps to another disk.",
    )


def show_foreign_error(error: Exception, words: Sequence[str], command: str) -> int:
    """Print what is not cove's own error: a full disk in its words, anything else as the bug it is."""
    if isinstance(error, OSError) and (full := explain_disk(error)):
        return show_error(full, words, command)
    return show_bug(command)


def show_bug(command: str) -> int:
    """Print the traceback of a bug of cove's own, and what to do with it."""
    import traceback

    from cove import __version__

    traceback.print_exc()
    sys.stderr.write(f"\nThis is a bug in cove {__version__}. Please report it with the lines above.\n")
    return OWN_FAILURE if command in {"exec", "run", "shell"} else BUG
