"""The reference says what the code has: commands, exit codes, settings."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import cove
from cove import errors
from cove.cli import COMMANDS
from cove.settings.settings import KEYS
from cove.spec.additions import KEYS as ADDITIONS
from cove.spec.caches import KINDS

if TYPE_CHECKING:
    from cove.settings.settings import Key
    from cove.spec.additions import Key as Addition

ROOT = Path(__file__).resolve().parents[1]
REFERENCE = (ROOT / "docs" / "reference.md").read_text(encoding="utf-8")
README = (ROOT / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("key", KEYS, ids=lambda key: key.field)
def test_settings(key: Key) -> None:
    assert f"| `{key.field}` | `{key.variable}` | {key.doc}" in REFERENCE


@pytest.mark.parametrize("key", ADDITIONS, ids=lambda key: key.name)
def test_customizations(key: Addition) -> None:
    assert f"| `{key.name}` | {key.doc} |" in REFERENCE


@pytest.mark.parametrize("name", KINDS)
def test_caches(name: str) -> None:
    variables = ", ".join(f"`{variable}`" for variable in KINDS[name].variables)
    assert f"| `{name}` | {variables} |" in REFERENCE


@pytest.mark.parametrize("name", errors.__dict__)
def test_exit_codes(name: str) -> None:
    kind = errors.__dict__[name]
    if isinstance(kind, type) and issubclass(kind, errors.CoveError):
        assert f"| {kind.exit_code} |" in REFERENCE


@pytest.mark.parametrize("command", COMMANDS)
def test_commands(command: str) -> None:
    assert f"`cove {command}" in README or f"`{command}`" in README


def test_the_python_interface_is_described() -> None:
    missing = [name for name in cove.__all__ if f"`{name}`" not in REFERENCE and name != "__version__"]
    assert not missing
