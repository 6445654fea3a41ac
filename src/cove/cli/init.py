"""`cove init`."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from cove.cli.context import open_session, print_result
from cove.cli.style import Style
from cove.workspace.init import propose, write_proposal

if TYPE_CHECKING:
    import argparse

    from cove.workspace.init import Proposal


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's words."""
    parser.add_argument("path", nargs="?", default=".", help="the repository's folder (default: .)")
    parser.add_argument("--dry-run", action="store_true", help="print what would be written, and do nothing")
    parser.add_argument("--force", action="store_true", help="consent to changing what an earlier call wrote")


def run(args: argparse.Namespace) -> int:
    """Write a configuration that fits the repository."""
    session = open_session(args)
    proposal = propose(session.machine, args.path)
    if not args.dry_run:
        write_proposal(session, proposal)
    document = {
        "folder": proposal.folder,
        "written": [] if args.dry_run else list(proposal.files),
        "files": dict(proposal.files),
        "diff": proposal.diff,
        "reasons": list(proposal.reasons),
    }
    print_result(args, document, _preview(proposal) if args.dry_run else _summary(proposal))
    return 0


def _preview(proposal: Proposal) -> str:
    style = Style(sys.stdout)
    new = [
        f"{style.bold(path)}\n\n{text.rstrip()}\n"
        for path, text in proposal.files.items()
        if path not in proposal.changed
    ]
    return "\n".join([*new, *([proposal.diff.rstrip()] if proposal.diff else [])]) or "nothing would change"


def _summary(proposal: Proposal) -> str:
    style = Style(sys.stdout)
    reasons = "\n".join(f"  {reason}" for reason in proposal.reasons)
    if not proposal.files:
        return f"{style.good('✓')} nothing to do: the configuration fits\n\n{reasons}"
    written = " and ".join(style.bold(path) for path in proposal.files)
    return f"{style.good('✓')} wrote {written}\n\n{reasons}\n\nNext: `cove up`"
