"""What an agent may do in which workspace, as the person wrote it. Pure.

A grant is `WORKSPACE=TOOL,…`. The workspace is a name, in which `*` and `?` stand for anything, or an absolute folder; a
folder grants the branches of its repository too. Without `=…` all tools but `up` are meant: those that begin nothing.
"""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, NamedTuple

from cove.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

TOOLS = ("exec", "logs", "ports", "stop", "up")
USUAL = frozenset({"exec", "logs", "ports"})


class Subject(NamedTuple):
    """A workspace, as far as grants tell them apart."""

    name: str
    folder: str
    repository: str = ""
    """The main folder of the git repository that its folder is of."""


class Grant(NamedTuple):
    """Tools for a workspace, or for several."""

    what: str
    """A pattern of names, or an absolute folder."""
    tools: frozenset[str]


def parse_grant(text: str, folder: str) -> Grant:
    """Return a grant; a relative path in it is taken from `folder`. Raises UsageError.

    >>> parse_grant("nets*=exec,up", "/home/ada").what
    'nets*'
    >>> parse_grant("./nets=up", "/home/ada").what
    '/home/ada/nets'
    """
    what, equals, words = text.partition("=")
    tools = frozenset(words.split(",")) if equals else USUAL
    if not what or not tools <= {*TOOLS, ""}:
        wrong = ", ".join(sorted(tools - {*TOOLS, ""})) or text
        raise UsageError(
            f"`{wrong}` is nothing to grant", hint=f"Write WORKSPACE=TOOLS, of {', '.join(TOOLS)}."
        )
    return Grant(_absolute(what, folder) if "/" in what or what in {".", ".."} else what, tools - {""})


def allows(grants: Iterable[Grant], subject: Subject, tool: str) -> bool:
    """Return whether a tool may be used on a workspace."""
    return any(tool in grant.tools and _is_meant(grant.what, subject) for grant in grants)


def granted(grants: Sequence[Grant], subject: Subject) -> list[str]:
    """Return the tools that may be used on a workspace, in order."""
    return [tool for tool in TOOLS if allows(grants, subject, tool)]


def _is_meant(what: str, subject: Subject) -> bool:
    if what.startswith("/"):
        return what in {subject.folder, subject.repository}
    return fnmatchcase(subject.name, what)


def _absolute(path: str, folder: str) -> str:
    from posixpath import join, normpath

    return normpath(join(folder, path))
