"""PURE: what to do to bring a folder here and its counterpart on another machine into step.

Both listings are held against the last ones after which they agreed; so each side's own changes are known, and what
changed on both is a conflict, of which no version is lost.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping


class Entry(NamedTuple):
    """A file (`f`) or a symbolic link (`l`) as a listing tells it."""

    kind: str
    executable: bool
    size: int
    """Bytes; 0 for a link."""
    time: int
    """Of its last change, nanoseconds since 1970; 0 for a link."""
    target: str = ""

    def is_like(self, other: Entry) -> bool:
        """Return whether both seem to be the same: a copy keeps the time, in whole seconds."""
        return self._rounded() == other._rounded()

    def _rounded(self) -> Entry:
        return self._replace(time=self.time // 1_000_000_000)


class Pair(NamedTuple):
    """A path as it was on both sides when they last agreed; None where it was not."""

    here: Entry | None
    there: Entry | None


class SyncPlan(NamedTuple):
    """What to do, as sorted relative paths."""

    send: tuple[str, ...] = ()
    remove_there: tuple[str, ...] = ()
    fetch: tuple[str, ...] = ()
    remove_here: tuple[str, ...] = ()
    conflicts: tuple[str, ...] = ()
    """Changed on both sides: the version there is kept beside under another name, then this one is sent."""
    ahead: tuple[str, ...] = ()
    """Changed or new there alone, and left so: a one-way sync does not bring it here."""

    @property
    def idle(self) -> bool:
        """Return whether there is nothing to do."""
        return not (self.send or self.remove_there or self.fetch or self.remove_here or self.conflicts)


def plan_sync(
    here: Mapping[str, Entry],
    there: Mapping[str, Entry],
    agreed: Mapping[str, Pair],
    *,
    both_ways: bool = False,
) -> SyncPlan:
    """Return what brings both into step; one way (from here), unless `both_ways`.

    A file that was removed on one side and changed on the other comes back: nothing that changed is lost.
    """
    found: dict[str, list[str]] = {name: [] for name in SyncPlan._fields}
    for path in sorted({*here, *there, *agreed}):
        if action := _choose(here.get(path), there.get(path), agreed.get(path), both_ways=both_ways):
            found[action].append(path)
    return SyncPlan(**{name: tuple(paths) for name, paths in found.items()})


def _choose(mine: Entry | None, theirs: Entry | None, pair: Pair | None, *, both_ways: bool) -> str:
    if mine == theirs or (mine is not None and theirs is not None and mine.is_like(theirs)):
        return ""
    changed_here = mine != (pair.here if pair else None)
    changed_there = theirs != (pair.there if pair else None)
    if changed_here and mine is not None:
        return "conflicts" if changed_there and theirs is not None else "send"
    if changed_there:
        back = "fetch" if theirs is not None else "remove_here"
        return back if both_ways else "ahead"
    return "remove_there" if changed_here else ""


def parse_listing(text: str) -> dict[str, Entry]:
    r"""Parse what find prints with LISTING.

    >>> parse_listing("f\x00644\x003\x001.5\x00\x00a b\x00")
    {'a b': Entry(kind='f', executable=False, size=3, time=1500000000, target='')}
    """
    fields = text.split("\0")
    found = {}
    for kind, mode, size, time, target, path in zip(
        *(fields[offset::6] for offset in range(6)), strict=False
    ):
        if kind in ("f", "l") and path:
            is_file = kind == "f"
            found[path] = Entry(
                kind,
                is_file and bool(int(mode, 8) & 0o100),
                int(size) if is_file else 0,
                parse_time(time) if is_file else 0,
                target,
            )
    return found


LISTING = r"%y\0%m\0%s\0%T@\0%l\0%P\0"
"""GNU find's `-printf` for a listing."""


def parse_time(text: str) -> int:
    """Return nanoseconds from find's seconds with a fraction.

    >>> parse_time("12.0000000345")
    12000000034
    """
    seconds, _, fraction = text.partition(".")
    return int(seconds) * 1_000_000_000 + int(fraction[:9].ljust(9, "0"))
