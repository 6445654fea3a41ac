from __future__ import annotations

import json

import pytest

from cove.errors import ConfigurationError
from cove.spec.features import FeatureManifest, LocalReference, OciReference, TarballReference
from cove.spec.lock import Locked, lock_path, parse_lock, render_lock
from cove.spec.order import Resolved, Wanted

SHA = "sha256:" + "a" * 64
ORDER = (
    Resolved(Wanted("./mine", {}), LocalReference("/r/mine"), FeatureManifest("mine", "1.0.0")),
    Resolved(
        Wanted("ghcr.io/x/Node:1", {"version": "20"}),
        OciReference("ghcr.io", "x/node", "1"),
        FeatureManifest("node", "1.0.4", depends_on={"ghcr.io/x/base:2": {}}),
        SHA,
    ),
    Resolved(
        Wanted("https://e.com/f.tgz", {}),
        TarballReference("https://e.com/f.tgz"),
        FeatureManifest("f", "2.0.0"),
        SHA,
    ),
)


@pytest.mark.parametrize(
    ("config", "lock"),
    [
        ("/r/.devcontainer/devcontainer.json", "/r/.devcontainer/devcontainer-lock.json"),
        ("/r/.devcontainer.json", "/r/.devcontainer-lock.json"),
        ("/r/.devcontainer/gpu/devcontainer.json", "/r/.devcontainer/gpu/devcontainer-lock.json"),
    ],
)
def test_where_it_is(config: str, lock: str) -> None:
    assert lock_path(config) == lock


def test_round_trip() -> None:
    text = render_lock(ORDER)
    assert json.loads(text) == {
        "features": {
            "ghcr.io/x/Node:1": {
                "version": "1.0.4",
                "resolved": f"ghcr.io/x/node@{SHA}",
                "integrity": SHA,
                "dependsOn": ["ghcr.io/x/base:2"],
            },
            "https://e.com/f.tgz": {"version": "2.0.0", "resolved": "https://e.com/f.tgz", "integrity": SHA},
        }
    }
    assert text.endswith("}\n")
    assert parse_lock(text, "l.json") == {
        "ghcr.io/x/node:1": Locked("1.0.4", f"ghcr.io/x/node@{SHA}", SHA),
        "https://e.com/f.tgz": Locked("2.0.0", "https://e.com/f.tgz", SHA),
    }


@pytest.mark.parametrize("text", ["", "  \n", "{}", '{"features": {}}'])
def test_nothing_locked(text: str) -> None:
    assert parse_lock(text, "l.json") == {}


@pytest.mark.parametrize(
    "text",
    [
        "[]",
        '{"features": []}',
        '{"features": {"a": 1}}',
        '{"features": {"a": {"version": "1", "resolved": "x"}}}',
        '{"features": {"a": {"version": "1", "resolved": "x", "integrity": "../../x"}}}',
    ],
)
def test_what_is_no_lockfile(text: str) -> None:
    with pytest.raises(ConfigurationError, match=r"l\.json"):
        parse_lock(text, "l.json")
