from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from cove.errors import ConfigurationError
from cove.spec.features import (
    FeatureManifest,
    LocalReference,
    OciReference,
    TarballReference,
    missing_manifest,
    option_variable,
    parse_installed_name,
    parse_manifest,
    parse_options,
    parse_reference,
    resolve_options,
)
from cove.spec.narrow import Spot

if TYPE_CHECKING:
    from cove.spec.features import Reference
    from cove.spec.jsonc import JsonValue

SHA = "sha256:" + "a" * 64


def parse(text: str) -> Reference:
    return parse_reference(
        text, here="/repo/.devcontainer", spot=Spot('{"features": {}}', "d.json") / "features"
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("ghcr.io/devcontainers/features/node", OciReference("ghcr.io", "devcontainers/features/node")),
        ("ghcr.io/devcontainers/features/node:1.2.3", OciReference("ghcr.io", "devcontainers/features/node", "1.2.3")),
        ("GHCR.io/Devcontainers/Features/Node:1", OciReference("ghcr.io", "devcontainers/features/node", "1")),
        (f"ghcr.io/a/b@{SHA}", OciReference("ghcr.io", "a/b", "latest", SHA)),
        (f"ghcr.io/a/b:1@{SHA}", OciReference("ghcr.io", "a/b", "1", SHA)),
        ("localhost:5000/a", OciReference("localhost:5000", "a")),
        ("127.0.0.1:5000/a/b:1", OciReference("127.0.0.1:5000", "a/b", "1")),
        ("https://example.com/x/devcontainer-feature-go.tgz", TarballReference("https://example.com/x/devcontainer-feature-go.tgz")),
        ("http://127.0.0.1:8000/devcontainer-feature-go.tgz", TarballReference("http://127.0.0.1:8000/devcontainer-feature-go.tgz")),
        ("./mine", LocalReference("/repo/.devcontainer/mine")),
        ("../shared/mine", LocalReference("/repo/shared/mine")),
    ],
)  # fmt: skip
def test_references(text: str, expected: Reference) -> None:
    assert parse(text) == expected


def test_what_a_reference_is_called() -> None:
    oci, tarball, local = (
        parse("ghcr.io/a/b/node:1"),
        parse("https://e.com/devcontainer-feature-go.tgz"),
        parse("./mine"),
    )
    assert [(found.resource, found.id) for found in (oci, tarball, local)] == [
        ("ghcr.io/a/b/node", "node"),
        ("https://e.com/devcontainer-feature-go.tgz", "go"),
        ("/repo/.devcontainer/mine", "mine"),
    ]
    assert "is no Feature" in missing_manifest(local, "").message


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        ("node", "named in the old way", "ghcr.io/devcontainers/features/node"),
        ("node@latest", "named in the old way", "ghcr.io/devcontainers/features/node"),
        ("owner/repository/node", "neither REGISTRY", "GitHub"),
        ("owner/repository/node@v1", "neither REGISTRY", "GitHub"),
        ("/absolute", "absolute path", "./"),
        ("http://example.com/x.tgz", "without encryption", "https"),
        ("ghcr.io/a/b:", "neither REGISTRY", ""),
        ("ghcr.io/a/b@sha256:1234", "neither REGISTRY", ""),
        ("ghcr.io/a/../b c", "neither REGISTRY", ""),
    ],
)
def test_what_cannot_be_fetched(text: str, message: str, hint: str) -> None:
    with pytest.raises(ConfigurationError, match=rf"d\.json:1:\d+: .*{message}") as caught:
        parse(text)
    assert hint in caught.value.hint


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({}, {}),
        ("1.18", {"version": "1.18"}),
        (True, {}),
        ({"a": True, "b": "x"}, {"a": True, "b": "x"}),
    ],
)
def test_options(value: JsonValue, expected: dict[str, str | bool]) -> None:
    assert parse_options(value, Spot()) == expected


@pytest.mark.parametrize("value", [3, None, [], {"a": 3}, {"a": None}])
def test_wrong_options(value: JsonValue) -> None:
    with pytest.raises(ConfigurationError):
        parse_options(value, Spot())


MANIFEST = """{
  // comments are allowed
  "id": "go", "version": "1.2.3", "name": "Go", "documentationURL": "https://go.dev", "currentId": "golang",
  "legacyIds": ["go-lang"], "deprecated": true,
  "options": {"version": {"type": "string", "default": "latest"}, "tools": {"type": "boolean", "default": true}, "x": {}},
  "dependsOn": {"ghcr.io/a/base:1": {"flag": true}}, "installsAfter": ["ghcr.io/a/utils"],
  "containerEnv": {"GOROOT": "/usr/local/go"}, "init": true, "privileged": null,
  "mounts": [{"source": "v-${devcontainerId}", "target": "/v", "type": "volume"}],
  "remoteUser": "not-for-features", "postCreateCommand": "go version"
}"""


def test_a_manifest() -> None:
    found = parse_manifest(MANIFEST, "f.json")
    assert (found.id, found.version, found.name, found.deprecated) == ("go", "1.2.3", "Go", True)
    assert found.defaults == {"version": "latest", "tools": True}
    assert found.depends_on == {"ghcr.io/a/base:1": {"flag": True}}
    assert found.installs_after == ("ghcr.io/a/utils",)
    assert found.aliases == ("golang", "go-lang")
    assert found.container_env == {"GOROOT": "/usr/local/go"}
    assert found.layer.init is True
    assert found.layer.mounts is not None
    assert found.layer.remote_user is None
    assert found.layer.container_env is None
    assert set(found.layer.written) == {"init", "mounts", "postCreateCommand"}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "f.json"),
        ("[]", "f.json"),
        ("{}", "has no `id`"),
        ('{"id": 3}', "`id` must be a string"),
        ('{"id": "x", "installsAfter": "y"}', "`installsAfter` must be an array"),
        ('{"id": "x", "options": {"a": 1}}', "must be an object"),
        ('{"id": "x",\n"mounts": 1}', r"f\.json:2:1"),
    ],
)
def test_what_is_no_manifest(text: str, message: str) -> None:
    with pytest.raises(ConfigurationError, match=message):
        parse_manifest(text, "f.json")


def test_options_as_given_else_their_defaults() -> None:
    manifest = FeatureManifest("go", defaults={"version": "latest", "tools": True})
    assert resolve_options(manifest, {"version": "1.2", "other": False}) == {
        "version": "1.2",
        "tools": True,
        "other": False,
    }


@pytest.mark.parametrize(
    ("name", "variable"),
    [
        ("version", "VERSION"),
        ("install-tools", "INSTALL_TOOLS"),
        ("aB", "AB"),
        ("2nd", "_ND"),
        ("a.b", "A_B"),
        ("é", "_"),
    ],
)
def test_variables(name: str, variable: str) -> None:
    assert option_variable(name) == variable


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("ghcr.io/A/b:1", "ghcr.io/a/b"),
        (f"ghcr.io/a/b@{SHA}", "ghcr.io/a/b"),
        ("localhost:5000/a", "localhost:5000/a"),
        ("node", "node"),
    ],
)
def test_names_without_versions(text: str, name: str) -> None:
    assert parse_installed_name(text) == name
