"""What `import cove` gives, and that it costs nothing."""

from __future__ import annotations

import subprocess
import sys

import pytest

import cove
from cove import api


def test_everything_named_is_there() -> None:
    assert set(cove.__all__) == {*api.__all__, "__version__"}
    for name in api.__all__:
        assert getattr(cove, name) is getattr(api, name)


def test_other_names_are_not() -> None:
    with pytest.raises(AttributeError, match="module 'cove' has no attribute 'down'"):
        cove.down  # type: ignore[attr-defined]  # noqa: B018


def test_the_interface_is_loaded_when_it_is_used() -> None:
    script = "import cove, sys; cove.__version__; print([name for name in sys.modules if name.startswith('cove.')])"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
