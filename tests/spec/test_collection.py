"""What is added to manifests when they are packed."""

from __future__ import annotations

from typing import Any

import pytest

from cove.errors import ConfigurationError
from cove.spec.collection import (
    FEATURE,
    TEMPLATE,
    check_manifest,
    choose_type,
    complete_feature,
    complete_template,
    parse_resource,
    render_collection,
)


def test_a_renamed_feature_says_its_present_name() -> None:
    assert complete_feature({"id": "a"}) == {"id": "a"}
    assert complete_feature({"id": "a", "legacyIds": []}) == {"id": "a", "legacyIds": []}
    assert complete_feature({"id": "a", "legacyIds": ["b"]})["currentId"] == "a"


@pytest.mark.parametrize(
    ("config", "kind"),
    [
        ({"image": "a", "dockerFile": "b"}, "image"),
        ({"dockerFile": "b"}, "dockerfile"),
        ({"build": {"dockerfile": "b"}}, "dockerfile"),
        ({"dockerComposeFile": "c", "build": {}}, "dockerCompose"),
    ],
)
def test_types(config: Any, kind: str) -> None:
    assert choose_type(config, "p") == kind


def test_no_type() -> None:
    with pytest.raises(ConfigurationError, match='missing one of "image"'):
        choose_type({"build": {"args": {}}}, "p")


def test_a_template_says_what_is_in_it() -> None:
    document: Any = {"id": "t", "optionalPaths": [".github/*", "docs/*", "a.txt", "none/*", "/*", 3]}
    config: Any = {"image": "a", "features": {"ghcr.io/a/b/Go:1": {}, "./local": {}, "git": "latest"}}
    files = [".devcontainer.json", ".github/ci.yml", ".github2", "docs/a", "docs/b"]
    assert complete_template(document, config, files, "p") == {
        "id": "t",
        "optionalPaths": [".github/ci.yml", "docs/*", "a.txt", "none/*", "/*", 3],
        "type": "image",
        "files": files,
        "fileCount": 5,
        "featureIds": ["ghcr.io/a/b/go"],
    }


@pytest.mark.parametrize(
    ("text", "resource"),
    [
        ("ghcr.io/a/b/c", "ghcr.io/a/b/c"),
        ("GHCR.io/a/B:1.2", "ghcr.io/a/b"),
        ("localhost:5000/a/b", "localhost:5000/a/b"),
        ("ghcr.io/a/b@sha256:00", "ghcr.io/a/b"),
        ("ghcr.io/a/b@md5:00", ""),
        ("ghcr.io/a/b:", ""),
        ("ghcr.io/a//b", ""),
        ("ghcr.io/a", ""),
        ("https://x.org/a/b.tgz", ""),
        ("./a/b/c", ""),
        ("", ""),
    ],
)
def test_resources(text: str, resource: str) -> None:
    assert parse_resource(text) == resource


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ({"id": "a", "version": "1.0.0"}, r"'id', 'version', 'name' \(name\)"),
        ({}, r"\(id, version, name\)"),
        ({"id": 1, "version": "1", "name": "n"}, "`id` must be a string"),
        ({"id": "../a", "version": "1", "name": "n"}, "not the name of a folder"),
    ],
)
def test_what_every_one_must_have(document: Any, message: str) -> None:
    with pytest.raises(ConfigurationError, match=message):
        check_manifest(document, FEATURE, "p")


def test_the_collections_file() -> None:
    text = render_collection(TEMPLATE, [{"id": "ä", "options": {}}])
    assert text.startswith('{\n    "sourceInformation": {\n        "source": "devcontainer-cli"\n    },\n')
    assert '"templates": [\n        {\n            "id": "ä",\n            "options": {}\n' in text
    assert (TEMPLATE.manifest, FEATURE.archive("go")) == (
        "devcontainer-template.json",
        "devcontainer-feature-go.tgz",
    )
