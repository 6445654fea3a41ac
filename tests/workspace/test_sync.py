from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from cove.engines.carrying import Roots
from cove.engines.elsewhere import ThereRunner
from cove.host.openssh import SshAddress, SshConnection
from cove.host.proc import HostRunner
from cove.workspace.session import Session
from cove.workspace.sync import describe_plan, is_ignored, sync_folder

if TYPE_CHECKING:
    from pathlib import Path

    from cove.host.machine import Machine
    from cove.host.proc import Command
    from cove.spec.sync import SyncPlan


class Loop(SshConnection):
    """A connection to this very machine, without a network."""

    def command(self, command: Command, *, tty: bool = False) -> Command:
        """Return the command itself."""
        return command


class Elsewhere(NamedTuple):
    there: ThereRunner
    address: SshAddress


class Pair:
    """A folder here and its counterpart."""

    def __init__(self, machine: Machine, tmp_path: Path) -> None:
        self.here = tmp_path / "repo"
        self.here.mkdir()
        root = str(tmp_path / "far")
        self.there = tmp_path / "far" / str(self.here).lstrip("/")
        self.session = Session(machine, HostRunner())
        runner = ThereRunner(Loop(SshAddress("box"), str(tmp_path), HostRunner()), Roots(root, ()))
        self.engine: Any = Elsewhere(runner, SshAddress("box"))

    def sync(self, **options: Any) -> SyncPlan:
        return sync_folder(self.session, self.engine, str(self.here), "w1", **options)

    def agree(self) -> None:
        subprocess.run(["diff", "-r", "--no-dereference", self.here, self.there], check=True)


@pytest.fixture
def pair(machine: Machine, tmp_path: Path) -> Pair:
    return Pair(machine, tmp_path)


def test_a_folder_comes_there_and_follows(pair: Pair) -> None:
    odd = pair.here / "dir" / "odd \n'name"
    odd.parent.mkdir()
    odd.write_text("1")
    (pair.here / "link").symlink_to("dir")
    (pair.here / "run").write_text("x")
    (pair.here / "run").chmod(0o755)
    pair.sync()
    pair.agree()
    assert pair.sync().idle
    odd.unlink()
    (pair.here / "run").write_text("longer")
    plan = pair.sync()
    assert plan.remove_there == ("dir/odd \n'name",)
    assert plan.send == ("run",)
    assert not (pair.there / "dir" / "odd \n'name").exists()
    assert (pair.there / "run").stat().st_mode & 0o100


def test_what_is_there_alone_stays_until_asked_for(pair: Pair) -> None:
    (pair.here / "a").write_text("a")
    pair.sync()
    (pair.there / "result").write_text("r")
    (pair.there / "a").write_text("longer there")
    assert pair.sync().ahead == ("a", "result")
    assert (pair.there / "a").read_text() == "longer there"
    plan = pair.sync(both_ways=True)
    assert plan.fetch == ("a", "result")
    pair.agree()
    (pair.there / "result").unlink()
    assert pair.sync(both_ways=True).remove_here == ("result",)
    assert not (pair.here / "result").exists()


@pytest.mark.parametrize("both_ways", [False, True])
def test_of_a_conflict_no_version_is_lost(pair: Pair, both_ways: bool) -> None:
    (pair.here / "a").write_text("a")
    pair.sync()
    (pair.here / "a").write_text("changed here")
    (pair.there / "a").write_text("changed over there")
    assert pair.sync(both_ways=both_ways).conflicts == ("a",)
    assert (pair.there / "a").read_text() == "changed here"
    kept = list(pair.there.glob("a.there-*"))
    assert [one.read_text() for one in kept] == ["changed over there"]
    assert any("changed on both sides: a" in warning for warning in pair.session.progress.warnings)
    pair.sync(both_ways=True)
    pair.agree()


def test_removed_here_and_changed_there_comes_back(pair: Pair) -> None:
    (pair.here / "a").write_text("a")
    pair.sync()
    (pair.here / "a").unlink()
    (pair.there / "a").write_text("still needed")
    assert pair.sync().ahead == ("a",)
    assert pair.sync(both_ways=True).fetch == ("a",)
    assert (pair.here / "a").read_text() == "still needed"


def test_git_decides_what_stays(pair: Pair) -> None:
    subprocess.run(["git", "init", "-q", pair.here], check=True)
    (pair.here / ".gitignore").write_text("*.pt\n")
    (pair.here / "model.pt").write_text("big")
    (pair.here / "train.py").write_text("x")
    pair.sync(ignored=["secret*"])
    assert sorted(one.name for one in pair.there.iterdir()) == [".git", ".gitignore", "train.py"]
    (pair.there / "other.pt").write_text("theirs")
    assert pair.sync(both_ways=True).idle
    assert (pair.there / "other.pt").exists()


def test_a_link_that_leads_out_is_not_written_through(pair: Pair, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (pair.here / "dir").symlink_to(outside)
    pair.sync()
    (pair.there / "dir").unlink()
    (pair.there / "dir").mkdir()
    (pair.there / "dir" / "evil").write_text("x")
    pair.sync(both_ways=True)
    assert not list(outside.iterdir())


def test_names_and_patterns_are_left_out() -> None:
    assert is_ignored("a/node_modules/b", ())
    assert is_ignored("data/big.bin", ["data"])
    assert is_ignored("data/big.bin", ["data/*.bin"])
    assert not is_ignored("src/data.py", ["data"])


def test_a_sync_is_told_in_a_sentence() -> None:
    from cove.spec.sync import SyncPlan

    assert describe_plan(SyncPlan(), "box") == "box is in step: nothing was new"
    assert describe_plan(SyncPlan(send=("a",), conflicts=("b",)), "box") == "box is in step: 2 sent"
