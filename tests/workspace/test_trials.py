"""Trials of Features, on an engine in memory; tests/live/test_trials.py runs real ones."""

from __future__ import annotations

import json
import os
import tempfile
from typing import TYPE_CHECKING

import pytest

from cove.errors import ConfigurationError, CoveError
from cove.host import files
from cove.host.proc import CommandTimeout
from cove.workspace.trials import TrialRequest, Verdict, open_to_all, run_trials

if TYPE_CHECKING:
    from pathlib import Path

    from cove.testing import FakeEngine
    from cove.workspace.session import Session


class Said:
    """What was said."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def __call__(self, text: str, sign: str = "") -> None:
        self.lines.append(f"{sign} {text}")


@pytest.fixture
def collection(engine: FakeEngine, tmp_path: Path) -> Path:
    engine.add_image("debian")
    folder = tmp_path / "features"
    for name, text in {
        "src/go/devcontainer-feature.json": '{"id": "go", "version": "1.0.0", "name": "Go"}',
        "src/go/install.sh": "",
        "test/go/test.sh": "",
        "test/go/one.sh": "",
        "test/go/two.sh": "",
        "test/go/duplicate.sh": "",
        "test/go/one/Extra": "extra",
        "test/go/scenarios.json": json.dumps(
            {name: {"image": "debian", "features": {"go": {}}} for name in ("one", "two")}
        ),
    }.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return folder


def test_all_kinds(session: Session, engine: FakeEngine, collection: Path) -> None:
    said = Said()
    request = TrialRequest(str(collection), image="debian")
    assert run_trials(session, request, said, lambda _: 0) == [
        Verdict("go", True),
        Verdict("one", True),
        Verdict("two", True),
        Verdict("go executed twice with randomized options", True),
    ]
    scripts = [argv[-1] for argv in engine.runner.argvs if argv[-1].startswith("./")]
    assert scripts == ["./test.sh", "./one.sh", "./two.sh", "./duplicate.sh"]
    assert not engine.containers({"devcontainer.is_test_run": "true"})
    assert any("Cleaning up 4 test containers" in line for line in said.lines)
    assert any("No scenario file found" in line for line in said.lines), "there is no test/_global"


def test_another_cove_that_clears_up_takes_nothing_away(
    session: Session, collection: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))

    def clear_up(*_: object) -> None:
        files.remove_scratch()

    request = TrialRequest(str(collection), image="debian")
    assert all(verdict.passed for verdict in run_trials(session, request, clear_up, lambda _: 0))
    assert not [path for path in tmp_path.iterdir() if path.name.startswith(files.SCRATCH)]


def test_what_a_container_wrote_is_opened_to_us(
    session: Session, engine: FakeEngine, collection: Path
) -> None:
    engine.runner.answer("docker exec chmod", error=CommandTimeout("slow"))
    request = TrialRequest(str(collection), image="debian", scenarios=False, duplicates=False)
    run_trials(session, request, Said(), lambda _: 0)
    assert engine.runner.argvs[-1][-4:] == ("chmod", "-R", "777", "/workspaces/trial-1")


def test_chosen_ones(session: Session, engine: FakeEngine, collection: Path) -> None:
    request = TrialRequest(
        str(collection), features=("go",), filter="two", defaults=False, duplicates=False, keep=True
    )
    said = Said()
    assert run_trials(session, request, said, lambda _: 0) == [Verdict("two", True)]
    (container,) = engine.containers({"devcontainer.is_test_run": "true"})
    folder = container.labels["devcontainer.local_folder"]
    assert {"two.sh", "dev-container-features-test-lib", ".devcontainer"} <= set(os.listdir(folder))
    assert not any("_global" in line for line in said.lines)


def test_a_script_that_fails(session: Session, engine: FakeEngine, collection: Path) -> None:
    engine.runner.answer("docker exec ./two.sh", code=1)
    request = TrialRequest(str(collection), image="debian", defaults=False, duplicates=False)
    assert run_trials(session, request, Said(), lambda _: 0) == [Verdict("one", True), Verdict("two", False)]


def test_global_ones(session: Session, collection: Path) -> None:
    folder = collection / "test" / "_global"
    folder.mkdir()
    (folder / "all.sh").touch()
    (folder / "scenarios.json").write_text('{"all": {"image": "debian", "features": {"go": "1"}}}')
    request = TrialRequest(str(collection), global_only=True)
    assert run_trials(session, request, Said(), lambda _: 0) == [Verdict("all", True)]


@pytest.mark.parametrize(
    ("missing", "message"),
    [
        ("src", "does not contain the required 'src' and 'test' folders"),
        ("test/go/test.sh", r"Could not find test.sh script"),
        ("test/go/one.sh", "No scenario test script found"),
        ("src/go", "does not exist for the 'go' Feature"),
    ],
)
def test_what_is_missing(
    session: Session, engine: FakeEngine, collection: Path, missing: str, message: str
) -> None:
    os.rename(collection / missing, collection / "elsewhere")
    with pytest.raises(CoveError, match=message):
        run_trials(session, TrialRequest(str(collection), image="debian"), Said(), lambda _: 0)
    assert not engine.containers({"devcontainer.is_test_run": "true"})


def test_no_features(session: Session, collection: Path) -> None:
    for name in ("test.sh", "one.sh", "two.sh", "duplicate.sh", "one/Extra", "scenarios.json"):
        (collection / "test" / "go" / name).unlink()
    (collection / "test" / "go" / "one").rmdir()
    (collection / "test" / "go").rmdir()
    with pytest.raises(ConfigurationError, match="No features specified"):
        run_trials(session, TrialRequest(str(collection)), Said(), lambda _: 0)


def test_everyone_may(tmp_path: Path) -> None:
    (tmp_path / "a" / "b").mkdir(parents=True, mode=0o700)
    (tmp_path / "a" / "b" / "c").touch(mode=0o600)
    (tmp_path / "a" / "link").symlink_to("/etc/passwd")
    open_to_all(f"{tmp_path}/a")
    assert {(tmp_path / name).stat().st_mode & 0o777 for name in ("a", "a/b", "a/b/c")} == {0o777}
