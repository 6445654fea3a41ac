"""The order of Features: the specification's examples, then any graph there can be."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cove.errors import ConfigurationError
from cove.spec.features import FeatureManifest, LocalReference, OciReference
from cove.spec.order import Resolved, Wanted, missing, plan_order, render_key

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

BASE = "ghcr.io/a/"


class Universe:
    """Features there are, by name; `add("x", needs=["y"], after=["z"])`."""

    def __init__(self) -> None:
        self.known: dict[str, Resolved] = {}

    def add(
        self,
        name: str,
        *,
        needs: Sequence[str] = (),
        after: Sequence[str] = (),
        tag: str = "latest",
        options: Mapping[str, Any] | None = None,
        digest: str = "",
        aliases: tuple[str, ...] = (),
    ) -> Wanted:
        text = f"{BASE}{name}" + (f":{tag}" if tag != "latest" else "")
        wanted = Wanted(text, dict(options or {}))
        self.known[render_key(wanted)] = Resolved(
            wanted,
            OciReference("ghcr.io", f"a/{name}", tag),
            FeatureManifest(
                name, installs_after=tuple(f"{BASE}{other}" for other in after), aliases=aliases or (name,)
            ),
            digest or f"sha256:{name}",
            tuple(Wanted(f"{BASE}{need}", {}) for need in needs),
        )
        return wanted

    def order(self, wanted: Sequence[Wanted], override: Sequence[str] = ()) -> list[str]:
        return [node.wanted.text.removeprefix(BASE) for node in plan_order(wanted, self.known, override)]


@pytest.fixture
def there() -> Universe:
    return Universe()


def test_by_name_where_nothing_else_decides(there: Universe) -> None:
    assert there.order([there.add("c"), there.add("a"), there.add("b")]) == ["a", "b", "c"]


def test_after_what_they_depend_on_which_is_installed_too(there: Universe) -> None:
    there.add("z", needs=["y"])
    there.add("y")
    assert there.order([there.add("a", needs=["z"])]) == ["y", "z", "a"]


def test_after_what_they_ask_to_come_after_only_if_that_is_installed(there: Universe) -> None:
    wanted = [there.add("a", after=["z", "absent"]), there.add("z")]
    assert there.order(wanted) == ["z", "a"]
    assert there.order([there.add("b", after=["z"])]) == ["b"]


def test_the_persons_order_within_what_is_possible(there: Universe) -> None:
    wanted = [there.add("a"), there.add("b"), there.add("c", needs=["d"])]
    there.add("d")
    assert there.order(wanted, [f"{BASE}c", f"{BASE}b"]) == ["b", "a", "d", "c"]
    assert there.order(wanted, [f"{BASE}d:9", f"{BASE}c"]) == ["d", "c", "a", "b"]


def test_an_old_name_is_the_same_feature(there: Universe) -> None:
    wanted = [there.add("a", after=["nodejs"]), there.add("node", aliases=("node", "nodejs"))]
    assert there.order(wanted) == ["node", "a"]


def test_equal_ones_once_and_different_options_twice(there: Universe) -> None:
    first = there.add("a", tag="1", digest="sha256:same")
    second = there.add("a", tag="1.0", digest="sha256:same")
    other = there.add("a", tag="1", options={"flag": True}, digest="sha256:same")
    assert there.order([first, second]) == ["a:1"]
    assert there.order([other, second]) == ["a:1", "a:1.0"]


def test_tags_then_options(there: Universe) -> None:
    latest = there.add("a", digest="sha256:3")
    old = there.add("a", tag="1", digest="sha256:1")
    more = there.add("a", tag="1", options={"x": "2"}, digest="sha256:1")
    assert there.order([latest, more, old]) == ["a:1", "a:1", "a"]
    assert [node.wanted.options for node in plan_order([latest, more, old], there.known)] == [
        {},
        {"x": "2"},
        {},
    ]


def test_local_ones_by_their_folder() -> None:
    known = {}
    for name in ("b", "a"):
        wanted = Wanted(f"./{name}", {})
        after = ("./b",) if name == "a" else ()
        known[render_key(wanted)] = Resolved(
            wanted, LocalReference(f"/r/{name}"), FeatureManifest(name, installs_after=after)
        )
    order = plan_order([Wanted("./a", {}), Wanted("./b", {})], known)
    assert [node.wanted.text for node in order] == ["./b", "./a"]
    order = plan_order([Wanted("./a", {}), Wanted("./b", {})], known, ["./b"])
    assert [node.wanted.text for node in order] == ["./b", "./a"]


@pytest.mark.parametrize("kind", ["needs", "after"])
def test_a_circle_is_named(there: Universe, kind: str) -> None:
    a = there.add("a", **{kind: ["b"]})  # type: ignore[arg-type]
    b = there.add("b", **{kind: ["a"]})  # type: ignore[arg-type]
    with pytest.raises(ConfigurationError, match=r"ghcr\.io/a/a → ghcr\.io/a/b"):
        there.order([a, b])


def test_what_is_missing_round_by_round(there: Universe) -> None:
    top = Wanted(f"{BASE}top", {})
    assert missing([top], there.known) == [top]
    there.add("top", needs=["x", "y", "x"])
    assert [want.text for want in missing([top, top], there.known)] == [f"{BASE}x", f"{BASE}y"]
    there.add("x", needs=["top"])
    there.add("y")
    assert missing([top], there.known) == []


names = st.sampled_from("abcdefg")
graphs = st.dictionaries(
    names, st.tuples(st.sets(names, max_size=3), st.sets(names, max_size=3)), min_size=7, max_size=7
)


@given(graphs, st.lists(names, min_size=1, unique=True), st.lists(names, unique=True))
def test_any_graph_gives_a_valid_order_or_a_named_circle(
    graph: dict[str, tuple[set[str], set[str]]], roots: list[str], override: list[str]
) -> None:
    there = Universe()
    for name, (needs, after) in graph.items():
        there.add(name, needs=sorted(needs), after=sorted(after))
    wanted = [Wanted(f"{BASE}{name}", {}) for name in roots]
    try:
        order = there.order(wanted, [f"{BASE}{name}" for name in override])
    except ConfigurationError:
        return
    assert len(order) == len(set(order))
    assert set(roots) <= set(order)
    for name in order:
        needs, after = graph[name]
        before = order[: order.index(name)]
        assert needs <= set(before)
        assert after & set(order) <= set(before)
    assert order == there.order(list(reversed(wanted)), [f"{BASE}{name}" for name in override])
