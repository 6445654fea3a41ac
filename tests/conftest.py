"""The everyday run and the named parts of the full one.

A test that is too long for every day says where it belongs: `@pytest.mark.full("gpu")`. The everyday run leaves it out;
`--part gpu` runs that part alone. Nothing is skipped: what is left out is deselected, and counted in pytest's last line.
"""

from __future__ import annotations

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add `--part NAME` and `--list-parts`."""
    group = parser.getgroup("cove")
    group.addoption("--part", metavar="NAME", help="run only this named part of the full run")
    group.addoption("--list-parts", action="store_true", help="print the names of the parts and run nothing")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Keep the everyday tests, or those of one part."""
    parts = {item: part_of(item) for item in items}
    names = sorted({part for part in parts.values() if part})
    if config.getoption("list_parts"):
        print("".join(f"\npart: {name}" for name in names))
        wanted = None
    elif wanted := config.getoption("part"):
        if wanted not in names:
            raise pytest.UsageError(
                f"no test belongs to part {wanted!r}; there are: {', '.join(names) or 'none'}"
            )
    else:
        wanted = ""
    left_out = [item for item in items if parts[item] != wanted]
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if parts[item] == wanted]


def part_of(item: pytest.Item) -> str:
    """Return the part of the full run a test belongs to, empty for the everyday run."""
    marker = item.get_closest_marker("full")
    if marker is None:
        return ""
    if len(marker.args) != 1 or not isinstance(marker.args[0], str):
        raise pytest.UsageError(f'{item.nodeid}: write @pytest.mark.full("NAME")')
    return marker.args[0]
