"""`cove doctor`."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from cove.cli.context import open_session, print_result
from cove.cli.style import Style
from cove.cli.table import fold
from cove.workspace.check import choose_exit_code
from cove.workspace.doctor import examine, look_at_port

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from cove.workspace.check import Check
    from cove.workspace.session import Session

WORDS = {"ok": "ok", "warning": "warning", "failed": "FAILED", "unchecked": "not checked"}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's words."""
    parser.add_argument("path", nargs="?", default="", help="a repository to look at as well")
    parser.add_argument(
        "--config", default="", help="the devcontainer.json to use: a path, or NAME of .devcontainer/NAME"
    )
    parser.add_argument(
        "--gpu",
        action="store_true",
        help="look at GPUs alone, and at what torch, tensorflow and jax see of them inside running workspaces",
    )
    parser.add_argument(
        "--explain",
        default="",
        metavar="MESSAGE",
        help="say what a message about a GPU means; `-`: from stdin",
    )


def run(args: argparse.Namespace) -> int:
    """Look at this machine, and say what is wrong and how to mend it; the exit code is what `up` would end with."""
    if args.explain:
        return _explain(args)
    session = open_session(args)
    if args.gpu:
        from cove.workspace.gpu_doctor import examine_gpus

        checks = examine_gpus(session, args.path, config=args.config)
    else:
        checks = examine(session, args.path, config=args.config, more=[look_at_gateway])
    code = choose_exit_code(checks)
    document = {"checks": [check._asdict() for check in checks], "exitCode": code}
    print_result(args, document, render_text(checks, Style(sys.stdout), _width(), gpu=args.gpu))
    return code


def _explain(args: argparse.Namespace) -> int:
    """Say what a message means and what to do; 1 when it is not known."""
    from cove.engines.gpu_failures import explain

    known = explain(sys.stdin.read() if args.explain == "-" else args.explain)
    document = {"cause": known.cause if known else "", "step": known.step if known else ""}
    unknown = "This message is not known. `cove doctor --gpu` looks at what there is."
    print_result(
        args, document, f"{known.cause[0].upper()}{known.cause[1:]}.\n→ {known.step}" if known else unknown
    )
    return 0 if known else 1


def look_at_gateway(session: Session) -> list[Check]:
    """See whether the web door is open, or its port free for it."""
    from cove.gateway.daemon import choose_first_port, read_gateway

    gateway = read_gateway(session.machine)
    port = session.settings.gateway_port or choose_first_port(session.machine.owner.uid)
    return [look_at_port(gateway.port if gateway else port, gateway.url if gateway else "")]


def _width() -> int:
    return os.get_terminal_size().columns if sys.stdout.isatty() else 0


def render_text(checks: Sequence[Check], style: Style, width: int = 0, *, gpu: bool = False) -> str:
    """Return a line a check, its remedy below it, and a last word; none on `up` where GPUs alone were looked at.

    On a terminal of `width` columns what is longer goes on below its beginning; 0 breaks nothing.
    """
    paint = {"ok": style.good, "warning": style.warn, "failed": style.bad, "unchecked": style.dim}
    names = max(len(check.name) for check in checks)
    words = max(len(word) for word in WORDS.values())
    lines = []
    for check in checks:
        word = paint[check.verdict](WORDS[check.verdict]) + " " * (words - len(WORDS[check.verdict]))
        indent = " " * (words + names + 4)
        evidence, *more = fold(check.evidence, width - len(indent))
        lines.append(f"{word}  {check.name.ljust(names)}  {evidence}")
        lines += [f"{indent}{line}" for line in more]
        if check.fix:
            first, *more = fold(check.fix, width - len(indent) - 2)
            lines += [f"{indent}→ {first}", *(f"{indent}  {line}" for line in more)]
    bad = sum(check.verdict == "failed" for check in checks)
    last = (
        "`cove up` will work, as far as can be seen."
        if not bad
        else "`cove up` will not work before this is mended."
    )
    return "\n".join(lines if gpu else [*lines, "", style.bold(last)])
