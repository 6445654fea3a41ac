"""`cove gpus`."""

from __future__ import annotations

import os
import sys
import time
from typing import TYPE_CHECKING

from cove.cli.context import open_session, print_result
from cove.cli.style import Style
from cove.cli.table import fold, measure_table, render_table
from cove.workspace.gpu_list import list_gpus, render_document

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from cove.gpu.queue import Ticket
    from cove.workspace.gpu_list import GpuList, ListedGpu, ListedHolder, ListedProcess

HEAD = ("GPU", "NAME", "MEMORY", "USE", "HELD BY", "PROCESSES")
HOLDERS = ("WORKSPACE", "USER", "GPUS", "MEMORY", "MOST", "LAST MINUTES")
PROCESSES_WIDTH = 36
"""With fewer columns left for them, processes stand below their GPU rather than beside it."""
WATCH_SECONDS = 2.0
CLEAR = "\x1b[H\x1b[2J"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's words."""
    parser.add_argument("--watch", "-w", action="store_true", help="show them anew every two seconds")


def run(args: argparse.Namespace) -> int:
    """Show the GPUs."""
    session = open_session(args)
    while True:
        found = list_gpus(session)
        if args.watch and sys.stdout.isatty():
            sys.stdout.write(CLEAR)
        print_result(args, render_document(found), render_text(found, Style(sys.stdout), _width()))
        if not args.watch:
            return 0
        sys.stdout.flush()
        time.sleep(WATCH_SECONDS)


def render_text(found: GpuList, style: Style, width: int) -> str:
    """Return the list as a table, and below it what is wrong, with its remedy."""
    parts = []
    if found.gpus:
        parts += _gpus(found.gpus, [_row(gpu, found.holders, style) for gpu in found.gpus], style, width)
    elif not found.problems:
        parts.append("This machine has no GPU.")
    if found.holders:
        parts.append(render_table(HOLDERS, [_workspace(holder) for holder in found.holders], width=width))
    if found.waiting:
        parts.append("\n".join(["Waiting, first come first:", *map(_ticket, found.waiting)]))
    if found.driver:
        parts.append(style.dim(f"NVIDIA driver {found.driver}, for CUDA up to {found.cuda}"))
    if found.rocm:
        parts.append(style.dim(f"ROCm {found.rocm}"))
    for problem in found.problems:
        first, *more = fold(f"Problem: {problem.text}", width)
        first = first.replace("Problem:", style.bad("Problem:"), 1)
        remedy = "\n    ".join(fold(problem.hint, width - 4))
        parts.append("\n".join([first, *more, f"  → {remedy}"]))
    return "\n\n".join(parts)


def _gpus(gpus: Sequence[ListedGpu], rows: Sequence[tuple[str, ...]], style: Style, width: int) -> list[str]:
    """Return the table of GPUs; in a narrow terminal their names stand at its end, in a narrower one also what runs below."""
    if not width or measure_table(HEAD[:-1], [row[:-1] for row in rows]) + PROCESSES_WIDTH <= width:
        return [render_table(HEAD, rows, width=width, keep="start")]
    kinds = {gpu.name: [other.id for other in gpus if other.name == gpu.name] for gpu in gpus}
    names = "\n".join(_cut(f"{kind}: {', '.join(ids)}", width) for kind, ids in kinds.items())
    head, short = (HEAD[0], *HEAD[2:]), [(row[0], *row[2:]) for row in rows]
    if measure_table(head[:-1], [row[:-1] for row in short]) + PROCESSES_WIDTH <= width:
        return [render_table(head, short, width=width, keep="start"), names]
    table = render_table(head[:-1], [row[:-1] for row in short], width=width, keep="start")
    first, *lines = table.splitlines()
    indent = " " * measure_table(head[:1], [row[:1] for row in short])
    told = [first]
    for line, gpu, row in zip(lines, gpus, rows, strict=True):
        told.append(line)
        if gpu.problem:
            told.append(indent + row[-1])
        elif gpu.processes:
            told += [style.dim(_cut(indent + process, width)) for process in row[-1].split("; ")]
    return ["\n".join(told), names]


def _cut(text: str, width: int) -> str:
    return text if len(text) <= width else f"{text[: width - 1]}…"


def _row(gpu: ListedGpu, holders: Sequence[ListedHolder], style: Style) -> tuple[str, ...]:
    if gpu.problem:
        return (gpu.id, gpu.name, "-", "-", "-", style.bad(gpu.problem))
    holding = _holders(gpu, holders)
    free = style.warn("in use") if gpu.in_use else style.good("free")
    return (
        gpu.id,
        gpu.name,
        f"{gpu.used / 2**30:.1f} of {gpu.memory / 2**30:.0f} GiB" if gpu.memory else "-",
        _use(gpu),
        ", ".join(holding) or free,
        "; ".join(_process(process, len(holding)) for process in gpu.processes) or "-",
    )


def _use(gpu: ListedGpu) -> str:
    now = "-" if gpu.busy is None else f"{gpu.busy:3} %"
    return f"{now} {gpu.lately.bars}" if gpu.lately and gpu.lately.series else now.strip()


def _workspace(holder: ListedHolder) -> tuple[str, ...]:
    lately = holder.lately
    busy = f"{lately.busy:3} % {lately.bars}" if lately and lately.series else "-"
    most = f"{lately.most / 2**30:.1f} GiB" if lately else "-"
    return (
        holder.workspace,
        holder.user,
        ", ".join(holder.gpus),
        f"{holder.memory / 2**30:.1f} GiB",
        most,
        busy,
    )


def _holders(gpu: ListedGpu, holders: Sequence[ListedHolder]) -> list[str]:
    """Return who holds a GPU: all whose containers one may see, else the one that left a note."""
    found = [(holder.workspace, holder.user, holder.shared) for holder in holders if gpu.id in holder.gpus]
    if not found and gpu.lease:
        found = [(gpu.lease.workspace, gpu.lease.user, gpu.lease.shared)]
    return [f"{name} ({user}{', shared' if shared else ''})" for name, user, shared in found]


def _process(process: ListedProcess, holders: int) -> str:
    """Return a process; where it runs is told only where that is not plain."""
    where = ""
    if process.workspace and holders > 1:
        where = f" in {process.workspace}"
    elif holders and not process.workspace:
        where = " outside of cove"
    return f"{process.pid} {process.name or '?'}{where}, {process.memory / 2**30:.1f} GiB"


def _ticket(ticket: Ticket) -> str:
    return f"  {ticket.workspace} ({ticket.user}) for {ticket.what} since {ticket.since}"


def _width() -> int:
    return os.get_terminal_size().columns if sys.stdout.isatty() else 0
