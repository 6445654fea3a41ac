"""`cove forward`."""

from __future__ import annotations

import re
import sys
import threading
from contextlib import ExitStack, closing
from typing import TYPE_CHECKING, NamedTuple

from cove.cli.context import open_session, print_result
from cove.cli.style import Style
from cove.errors import PlaceError, UsageError
from cove.workspace.ports import need_running_desk

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Iterator, Sequence

    from cove.places.forward import Forward
    from cove.workspace.address import Desk
    from cove.workspace.session import Session


NUMBERS = re.compile(r"[0-9]+(:.*)?")
"""No name of a workspace's alone, but a port, if a wrong one: a folder of that name is `./8000`."""


class Wish(NamedTuple):
    """A port inside, and the one on this machine; 0 where none was named."""

    port: int
    local: int = 0


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's words."""
    parser.usage = "cove forward [NAME|PATH] PORT[:LOCAL] … [OPTIONS]"
    parser.add_argument(
        "words",
        nargs="+",
        metavar="word",
        help="the workspace (default: the one you stand in), then its ports, each with the one of this machine",
    )


def run(args: argparse.Namespace) -> int:
    """Bind ports of a workspace on this machine's loopback until interrupted."""
    session = open_session(args)
    word, wishes = split_words(args.words)
    desk = need_running_desk(session, word)
    with ExitStack() as open_ones:
        forwards = [open_ones.enter_context(closing(one)) for one in _bind_all(session, desk, wishes)]
        _tell(args, desk.name, forwards)
        _serve(forwards, session.progress.warn)
    return 0


def _tell(args: argparse.Namespace, name: str, forwards: Sequence[Forward]) -> None:
    bound = [{"port": one.port, "local": f"127.0.0.1:{one.local}"} for one in forwards]
    style = Style(sys.stdout)
    lines = [f"{style.bold(f'127.0.0.1:{one.local}')} → {one.port} in {name}" for one in forwards]
    if not getattr(args, "quiet", False):
        lines.append(style.dim("Every user of this machine can reach it. Ctrl-C ends it."))
    print_result(args, {"name": name, "forwards": bound}, "\n".join(lines))
    sys.stdout.flush()


def _serve(forwards: Sequence[Forward], on_failure: Callable[[str], object]) -> None:
    serving = [threading.Thread(target=one.serve, args=(on_failure,), daemon=True) for one in forwards]
    for thread in serving:
        thread.start()
    for thread in serving:
        thread.join()


def split_words(words: Sequence[str]) -> tuple[str | None, list[Wish]]:
    """Return the workspace (None: the one you stand in) and the ports. Raises UsageError.

    >>> split_words(["digits", "6006:16006", "8000"])
    ('digits', [Wish(port=6006, local=16006), Wish(port=8000, local=0)])
    """
    first = None if NUMBERS.fullmatch(words[0]) else words[0]
    rest = words if first is None else words[1:]
    wishes = []
    for word in rest:
        if (wish := _parse_wish(word)) is None:
            raise UsageError(f"`{word}` is no port", hint="Write PORT or PORT:LOCAL, such as 6006:16006.")
        wishes.append(wish)
    if not wishes:
        raise UsageError("no port given", hint=f"Name one: `cove forward {first} 6006`.")
    return first, wishes


def _parse_wish(word: str) -> Wish | None:
    from cove.gateway.origins import parse_port

    inside, colon, local = word.partition(":")
    port, bound = parse_port(inside), parse_port(local)
    return Wish(port, bound) if port and bool(colon) == bool(bound) else None


def _bind_all(session: Session, desk: Desk, wishes: Sequence[Wish]) -> Iterator[Forward]:
    from cove.gateway.wiring import make_place
    from cove.places.endpoints import read_endpoint
    from cove.places.forward import Forward

    endpoint = read_endpoint(session.machine, desk.id) if desk.id else None
    if endpoint is None:
        raise PlaceError(f"there is no way into {desk.name} yet", hint=f"Open it: `cove up {desk.folder}`.")
    place = make_place(session.machine)
    attributes = desk.record.port_attributes if desk.record else {}
    for wish in wishes:
        said = attributes.get(str(wish.port))
        needed = isinstance(said, dict) and said.get("requireLocalPort") is True
        yield Forward(
            place, endpoint, wish.port, local=wish.local or wish.port, strict=bool(wish.local) or needed
        )
