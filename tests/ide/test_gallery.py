"""The gallery's protocol: questions, answers, and which version to take."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cove.errors import ConfigurationError
from cove.ide.gallery import (
    OPEN_VSX,
    Gallery,
    Release,
    choose_release,
    fits_engine,
    parse_answer,
    parse_gallery,
    render_gallery_env,
    render_query,
    version_key,
)

ANSWER = {
    "results": [
        {
            "extensions": [
                {
                    "publisher": {"publisherName": "Acme"},
                    "extensionName": "Hello",
                    "versions": [
                        {
                            "version": "1.2.0",
                            "targetPlatform": "linux-x64",
                            "files": [
                                {
                                    "assetType": "Microsoft.VisualStudio.Services.VSIXPackage",
                                    "source": "http://x/1",
                                }
                            ],
                            "properties": [
                                {"key": "Microsoft.VisualStudio.Code.Engine", "value": "^1.90.0"},
                                {
                                    "key": "Microsoft.VisualStudio.Code.ExtensionDependencies",
                                    "value": "a.b, C.d",
                                },
                                {"key": "Microsoft.VisualStudio.Code.ExtensionPack", "value": "a.b"},
                                {"key": "Microsoft.VisualStudio.Code.PreRelease", "value": "true"},
                            ],
                        },
                        {"version": "1.1.0", "targetPlatform": "web", "assetUri": "http://x/asset"},
                    ],
                },
                {"extensionName": "without a publisher"},
            ]
        }
    ]
}


def test_parse_answer_reads_what_matters() -> None:
    assert parse_answer(json.dumps(ANSWER).encode()) == {
        "acme.hello": (
            Release(
                "acme.hello", "1.2.0", "linux-x64", "^1.90.0", "http://x/1", ("a.b", "c.d"), preview=True
            ),
            Release(
                "acme.hello",
                "1.1.0",
                "web",
                "*",
                "http://x/asset/Microsoft.VisualStudio.Services.VSIXPackage?targetPlatform=web",
            ),
        )
    }


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b'{"results": 3}', b'{"results": [3]}'])
def test_parse_answer_refuses_what_is_no_gallery(body: bytes) -> None:
    with pytest.raises(ConfigurationError, match="protocol"):
        parse_answer(body)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["results", "extensions", "versions", "files", "properties", "version", "publisher"]
            ),
            inner,
            max_size=3,
        )
    ),
    max_leaves=12,
)


@given(json_values)
def test_parse_answer_never_breaks(value: object) -> None:
    body = json.dumps({"results": [{"extensions": [value]}]}).encode()
    assert parse_answer(body) == {}


def test_render_query_asks_for_all_at_once() -> None:
    page = json.loads(render_query(["a.b", "c.d"]))["filters"][0]
    assert page["pageSize"] == 2
    assert [item["value"] for item in page["criteria"] if item["filterType"] == 7] == ["a.b", "c.d"]


def release(
    version: str, platform: str = "universal", engine: str = "*", *, preview: bool = False
) -> Release:
    return Release("a.b", version, platform, engine, "", (), preview)


@pytest.mark.parametrize(
    ("releases", "wanted", "expected"),
    [
        ([release("1.9.0"), release("1.10.0")], "", "1.10.0"),
        ([release("1.9.0"), release("1.10.0")], "1.9.0", "1.9.0"),
        ([release("1.0.0"), release("1.1.0", preview=True)], "", "1.0.0"),
        ([release("1.1.0", preview=True)], "", "1.1.0"),
        ([release("1.0.0"), release("1.1.0", preview=True)], "1.1.0", "1.1.0"),
        ([release("1.0.0"), release("2.0.0", engine="^1.200.0")], "", "1.0.0"),
        ([release("1.0.0", "win32-x64"), release("1.0.0", "alpine-x64")], "", None),
        ([], "", None),
    ],
)
def test_choose_release(releases: list[Release], wanted: str, expected: str | None) -> None:
    found = choose_release(releases, platform="linux-x64", code_version="1.139.1", version=wanted)
    assert (found.version if found else None) == expected


def test_choose_release_prefers_this_platform_to_all() -> None:
    both = [release("1.0.0"), release("1.0.0", "linux-x64"), release("1.0.0", "linux-arm64")]
    found = choose_release(both, platform="linux-x64", code_version="1.139.1")
    assert found is not None
    assert found.platform == "linux-x64"


@pytest.mark.parametrize(
    ("wanted", "fits"),
    [
        ("*", True),
        ("", True),
        ("^1.139.0", True),
        ("^1.139.2", False),
        ("^1.140.0", False),
        ("1.90.x", True),
        ("^0.10.0", False),
        (">=1.100.0", True),
        ("^1.139.1-insider", True),
        ("^2.0.0", False),
        ("any", True),
    ],
)
def test_fits_engine(wanted: str, fits: bool) -> None:
    assert fits_engine(wanted, "1.139.1") is fits


def test_version_key_orders_numbers() -> None:
    assert sorted(["1.10.0", "1.9.9", "2", "1.9"], key=version_key) == ["1.9", "1.9.9", "1.10.0", "2"]


def test_galleries_from_settings() -> None:
    assert parse_gallery("https://g.example/vscode/gallery/") == Gallery("https://g.example/vscode/gallery")
    text = '{"serviceUrl": "https://g.example/x", "itemUrl": "y"}'
    assert parse_gallery(text) == Gallery("https://g.example/x", text)
    for wrong in ("", "g.example", '{"itemUrl": "x"}', '{"serviceUrl": "file:///x"}', "[]"):
        with pytest.raises(ConfigurationError, match="gallery"):
            parse_gallery(wrong)


def test_render_gallery_env() -> None:
    assert render_gallery_env(OPEN_VSX) == ""
    assert (
        render_gallery_env(Gallery("https://g/x", '{"serviceUrl": "https://g/x"}'))
        == '{"serviceUrl": "https://g/x"}'
    )
    made = json.loads(render_gallery_env(Gallery("https://g.example/vscode/gallery")))
    assert made["serviceUrl"] == "https://g.example/vscode/gallery"
    assert made["itemUrl"] == "https://g.example/vscode/item"
