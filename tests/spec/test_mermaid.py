"""Charts of what Features depend on; the live test compares them with the reference's."""

from __future__ import annotations

import re

from cove.spec.features import FeatureManifest, LocalReference
from cove.spec.mermaid import render_chart
from cove.spec.order import Resolved, Wanted, render_key


def chart(
    wanted: list[str], needs: dict[str, str], softs: dict[str, str], override: tuple[str, ...] = ()
) -> str:
    """Return the chart of Features with names of one letter, their hashes left out."""
    names = sorted({*wanted, *needs, *softs, *"".join([*needs.values(), *softs.values()])})
    known = {}
    for name in names:
        wish = Wanted(name, {})
        manifest = FeatureManifest(name, installs_after=tuple(softs.get(name, "")), aliases=(name,))
        depends = tuple(Wanted(need, {}) for need in needs.get(name, ""))
        known[render_key(wish)] = Resolved(wish, LocalReference(f"/{name}"), manifest, "", depends)
    text = render_chart([Wanted(name, {}) for name in wanted], known, override)
    found = re.sub(r"[0-9a-f]{6}\[(\w)<br/><0><br>aliases: \1\]", r"\1", text)
    return re.sub(r"[0-9a-f]{6}\[(\w)<br/><(\d)><br>aliases: \1\]", r"\1\2", found)


def test_nothing() -> None:
    assert chart([], {}, {}) == "flowchart\n"


def test_needs_and_waits() -> None:
    assert chart(["a", "b"], {"a": "cd", "c": "d"}, {"b": "ax"}).splitlines() == [
        "flowchart", "a", "a --> c", "c --> d", "a --> d", "b", "b -.-> a",
    ]  # fmt: skip


def test_what_several_need_is_followed_once() -> None:
    assert chart(["a", "b"], {"a": "c", "b": "c", "c": "d"}, {}).splitlines() == [
        "flowchart", "a", "a --> c", "c --> d", "b", "b --> c",
    ]  # fmt: skip


def test_a_circle_ends() -> None:
    assert chart(["a"], {"a": "b", "b": "a"}, {}).splitlines() == ["flowchart", "a", "a --> b", "b --> a"]


def test_priorities() -> None:
    assert chart(["a", "b"], {}, {}, ("b", "a")).splitlines() == ["flowchart", "a1", "b2"]
