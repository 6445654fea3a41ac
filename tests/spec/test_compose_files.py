"""Compose files that name further ones."""

from __future__ import annotations

from typing import Any

import pytest

from cove.errors import ConfigurationError
from cove.spec.compose_files import named_files, resolve_services

BASE: dict[str, Any] = {
    "services": {
        "common": {"build": "ctx", "environment": {"A": "1", "B": "1"}, "user": "dev"},
        "again": {"extends": {"service": "common"}, "user": "ada"},
    }
}


def test_what_a_file_names() -> None:
    document = {
        "include": ["a.yml", {"path": ["../b.yml", "/c.yml"]}, "oci://x/y", "git@x:y.git", "https://x/y.yml"],
        "services": {
            "app": {"extends": {"file": "base.yml", "service": "common"}},
            "own": {"extends": "app"},
            "empty": None,
        },
    }
    assert named_files(document, "/w/p") == ("/w/p/a.yml", "/w/b.yml", "/c.yml", "/w/p/base.yml")
    assert named_files({}, "/w") == ()


def test_extends() -> None:
    """The base's paths start where its file lies, mappings are merged, everything else is the service's own."""
    app = {"extends": {"file": "sub/base.yml", "service": "again"}, "environment": {"B": "2"}}
    document = {"services": {"app": app, "more": {"extends": "app", "image": "x"}}}
    services = resolve_services(document, "/w/c.yml", "/w", {"/w/sub/base.yml": BASE})
    expected = {"build": {"context": "/w/sub/ctx"}, "environment": {"A": "1", "B": "2"}, "user": "ada"}
    assert services == {"app": expected, "more": {**expected, "image": "x"}}


def test_include() -> None:
    document = {"include": [{"path": "sub/base.yml"}], "services": {"app": {"image": "x"}}}
    services = resolve_services(document, "/w/c.yml", "/w", {"/w/sub/base.yml": BASE})
    assert list(services) == ["common", "again", "app"]
    assert services["common"]["build"] == {"context": "/w/sub/ctx"}
    git = {"services": {"app": {"build": {"context": "https://x/y.git"}}}}
    kept = resolve_services({"include": ["g.yml"]}, "/w/c.yml", "/w", {"/w/g.yml": git})
    assert kept == git["services"]


@pytest.mark.parametrize(
    ("document", "known", "message"),
    [
        ({"services": {"app": {"extends": "none"}}}, {}, "no service `none` to extend"),
        ({"services": {"a": {"extends": "b"}, "b": {"extends": "a"}}}, {}, "the service `a` extends itself"),
        ({"include": ["c.yml"]}, {"/w/c.yml": {"include": ["c.yml"]}}, "it includes itself"),
    ],
)
def test_refused(document: dict[str, Any], known: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigurationError, match=message):
        resolve_services(document, "/w/c.yml", "/w", known)
