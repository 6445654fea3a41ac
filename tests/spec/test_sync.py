from __future__ import annotations

import pytest

from cove.spec.sync import Entry, Pair, SyncPlan, parse_listing, plan_sync

SECOND = 1_000_000_000


def file(time: int, size: int = 1) -> Entry:
    return Entry("f", executable=False, size=size, time=time * SECOND)


OLD, NEW, OTHER = file(1), file(2), file(3, 9)


@pytest.mark.parametrize(
    ("here", "there", "agreed", "one_way", "both"),
    [
        (OLD, None, None, "send", "send"),
        (NEW, OLD, OLD, "send", "send"),
        (None, OLD, OLD, "remove_there", "remove_there"),
        (OLD, OLD, OLD, "", ""),
        (OLD, OLD, None, "", ""),
        (OLD, NEW, OLD, "ahead", "fetch"),
        (None, NEW, None, "ahead", "fetch"),
        (OLD, None, OLD, "ahead", "remove_here"),
        (NEW, OTHER, OLD, "conflicts", "conflicts"),
        (NEW, OTHER, None, "conflicts", "conflicts"),
        (None, NEW, OLD, "ahead", "fetch"),
        (NEW, None, OLD, "send", "send"),
        (None, None, OLD, "", ""),
    ],
)
def test_what_becomes_of_a_file(
    here: Entry | None, there: Entry | None, agreed: Entry | None, one_way: str, both: str
) -> None:
    def listing(entry: Entry | None) -> dict[str, Entry]:
        return {"a": entry} if entry else {}

    pairs = {"a": Pair(agreed, agreed)} if agreed else {}
    for expected, both_ways in ((one_way, False), (both, True)):
        plan = plan_sync(listing(here), listing(there), pairs, both_ways=both_ways)
        assert plan == (SyncPlan(**{expected: ("a",)}) if expected else SyncPlan()), both_ways


def test_a_copy_keeps_whole_seconds() -> None:
    exact = Entry("f", executable=False, size=1, time=5 * SECOND + 123)
    assert plan_sync({"a": exact}, {"a": file(5)}, {}) == SyncPlan()


def test_a_link_is_where_it_points() -> None:
    link = Entry("l", executable=False, size=0, time=0, target="b")
    assert plan_sync({"a": link._replace(target="c")}, {"a": link}, {"a": Pair(link, link)}).send == ("a",)


def test_names_may_be_odd() -> None:
    fields = "f 755 12 1700000000.25", "l 777 4 0", "d 755 0 0"
    ends = "\0\0a\nb\tc\0", "\0../x\0link\0", "\0\0sub\0"
    text = "".join("\0".join(head.split(" ")) + end for head, end in zip(fields, ends, strict=True))
    found = parse_listing(text)
    assert found["a\nb\tc"] == Entry("f", True, 12, 1_700_000_000_250_000_000)
    assert found["link"] == Entry("l", executable=False, size=0, time=0, target="../x")
    assert "sub" not in found


def test_nothing_to_do_is_idle() -> None:
    assert SyncPlan(ahead=("a",)).idle
    assert not SyncPlan(conflicts=("a",)).idle
