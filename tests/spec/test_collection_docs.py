"""The README.md of Features and Templates; the live test compares whole ones with the reference's."""

from __future__ import annotations

from typing import Any

from cove.spec.collection import FEATURE, TEMPLATE
from cove.spec.collection_docs import Whereabouts, render_readme

HERE = Whereabouts("ghcr.io", "ada/features", "ada", "things", "./src")
LINK = "https://github.com/ada/things/blob/main/src/go/devcontainer-feature.json"
GO: dict[str, Any] = {
    "id": "go",
    "name": "Go",
    "version": "1.2.3",
    "description": "costs $& and #{Notes}",
    "options": {
        "version": {"type": "string", "default": "", "description": "which"},
        "lint": {"type": "boolean", "default": False},
        "odd": {},
    },
    "customizations": {"vscode": {"extensions": ["golang.Go"]}},
}


def test_a_feature() -> None:
    text = render_readme(GO, FEATURE, HERE, "go", "Mind the gap.").replace(LINK, "LINK")
    expected = """
# Go (go)

costs $& and #{Notes}

## Example Usage

```json
"features": {
    "ghcr.io/ada/features/go:1": {}
}
```

## Options

| Options Id | Description | Type | Default Value |
|-----|-----|-----|-----|
| version | which | string | - |
| lint | - | boolean | false |
| odd | - | - | undefined |

## Customizations

### VS Code Extensions

- `golang.Go`

Mind the gap.

---

_Note: This file was auto-generated from the [devcontainer-feature.json](LINK).  Add additional notes \
to a `NOTES.md`._
"""
    assert text == expected


def test_what_is_old() -> None:
    old = {"id": "a", "deprecated": True, "legacyIds": ["b", "c"], "customizations": {"vscode": []}}
    text = render_readme(old, FEATURE, Whereabouts(), "a", "")
    assert text.startswith("### **IMPORTANT NOTE**\n- **This Feature is deprecated,")
    assert "past - 'b', 'c'**\n\n# a\n" in text
    assert "Customizations" not in text
    assert "/a:latest" in text


def test_a_template() -> None:
    text = render_readme({"id": "t"}, TEMPLATE, HERE._replace(repository=""), "t", "")
    assert text.startswith("\n# t\n\n\n\n\n\n\n\n---\n")
    assert "[devcontainer-template.json](devcontainer-template.json)" in text
