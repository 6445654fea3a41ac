"""What Features depend on, without installing them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from cove.errors import ConfigurationError
from cove.spec.order import render_key
from cove.workspace.feature_graph import read_configured_graph

if TYPE_CHECKING:
    from pathlib import Path

    from cove.workspace.session import Session


def write(folder: Path, config: object, **features: object) -> str:
    for name, more in features.items():
        (folder / name).mkdir()
        manifest = {"id": name, "version": "1.0.0", **(more if isinstance(more, dict) else {})}
        (folder / name / "devcontainer-feature.json").write_text(json.dumps(manifest))
        (folder / name / "install.sh").touch()
    path = folder / ".devcontainer.json"
    path.write_text(json.dumps(config))
    return str(path)


def test_a_graph(session: Session, tmp_path: Path) -> None:
    config = {
        "features": {"./a": {}, "./b": "2", "./c": {}},
        "overrideFeatureInstallOrder": ["./c"],
    }
    path = write(tmp_path, config, a={"dependsOn": {"./d": {"on": True}}}, b={}, c={}, d={})
    graph = read_configured_graph(session, str(tmp_path), path)
    assert [want.text for want in graph.wanted] == ["./a", "./b", "./c"]
    assert [node.wanted.text for node in graph.plan()] == ["./c", "./b", "./d", "./a"]
    assert [graph.written[render_key(node.wanted)] for node in graph.plan()] == [{}, "2", {"on": True}, {}]
    assert not (tmp_path / ".devcontainer-lock.json").exists()


def test_one_feature_with_two_options(session: Session, tmp_path: Path) -> None:
    path = write(tmp_path, {"features": {"./a": {}, "./b": {}}}, a={"dependsOn": {"./b": {"x": "1"}}}, b={})
    graph = read_configured_graph(session, str(tmp_path), path)
    found = [(node.wanted.text, graph.written[render_key(node.wanted)]) for node in graph.plan()]
    assert found == [("./b", {}), ("./b", {"x": "1"}), ("./a", {})]


def test_a_circle(session: Session, tmp_path: Path) -> None:
    circle = {"a": {"dependsOn": {"./b": {}}}, "b": {"dependsOn": {"./a": {}}}}
    path = write(tmp_path, {"features": {"./a": {}}}, **circle)
    with pytest.raises(ConfigurationError, match="wait for each other"):
        read_configured_graph(session, str(tmp_path), path).plan()


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({"features": {}}, "Could not parse features object"),
        ({}, "Could not parse features object"),
        ({"features": []}, "Could not parse features object"),
    ],
)
def test_no_features(session: Session, tmp_path: Path, config: object, message: str) -> None:
    with pytest.raises(ConfigurationError, match=message):
        read_configured_graph(session, str(tmp_path), write(tmp_path, config))


def test_no_file(session: Session, tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"Dev container config \(.*\) not found"):
        read_configured_graph(session, str(tmp_path), f"{tmp_path}/.devcontainer.json")
