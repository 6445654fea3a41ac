"""`cove ls`."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from cove.cli import main
from cove.cli.ls import group_branches
from cove.gpu.health import Loss
from cove.workspace.list import Listed

if TYPE_CHECKING:
    import pytest

    from cove.engines.base import ContainerInfo
    from cove.testing import FakeEngine


def test_a_table_with_folders_below_home_abbreviated(
    engine: FakeEngine, there: ContainerInfo, capsys: pytest.CaptureFixture[str]
) -> None:
    engine.add_container(labels={"devcontainer.local_folder": "/srv/vim"}, state="exited")
    assert main(["ls"]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "NAME    STATE    ENGINE  EDITOR  FOLDER",
        "digits  running  docker  -       ~/digits",
        "vim     exited   docker  -       /srv/vim",
    ]


def test_json(there: ContainerInfo, folder: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["ls", "--json"]) == 0
    (one,) = json.loads(capsys.readouterr().out)["workspaces"]
    assert (one["name"], one["folder"], one["container"], one["mine"]) == ("digits", folder, there.id, True)


def test_all(engine: FakeEngine, capsys: pytest.CaptureFixture[str]) -> None:
    engine.add_container(labels={"devcontainer.local_folder": "/srv/theirs", "cove.owner": "4242"})
    assert main(["ls"]) == 0
    assert capsys.readouterr().out == "No workspaces yet. Start one: cove up PATH\n"
    assert main(["ls", "--all"]) == 0
    assert "theirs" in capsys.readouterr().out


def test_what_changed_since_is_told_below_the_table(
    engine: FakeEngine, there: ContainerInfo, folder: str, capsys: pytest.CaptureFixture[str]
) -> None:
    labels = {**there.labels, "cove.config": json.dumps({f"{folder}/Dockerfile": "0" * 12})}
    engine.there[there.id] = there._replace(labels=labels)
    assert main(["ls"]) == 0
    assert capsys.readouterr().out.splitlines()[-1] == (
        f"! digits was made before Dockerfile changed: cove up --rebuild {folder}"
    )


def test_a_lost_gpu(
    there: ContainerInfo, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    loss = Loss("the rules were renewed", "`cove up --repair` makes it anew.")
    monkeypatch.setattr("cove.cli.ls.find_losses", lambda *_: {there.id: loss})
    assert main(["ls"]) == 0
    assert capsys.readouterr().out.splitlines()[1:] == [
        "digits  GPU lost  docker  -       ~/digits",
        "! digits has lost its GPU: the rules were renewed",
        "  → `cove up --repair` makes it anew.",
    ]
    assert main(["ls", "--json"]) == 0
    (one,) = json.loads(capsys.readouterr().out)["workspaces"]
    assert one["loss"] == {"text": loss.text, "hint": loss.hint, "repairable": True, "same": True}


def test_branches_stand_below_their_repository() -> None:
    def listed(name: str, folder: str, repository: str) -> Listed:
        return Listed(
            name, name, folder, "running", "docker", "c", "i", "", "", "", True, repository=repository
        )

    nets, wide = listed("nets", "/nets", "/nets"), listed("nets-wide", "/data/wide", "/nets")
    alone, deep = listed("alone", "/data/alone", "/gone"), listed("nets-deep", "/data/deep", "/nets")
    plain = listed("zoo", "/zoo", "")
    assert group_branches([alone, nets, deep, wide, plain]) == [
        ("", alone),
        ("", nets),
        ("└ ", deep),
        ("└ ", wide),
        ("", plain),
    ]
