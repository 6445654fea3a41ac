"""The everyday run and the named parts of the full one.

A test that is too long for every day says where it belongs: `@pytest.mark.full("gpu")`. The everyday run leaves it out;
`--part gpu` runs that part alone. Nothing is skipped: what is left out is deselected, and counted in pytest's last line.

With `--real-gpus` the tests marked `gpus` run with this machine's own GPUs instead of simulated ones, and no others.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
from testbed.memory_registry import memory_registry

if TYPE_CHECKING:
    from collections.abc import Iterator

    from testbed.memory_registry import MemoryRegistry


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add `--part NAME` and `--list-parts`."""
    group = parser.getgroup("cove")
    group.addoption("--part", metavar="NAME", help="run only this named part of the full run")
    group.addoption("--list-parts", action="store_true", help="print the names of the parts and run nothing")
    group.addoption(
        "--real-gpus", action="store_true", help="run the tests that want GPUs, with this machine's own"
    )


COPIES = {"public": "COVE_TEST_PUBLIC"}
"""Parts that need a copy of something public, and the variable that names it: without it they are not listed."""


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Keep the everyday tests, or those of one part."""
    parts = {item: part_of(item) for item in items}
    names = sorted({part for part in parts.values() if part})
    if config.getoption("list_parts"):
        here = [name for name in names if os.environ.get(COPIES.get(name, "PATH"))]
        print("".join(f"\npart: {name}" for name in here))
        wanted = None
    elif wanted := config.getoption("part"):
        if wanted not in names:
            raise pytest.UsageError(
                f"no test belongs to part {wanted!r}; there are: {', '.join(names) or 'none'}"
            )
    else:
        wanted = ""
    real = config.getoption("real_gpus")
    keep(config, items, [item for item in items if parts[item] == wanted or (real and not wanted)])
    if real:
        from testbed.cards import choose_real, read_cards

        cards = read_cards()
        chosen, left_out = choose_real(items, len(cards))
        keep(config, items, chosen)
        config.stash[LEFT_OUT] = [f"real GPUs: {', '.join(card.name for card in cards)}", *left_out]


LEFT_OUT = pytest.StashKey[list[str]]()


def pytest_report_collectionfinish(config: pytest.Config) -> list[str]:
    """Say which GPUs are the tests', and which tests are left out because of them."""
    return config.stash.get(LEFT_OUT, [])


def keep(config: pytest.Config, items: list[pytest.Item], kept: list[pytest.Item]) -> None:
    """Leave the others out."""
    if left_out := [item for item in items if item not in set(kept)]:
        config.hook.pytest_deselected(items=left_out)
        items[:] = kept


def part_of(item: pytest.Item) -> str:
    """Return the part of the full run a test belongs to, empty for the everyday run."""
    marker = item.get_closest_marker("full")
    if marker is None:
        return ""
    if len(marker.args) != 1 or not isinstance(marker.args[0], str):
        raise pytest.UsageError(f'{item.nodeid}: write @pytest.mark.full("NAME")')
    return marker.args[0]


@pytest.fixture
def writable_registry() -> Iterator[MemoryRegistry]:
    """A registry in memory to publish in."""
    with memory_registry() as registry:
        yield registry
