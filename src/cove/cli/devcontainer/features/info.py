"""`cove devcontainer features info`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cove.cli.context import open_session
from cove.cli.devcontainer import show_failure
from cove.cli.devcontainer.group import COMMON
from cove.cli.devcontainer.options import Option
from cove.errors import CoveError, UsageError
from cove.spec.artifact import parse_published
from cove.spec.collection import render_json
from cove.spec.mermaid import render_chart
from cove.workspace.feature_graph import read_graph
from cove.workspace.features import open_registry
from cove.workspace.published import fetch_published

if TYPE_CHECKING:
    import argparse

    from cove.spec.features import OciReference
    from cove.workspace.session import Session

MODES = ("manifest", "tags", "dependencies", "verbose")
WORDS = ("<mode>", "<feature>")
OPTIONS = {"output-format": Option("of what is printed", choices=("text", "json"), default="text"), **COMMON}


def run(args: argparse.Namespace) -> int:
    """Print what a registry knows of a Feature: its manifest, its tags, what it depends on, or all of that."""
    if args.mode not in MODES:
        choices = ", ".join(f'"{mode}"' for mode in MODES)
        raise UsageError(f'Invalid values:\n  Argument: mode, Given: "{args.mode}", Choices: {choices}')
    session = open_session(args)
    reference = parse_published(args.feature)
    if reference is None:
        return _fail(args, f"Failed to parse Feature identifier '{args.feature}'\n")
    return _show(args, session, reference)


def _fail(args: argparse.Namespace, text: str) -> int:
    print("{}" if args.output_format == "json" else text)
    return 1


def _show(args: argparse.Namespace, session: Session, reference: OciReference) -> int:
    registry, _ = open_registry(session)
    found: dict[str, object] = {}
    try:
        published = fetch_published(registry, reference)
        tags = registry.fetch_tags(reference) if args.mode in {"tags", "verbose"} else []
    except CoveError as error:
        show_failure(error)
        return _fail(args, "No manifest found! If this manifest requires authentication, please login.")
    if args.mode in {"manifest", "verbose"}:
        found |= {"manifest": published.manifest.document, "canonicalId": published.canonical_id}
    if args.mode in {"tags", "verbose"}:
        found["publishedTags"] = tags
    if args.output_format == "json":
        print(render_json(found, indent=4))
        return 0
    _show_text(found)
    if args.mode in {"dependencies", "verbose"}:
        graph = read_graph(session, {args.feature: {}})
        print(render_box("Dependency Tree (Render with https://mermaid.live/)"))
        print(render_chart(graph.wanted, graph.known))
    return 0


def _show_text(found: dict[str, object]) -> None:
    if "manifest" in found:
        print(render_box("Manifest"))
        print(f"{render_json(found['manifest'], indent=2)}\n")
        print(render_box("Canonical Identifier"))
        print(f"{found['canonicalId']}\n")
    if isinstance(tags := found.get("publishedTags"), list):
        print(render_box("Published Tags"))
        print("\n   ".join(tags))


def render_box(title: str) -> str:
    """Return a title in a box, bold."""
    line = "─" * len(title)
    return f"┌{line}┐\n│\033[1m{title}\033[22m│\n└{line}┘"
