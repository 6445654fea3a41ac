"""`cove devcontainer features resolve-dependencies`."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from cove.cli.context import open_session
from cove.cli.devcontainer.group import COMMON
from cove.cli.devcontainer.options import IGNORED, Option
from cove.spec.collection import render_json
from cove.spec.features import OciReference
from cove.spec.locations import CONFIGURATION_PLACES
from cove.spec.mermaid import render_chart
from cove.spec.order import render_key
from cove.workspace.feature_graph import read_configured_graph

if TYPE_CHECKING:
    import argparse

    from cove.spec.order import Resolved
    from cove.workspace.feature_graph import Graph

WORDS = ()
OPTIONS = {
    "workspace-folder": Option("the repository's folder (default: the current one)"),
    **COMMON,
    "log-level": IGNORED._replace(choices=("error", "info", "debug", "trace"), default="error"),
}


def run(args: argparse.Namespace) -> int:
    """Print the Features of a configuration with all they depend on: a chart, and the order of installation."""
    session = open_session(args)
    folder = os.path.normpath(os.path.join(session.machine.cwd, args.workspace_folder))
    places = [f"{folder}/{place}" for place in reversed(CONFIGURATION_PLACES)]
    path = next((place for place in places if os.path.isfile(place)), places[-1])
    graph = read_configured_graph(session, folder, path)
    print(render_chart(graph.wanted, graph.known, graph.override))
    order = graph.plan()
    document = {"installOrder": [{"id": _id(node), "options": _options(graph, node)} for node in order]}
    print(render_json(document, indent=2))
    return 0


def _id(node: Resolved) -> str:
    if isinstance(node.reference, OciReference):
        return f"{node.reference.resource}@{node.digest}"
    return node.wanted.text


def _options(graph: Graph, node: Resolved) -> object:
    return graph.written.get(render_key(node.wanted), node.wanted.options)
