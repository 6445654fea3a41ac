"""PURE: the paths of this machine in an engine's words, and the same words with the paths of another machine.

Only what cove put there itself is another path there: below the folders it is told of. A `/data` that the person
mounts is the other machine's own.
"""

from __future__ import annotations

import csv
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

WHOLE = frozenset({"--file", "-f", "--iidfile", "--cidfile", "--ignorefile", "--env-file"})
"""Options whose value is a path."""
FIELDS = frozenset({"--mount", "--secret"})
"""Options whose value is a line of CSV with the path in one field."""
SOURCES = ("source", "src")
VOLUMES = frozenset({"--volume", "-v"})
WRITTEN = frozenset({"--iidfile", "--cidfile"})
"""Those that the engine writes: they are brought back."""
CARRIERS = frozenset({"run", "create", "build", "import"})
"""The subcommands that name files."""


class Carried(NamedTuple):
    """A call with its paths replaced."""

    argv: tuple[str, ...]
    sent: tuple[str, ...] = ()
    """Paths of this machine that must be there first."""
    written: tuple[str, ...] = ()
    """Paths of this machine that the call writes there."""


class Roots(NamedTuple):
    """The folders of this machine that have a counterpart below `there`, at their own path."""

    there: str
    carried: tuple[str, ...]
    """What lies in these is sent when a call names it; one that ends in a dash is the beginning of a name."""
    synced: tuple[str, ...] = ()
    """What lies in these is there already: workspaces."""

    def find(self, path: str) -> str:
        """Return the folder that a path lies in, empty if in none."""
        return next((root for root in (*self.synced, *self.carried) if _lies_in(path, root)), "")

    def map(self, path: str) -> str:
        """Return what a path is called there."""
        return f"{self.there}{path}" if self.find(path) else path


def _lies_in(path: str, root: str) -> bool:
    return path.startswith(root) if root.endswith("-") else f"{path}/".startswith(f"{root}/")


def plan_carrying(argv: Sequence[str], roots: Roots) -> Carried:
    """Return an engine's call as the other machine must see it.

    >>> plan_carrying(("docker", "build", "-f", "/s/x/Dockerfile", "/w"), Roots("/r", ("/s",), ("/w",)))
    Carried(argv=('docker', 'build', '-f', '/r/s/x/Dockerfile', '/r/w'), sent=('/s/x/Dockerfile',), written=())
    """
    verb = next((word for word in argv[1:] if word in CARRIERS), "")
    if not verb:
        return Carried(tuple(argv))
    sent: dict[str, None] = {}
    written: list[str] = []

    def there(path: str, option: str = "") -> str:
        root = roots.find(path)
        if root and option in WRITTEN:
            written.append(path)
        elif root and root not in roots.synced:
            sent[path] = None
        return roots.map(path)

    words = [argv[0]]
    for option, word in pairwise(argv):
        words.append(_replace(option, word, there))
    if verb == "build":
        words[-1] = there(argv[-1])
    if verb == "import" and len(argv) > 2:
        words[-2] = there(argv[-2])
    outermost = [path for path in sent if not any(path.startswith(f"{other}/") for other in sent)]
    return Carried(tuple(words), tuple(outermost), tuple(written))


def _replace(option: str, word: str, there: Callable[..., str]) -> str:
    if option in WHOLE:
        return there(word, option)
    if option in VOLUMES:
        return _volume(word, there)
    if option in FIELDS:
        return _fields(word, there)
    name, equals, value = word.partition("=")
    if equals and name in VOLUMES:
        return f"{name}={_volume(value, there)}"
    if equals and name in FIELDS:
        return f"{name}={_fields(value, there)}"
    return word


def _volume(word: str, there: Callable[..., str]) -> str:
    source, colon, rest = word.partition(":")
    return f"{there(source)}{colon}{rest}" if source.startswith("/") else word


def _fields(word: str, there: Callable[..., str]) -> str:
    fields = next(csv.reader([word]), [])
    replaced = []
    for field in fields:
        name, equals, value = field.partition("=")
        replaced.append(f"{name}={there(value)}" if equals and name in SOURCES else field)
    return word if replaced == fields else ",".join(_quoted(field) for field in replaced)


def _quoted(field: str) -> str:
    return '"' + field.replace('"', '""') + '"' if any(letter in field for letter in ',"\n\r') else field
