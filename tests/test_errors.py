from __future__ import annotations

import pytest

from cove import errors
from cove.errors import ConfigurationError, CoveError

EXIT_CODES = {
    "UsageError": 2,
    "ConfigurationError": 3,
    "NotFound": 3,
    "EngineError": 4,
    "BuildError": 5,
    "LifecycleError": 6,
    "GpuError": 7,
    "NetworkError": 8,
    "PlaceError": 9,
    "DiskError": 11,
    "Refused": 10,
    "Interrupted": 130,
}
"""Scripts rely on these: they do not change."""


def test_the_exit_codes_are_the_promised_ones() -> None:
    tree = {
        name: kind.exit_code
        for name, kind in vars(errors).items()
        if isinstance(kind, type) and issubclass(kind, CoveError) and kind is not CoveError
    }
    assert tree == EXIT_CODES
    assert CoveError.exit_code == 70


def test_the_docstring_is_the_tree() -> None:
    assert errors.__doc__ is not None
    for name, code in EXIT_CODES.items():
        (line,) = [line for line in errors.__doc__.splitlines() if f"─ {name} " in line]
        kind = getattr(errors, name)
        assert line.split()[2:4] == [str(code), str(kind.http_status)], line


@pytest.mark.parametrize(
    ("place", "expected"),
    [
        ({}, "no image"),
        ({"path": "a/devcontainer.json"}, "a/devcontainer.json: no image"),
        ({"path": "d.json", "line": 3}, "d.json:3: no image"),
        ({"path": "d.json", "line": 3, "column": 7}, "d.json:3:7: no image"),
    ],
)
def test_a_configuration_error_names_the_place(place: dict[str, object], expected: str) -> None:
    error = ConfigurationError("no image", **place, hint="Add one.")  # type: ignore[arg-type]
    assert error.message == str(error) == expected
    assert error.hint == "Add one."
