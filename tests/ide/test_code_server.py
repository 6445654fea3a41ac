"""The editor's data agrees with itself and with the files beside it."""

from __future__ import annotations

from pathlib import Path

from cove.ide import code_server

STAND_INS = Path(code_server.__file__).parent / "stand_ins"


def test_every_compiled_module_has_its_stand_in() -> None:
    replaced = {target.partition("node_modules/")[2] for target in code_server.STAND_INS.values()}
    assert replaced == set(code_server.COMPILED)
    assert {path.name for path in STAND_INS.iterdir()} == set(code_server.STAND_INS)
    for name in code_server.STAND_INS:
        assert (STAND_INS / name / "index.js").is_file()


def test_no_stand_in_is_trimmed_away() -> None:
    assert not set(code_server.STAND_INS.values()) & set(code_server.TRIMMED)


def test_patterns_stay_below_the_package() -> None:
    assert not [pattern for pattern in code_server.TRIMMED if pattern.startswith("/") or ".." in pattern]


def test_flags_keep_the_door_shut() -> None:
    assert {"--disable-proxy", "--config=/dev/null"} <= set(code_server.FLAGS)
    assert "--reconnection-grace-time=2419200" in code_server.FLAGS


def test_each_architecture_has_all_its_names() -> None:
    assert set(code_server.NODE_ARCHES) == set(code_server.WHEEL_PLATFORMS) == set(code_server.UV_PLATFORMS)
