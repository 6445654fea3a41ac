from __future__ import annotations

import json
import re
import sys
from importlib.metadata import entry_points
from pathlib import Path

import pytest

from cove.gateway import behind
from cove.gateway.headers import DOOR_HEADER
from cove.jupyter import tile

LABEXTENSION = Path(tile.__file__).parent / "labextension"


def command(entry: dict[str, object]) -> list[str]:
    words = entry["command"]
    assert callable(words)
    return list(words())


def test_over_a_socket_there_is_no_secret() -> None:
    entry = tile.render_server(over_socket=True, secret="")
    assert entry["unix_socket"] is True
    assert "environment" not in entry
    words = command(entry)
    assert words[:6] == [sys.executable, "-P", "-m", "cove.gateway.behind", "--socket", "{unix_socket}"]
    assert behind.parse_words(words[4:]).socket == "{unix_socket}"


def test_over_a_port_jupyter_hands_over_the_secret() -> None:
    entry = tile.render_server(over_socket=False, secret="s3cret")
    assert entry["environment"] == {behind.SECRET_VARIABLE: "s3cret"}
    assert entry["request_headers_override"] == {DOOR_HEADER: "s3cret"}
    assert "s3cret" not in " ".join(command(entry)), "argv is everybody's to read"
    assert "{port}" in command(entry)


def test_the_installed_entry_point() -> None:
    (entry,) = entry_points(group="jupyter_serverproxy_servers", name="cove")
    described = entry.load()()
    assert described["unix_socket"] is True
    assert Path(described["launcher_entry"]["icon_path"]).read_text().startswith("<svg")


@pytest.mark.parametrize(
    ("path", "counts"),
    [
        ("/user/ana/cove/_cove/list", False),
        ("/cove/w/digits/_cove/progress", False),
        ("/cove/w/digits/", True),
        ("/cove/w/digits/proxy/6006/_cove/x", True),
    ],
)
def test_what_a_page_asks_by_itself_is_nobodys_activity(path: str, *, counts: bool) -> None:
    patterns = tile.describe_server()["exclude_last_activity_patterns"]
    assert isinstance(patterns, list)
    assert any(re.match(pattern, path) for pattern in patterns) is not counts


def test_braces_in_a_folders_name(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    odd = tmp_path / "{x}"
    odd.mkdir()
    monkeypatch.chdir(odd)
    words = command(tile.render_server(over_socket=True, secret=""))
    assert words[-1].format(unix_socket="/s") == str(odd)


@pytest.mark.parametrize(
    ("text", "numbers"), [("4.6.0", (4, 6)), ("3.2.4", (3, 2)), ("7", (7, 0)), ("4.10.0rc1", (4, 10))]
)
def test_versions(text: str, numbers: tuple[int, int]) -> None:
    assert tile.parse_version(text) == numbers


def test_what_jupyterlab_loads_is_there() -> None:
    build = json.loads((LABEXTENSION / "package.json").read_text())["jupyterlab"]["_build"]
    assert "_JUPYTERLAB" in (LABEXTENSION / build["load"]).read_text()
