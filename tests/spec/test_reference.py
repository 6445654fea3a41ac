"""The reference's shapes, as pure functions; what it really prints is compared in tests/cli/devcontainer."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cove.spec.layer import parse_layer
from cove.spec.merge import merge_layers
from cove.spec.reference import (
    fold_old_members,
    merge_documents,
    parse_metadata,
    pick,
    render_file_path,
    render_mount,
)


@pytest.mark.parametrize(
    ("label", "entries"),
    [
        ("", []),
        ('{"init": true}', [{"init": True}]),
        ('[{"id": "a"}, 3, {"id": "b"}]', [{"id": "a"}, {"id": "b"}]),
        ("no JSON", []),
        ("7", []),
    ],
)
def test_labels(label: str, entries: list[Any]) -> None:
    assert parse_metadata(label) == entries


def test_small_shapes() -> None:
    assert pick({"b": 1, "a": 2, "c": 3}, ("a", "b", "x")) == {"a": 2, "b": 1}
    assert render_file_path("/a", named=True)["scheme"] == "file"
    assert render_mount("/a,b", "/w") == 'type=bind,"source=/a,b",target=/w'
    assert fold_old_members({"extensions": None}) == {"extensions": None}


ENTRY = st.fixed_dictionaries(
    {},
    optional={
        "init": st.booleans(),
        "privileged": st.booleans(),
        "capAdd": st.lists(st.sampled_from("ABC"), max_size=3),
        "remoteUser": st.sampled_from(["", "a", "b"]),
        "remoteEnv": st.dictionaries(st.sampled_from("XYZ"), st.none() | st.text(max_size=2)),
        "forwardPorts": st.lists(st.integers(0, 9) | st.sampled_from(["localhost:3", "db:1"]), max_size=3),
        "hostRequirements": st.fixed_dictionaries(
            {}, optional={"cpus": st.integers(1, 9), "memory": st.sampled_from(["1gb", "512mb", "7"])}
        ),
        "postCreateCommand": st.sampled_from(["", "a", ["b", "c"]]),
    },
)


@given(st.lists(ENTRY, max_size=4))
def test_it_merges_as_cove_itself_does(entries: list[dict[str, Any]]) -> None:
    """Two roads to one answer: cove's own merge of layers, and the reference's of documents."""
    ours = merge_layers([parse_layer(entry) for entry in entries])
    theirs = merge_documents({}, entries)
    assert (theirs["init"], theirs["privileged"]) == (ours.init, ours.privileged)
    assert tuple(theirs.get("capAdd", ())) == ours.cap_add
    assert theirs.get("remoteUser") == ours.remote_user
    assert theirs["remoteEnv"] == ours.remote_env
    assert tuple(theirs.get("forwardPorts", ())) == ours.forward_ports
    assert len(theirs["postCreateCommands"]) == len(ours.hooks["postCreateCommand"])
    demands = theirs.get("hostRequirements", {})
    assert demands.get("memory") == ours.host_requirements.get("memory")
    assert (demands.get("cpus") or None) == ours.host_requirements.get("cpus")
