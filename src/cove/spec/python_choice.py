"""Which Python a repository wants, and which base image has it."""

from __future__ import annotations

import re
from typing import NamedTuple

DEBIAN_PYTHONS = {"3.11": "debian:bookworm-slim", "3.13": "debian:trixie-slim"}
"""Releases of Debian by the Python they bring. Where no registry answers, cove can build these bases from a mirror."""
PREFERRED = ("3.11", "3.13", "3.12", "3.10", "3.14", "3.9", "3.8")
LONGEST = 60
"""Characters of a specifier: it is told to the person, and in a comment."""
CLAUSE = re.compile(r"\s*(~=|==|!=|<=|>=|<|>|\^|~)?\s*v?(\d+)(?:\.(\d+|\*))?(?:\.(?:\d+|\*))*\S*\s*")


class PythonChoice(NamedTuple):
    """A Python, and who asked for it."""

    version: str
    """`3.11`."""
    base: str
    """The image that has it."""
    reason: str

    @property
    def is_debian(self) -> bool:
        """Whether Python is a package of the base's distribution."""
        return self.base in DEBIAN_PYTHONS.values()


def choose_python(asked: str, origin: str) -> PythonChoice:
    """Return the Python for a version (`3.12.1`) or a specifier (`>=3.9,<3.13`) of the file `origin`.

    Debian's own comes first, where it fits. Nothing asked, or something that no known Python fits: Debian 12's.
    """
    asked = "".join(letter for letter in " ".join(asked.split()) if letter.isprintable())[:LONGEST]
    fitting = [version for version in PREFERRED if fits(version, asked)]
    version = fitting[0] if fitting else PREFERRED[0]
    base = DEBIAN_PYTHONS.get(version, f"python:{version}-slim-bookworm")
    if not asked:
        return PythonChoice(version, base, f"Python {version}: no file asks for another")
    if not fitting:
        return PythonChoice(
            version, base, f"Python {version}: {origin} asks for {asked}, which cove does not know"
        )
    return PythonChoice(version, base, f"Python {version}: {origin} asks for {asked}")


def fits(version: str, specifier: str) -> bool:
    """Return whether `major.minor` fits every clause of a specifier (PEP 440, to the minor version; `^` as in Poetry).

    >>> fits("3.11", ">=3.9,<3.12"), fits("3.11", "3.12.4")
    (True, False)
    """
    return all(_fits_clause(version, clause) for clause in specifier.split(",") if clause.strip())


def _fits_clause(version: str, clause: str) -> bool:
    match = CLAUSE.fullmatch(clause)
    if match is None:
        return False
    operator, major, minor = match[1] or "==", int(match[2]), match[3]
    mine = tuple(int(part) for part in version.split("."))
    bound = (major, int(minor)) if minor and minor != "*" else (major,)
    here = mine[: len(bound)]
    # Of a micro version only its minor one is compared: which micro one a base image has, changes.
    micro = clause.count(".") > 1 and not clause.rstrip().endswith((".*", ".0"))
    return {
        "==": here == bound,
        "~": here == bound,
        "!=": micro or here != bound,
        ">=": here >= bound,
        "<=": here <= bound,
        ">": here > bound or (micro and here == bound),
        "<": here < bound or (micro and here == bound),
        "^": here >= bound and mine[0] == major,
        "~=": here == bound if clause.count(".") > 1 else here >= bound and mine[0] == major,
    }[operator]
