"""Where Features may lie, and what the option for further ones may be; what is printed, test_read_configuration.py compares."""

from __future__ import annotations

import pytest

from cove.cli.devcontainer.wished import check_places, parse_features
from cove.errors import ConfigurationError, UsageError


def test_further_features() -> None:
    assert parse_features("") == {}
    assert parse_features('{"./a": true}') == {"./a": True}
    for text in ("{", "[]", "7"):
        with pytest.raises(UsageError, match="--additional-features"):
            parse_features(text)


@pytest.mark.parametrize(
    ("name", "config", "allowed"),
    [
        ("./a", "/w/.devcontainer/devcontainer.json", True),
        ("./a/b", "/w/.devcontainer/devcontainer.json", True),
        ("../a", "/w/.devcontainer/x/devcontainer.json", True),
        ("../a", "/w/.devcontainer/devcontainer.json", False),
        ("./a", "/w/.devcontainer.json", False),
        ("./.devcontainer/a", "/w/.devcontainer.json", True),
        ("./.devcontainer/../a", "/w/.devcontainer.json", False),
        ("ghcr.io/a/b", "/w/.devcontainer.json", True),
        ("https://example.org/devcontainer-feature-a.tgz", "/w/.devcontainer.json", True),
        ("https://example.org/a.tgz", "/w/.devcontainer.json", False),
    ],
)
def test_places(name: str, config: str, *, allowed: bool) -> None:
    if allowed:
        check_places([name], config, "/w")
    else:
        with pytest.raises(ConfigurationError, match=r"Feature"):
            check_places([name], config, "/w")
