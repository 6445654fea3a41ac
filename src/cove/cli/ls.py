"""`cove ls`."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from cove.cli.context import open_session, print_result
from cove.cli.style import Style
from cove.cli.table import render_table
from cove.workspace.gpu_health import find_losses
from cove.workspace.list import list_workspaces

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from cove.workspace.list import Listed


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's words."""
    parser.add_argument("--all", "-a", action="store_true", help="of everyone who uses these engines")


def run(args: argparse.Namespace) -> int:
    """List the workspaces."""
    session = open_session(args)
    listed = list_workspaces(session, everyone=args.all, losses=find_losses)
    document = {"workspaces": [render_workspace(workspace) for workspace in listed]}
    style = Style(sys.stdout)
    home = session.machine.home
    rows = [
        (
            f"{mark}{style.bold(workspace.name)}",
            _state(workspace, style),
            workspace.engine,
            workspace.editor or "-",
            workspace.folder.replace(home, "~", 1)
            if f"{workspace.folder}/".startswith(f"{home}/")
            else workspace.folder,
        )
        for mark, workspace in group_branches(listed)
    ]
    empty = "No workspaces yet. Start one: cove up PATH"
    width = os.get_terminal_size().columns if sys.stdout.isatty() else 0
    head = ("NAME", "STATE", "ENGINE", "EDITOR", "FOLDER")
    table = render_table(head, rows, width=width) if rows else empty
    print_result(
        args, document, "\n".join((table, *_render_changes(listed, style), *_render_losses(listed, style)))
    )
    return 0


def group_branches(listed: Sequence[Listed]) -> list[tuple[str, Listed]]:
    """Return the workspaces with what stands before their names: branches of one repository follow its main folder's."""
    mains = {one.folder: one for one in listed}
    found = []
    for one in listed:
        if one.repository in mains and one.repository != one.folder:
            continue
        found.append(("", one))
        if one.folder == one.repository:
            found += [("└ ", other) for other in listed if other.repository == one.folder and other != one]
    return found


def _render_changes(listed: Sequence[Listed], style: Style) -> list[str]:
    """Return a line for each workspace that no longer matches its files."""
    return [
        f"{style.warn('!')} {workspace.name} was made before {', '.join(workspace.out_of_date)} changed: "
        f"cove up --rebuild {workspace.folder}"
        for workspace in listed
        if workspace.out_of_date
    ]


def _render_losses(listed: Sequence[Listed], style: Style) -> list[str]:
    """Return two lines for each workspace that has lost its GPUs."""
    return [
        f"{style.bad('!')} {workspace.name} has lost its GPU: {workspace.loss.text}\n  → {workspace.loss.hint}"
        for workspace in listed
        if workspace.loss
    ]


def render_workspace(workspace: Listed) -> dict[str, object]:
    """Return a workspace as JSON has it."""
    return {**workspace._asdict(), "loss": workspace.loss._asdict() if workspace.loss else None}


def _state(workspace: Listed, style: Style) -> str:
    if workspace.loss:
        return style.bad("GPU lost")
    return style.good(workspace.state) if workspace.state == "running" else style.dim(workspace.state)
