"""`cove cache`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cove.cli.context import open_session, print_result
from cove.cli.table import render_table
from cove.spec.caches import KINDS
from cove.workspace.cache_list import list_caches, prune_caches, total
from cove.workspace.defaults import render_size

if TYPE_CHECKING:
    import argparse

    from cove.workspace.cache_list import ListedCache, Pruned
    from cove.workspace.session import Session


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's words."""
    parser.add_argument(
        "what",
        nargs="?",
        choices=("list", "prune"),
        default="list",
        help="list them with their sizes (default), or remove those that no container has",
    )
    parser.add_argument(
        "--kind",
        action="append",
        choices=(*KINDS,),
        default=[],
        help="only these; may be given several times",
    )
    parser.add_argument("--all", "-a", action="store_true", help="of everyone who uses these engines")
    parser.add_argument("--force", "-f", action="store_true", help="prune: remove without asking")


def run(args: argparse.Namespace) -> int:
    """List the caches, or remove them."""
    session = open_session(args)
    if args.what == "prune":
        pruned = prune_caches(session, args.kind, everyone=args.all)
        document = {
            "removed": [cache._asdict() for cache in pruned.removed],
            "kept": [cache._asdict() for cache in pruned.kept],
        }
        print_result(args, document, _told(pruned))
    else:
        listed = list_caches(session, args.kind, everyone=args.all)
        document = {"caches": [cache._asdict() for cache in listed]}
        print_result(args, document, _table(session, listed))
    return 0


def _table(session: Session, listed: list[ListedCache]) -> str:
    if not listed:
        off = "" if session.settings.caches else " The setting `caches` is off."
        return f"No caches yet: the first `cove up` makes them.{off}"
    rows = [
        (
            cache.kind + (f" of {cache.workspace}" if cache.workspace else ""),
            render_size(cache.size) if cache.size >= 0 else "?",
            cache.engine,
            ", ".join(cache.used_by) or "-",
        )
        for cache in listed
    ]
    table = render_table(("CACHE", "SIZE", "ENGINE", "USED BY"), rows)
    return (
        f"{table}\n\n{render_size(total(listed))} in all. `cove cache prune` removes what no container has."
    )


def _told(pruned: Pruned) -> str:
    lines = [
        f"{cache.kind} stays: {', '.join(cache.used_by)} {'has' if len(cache.used_by) == 1 else 'have'} it."
        for cache in pruned.kept
    ]
    removed = ", ".join(cache.kind for cache in pruned.removed)
    lines.append(
        f"Removed {removed}: {render_size(total(pruned.removed))} are free."
        if removed
        else "Nothing to remove."
    )
    return "\n".join(lines)
