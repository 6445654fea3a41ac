"""Trials of Features, planned."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING, Any

import pytest

from cove.errors import ConfigurationError
from cove.spec.trials import LIBRARY, LIBRARY_NAME, choose_others, plan_default, plan_duplicate, plan_scenario

if TYPE_CHECKING:
    from pathlib import Path

FAVORITE = {"type": "string", "enum": ["red", "gold", "green"], "default": "gold"}


def test_all_with_their_defaults() -> None:
    trial = plan_default(["a", "b"], "debian", "")
    assert trial.config == {"image": "debian", "features": {"./a": {}, "./b": {}}}
    assert (trial.sources, trial.script) == ((("a", "a"), ("b", "b")), "test.sh")
    assert plan_default([], "debian", "dev").config["remoteUser"] == "dev"


def test_a_scenario() -> None:
    config: Any = {"image": "x", "features": {"a": {"v": 1}, "ghcr.io/x/y/z": {}, "./c": {}}}
    trial = plan_scenario("s", config, "p")
    assert trial.config["features"] == {"./a": {"v": 1}, "ghcr.io/x/y/z": {}, "./c": {}}
    assert (trial.sources, trial.script, trial.extra) == ((("a", "a"),), "s.sh", "s")


@pytest.mark.parametrize(
    ("name", "config", "message"),
    [
        ("s", {"image": "x"}, "Scenario 's' is missing Features!"),
        ("s", [], "is missing Features!"),
        ("../s", {"features": {}}, "cannot be the name"),
        ("", {"features": {}}, "cannot be the name"),
    ],
)
def test_no_scenario(name: str, config: Any, message: str) -> None:
    with pytest.raises(ConfigurationError, match=message):
        plan_scenario(name, config, "p")


def test_installed_twice() -> None:
    options = {
        "favorite": FAVORITE,
        "on-off": {"type": "boolean", "default": True},
        "free": {"type": "string"},
    }
    trial = plan_duplicate("color", {"options": options}, "debian", "dev", lambda _: 0)  # type: ignore[dict-item]
    assert trial.name == "color executed twice with randomized options"
    assert trial.config["features"] == {"./color": {"favorite": "red", "on-off": False}, "./color-0": {}}
    assert trial.sources == (("color", "color"), ("color", "color-0"))
    assert trial.env == {
        "FAVORITE": "red",
        "ON_OFF": "false",
        "FAVORITE__DEFAULT": "gold",
        "ON_OFF__DEFAULT": "true",
    }
    assert plan_duplicate("a", {}, "debian", "", lambda _: 0).config["features"] == {"./a": {}, "./a-0": {}}


@pytest.mark.parametrize(
    ("option", "at", "expected"),
    [
        (FAVORITE, 0, {"o": "red"}),
        (FAVORITE, 1, {"o": "green"}),
        ({**FAVORITE, "default": "green"}, 2, {"o": "red"}),
        ({**FAVORITE, "default": "none of them"}, 0, {"o": "gold"}),
        ({"type": "string", "proposals": ["a", "b"]}, 0, {"o": "b"}),
        ({"type": "string", "proposals": ["a"], "default": "a"}, 0, {"o": "a"}),
        ({"type": "string", "proposals": []}, 0, {}),
        ({"type": "boolean"}, 0, {"o": True}),
        ({}, 0, {}),
    ],
)
def test_other_than_the_default(option: Any, at: int, expected: dict[str, object]) -> None:
    assert choose_others({"o": option}, lambda _: at) == expected


@pytest.mark.parametrize(
    ("script", "code", "said"),
    [
        ("check 'a b' true", 0, "✅  Passed 'a b'!"),
        ("check a test 'x y' = 'x y'", 0, "Test Passed!"),
        ("check a false || true", 1, "💥  Failed tests: a"),
        ("check a false", 1, "❌ a check failed."),
        ("checkMultiple a 1 false true", 0, "✅ Passed!"),
        ("checkMultiple a 2 false true || true; check b false || true", 1, "💥  Failed tests: a b"),
        ("checkMultiple a 1 'test -d /' '' false", 0, "✅ Passed!"),
        ("test -d $SCRIPT_FOLDER -a $USERNAME = root -a -n $HOME", 0, "Test Passed!"),
        ("echoStderr hello", 0, "hello"),
    ],
)
def test_the_library(tmp_path: Path, script: str, code: int, said: str) -> None:
    (tmp_path / LIBRARY_NAME).write_text(LIBRARY)
    (tmp_path / "t.sh").write_text(f"set -e\nsource {LIBRARY_NAME}\n{script}\nreportResults\n")
    done = subprocess.run(
        ("bash", "./t.sh"), cwd=tmp_path, env={"PATH": "/usr/bin:/bin"}, capture_output=True, text=True, check=False
    )  # fmt: skip
    assert (done.returncode, said in done.stdout + done.stderr) == (code, True), done
