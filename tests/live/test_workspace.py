"""A workspace from `up` to `rm`, on every engine, through the real command."""

from __future__ import annotations

import json
import os
from http.cookiejar import CookieJar
from typing import TYPE_CHECKING, Any

import pytest
from testbed.command import Cove
from testbed.registry import free_port
from testbed.workspace import fetch

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager
    from pathlib import Path

    from testbed.command import Home
    from testbed.engine import Engine

DOCKERFILE = """\
FROM debian:bookworm-slim
ENV PATH=/opt/tool/bin:$PATH
RUN mkdir -p /opt/tool/bin && printf '#!/bin/sh\\necho tool\\n' > /opt/tool/bin/tool && chmod +x /opt/tool/bin/tool
COPY requirements.txt /opt/tool/
"""


class Bench:
    """A repository, and cove with folders of its own, shared by the tests of one engine."""

    def __init__(self, cove: Cove, folder: Path, engine: Engine) -> None:
        self.cove = cove
        self.folder = folder
        self.engine = engine
        self.opened: dict[str, Any] = {}

    def up(self, *words: str) -> dict[str, Any]:
        """Run `cove up --json` and return its object."""
        self.opened = self.cove("up", str(self.folder), "--json", *words).check().json
        return self.opened

    def inside(self, *argv: str) -> str:
        """Run a command in the workspace and return what it printed."""
        return self.cove("exec", self.opened["name"], "--", *argv).check().stdout.strip()


@pytest.fixture(scope="module")
def bench(
    engine: Engine,
    base_image: str,
    new_home: Callable[[], AbstractContextManager[Home]],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Bench]:
    folder = tmp_path_factory.mktemp("work") / "Tiny Net"
    folder.mkdir()
    (folder / "Dockerfile").write_text(DOCKERFILE)
    (folder / "requirements.txt").write_text("numpy\n")
    (folder / "train.py").write_text("print('accuracy 0.97')\n")
    with new_home() as home:
        bench = Bench(Cove(home, engine.env), folder, engine)
        bench.up()
        yield bench


def test_what_up_returns(bench: Bench) -> None:
    opened = bench.opened
    assert opened["name"] == "tiny-net"
    assert opened["remoteWorkspaceFolder"] == "/workspaces/Tiny Net"
    assert opened["engine"] == ("podman" if bench.engine.id == "podman" else "docker")
    assert {"image", "start", "open", "total"} <= set(opened["timings"])
    assert len(opened["containerId"]) == 64
    labels = json.loads(bench.engine.cli("inspect", opened["containerId"]).stdout)[0]["Config"]["Labels"]
    assert labels["devcontainer.local_folder"] == str(bench.folder)


def test_the_link_needs_its_token_once(bench: Bench) -> None:
    url = bench.up()["url"]
    bare = url.partition("?")[0]
    assert "token=" in url
    assert fetch(bare)[0] in {401, 403}
    jar = CookieJar()
    status, page = fetch(url, jar)
    assert status == 200
    assert "workbench" in page
    assert fetch(bare, jar)[0] == 200
    assert fetch(url)[0] in {401, 403}, "a token opens one door once"


def test_a_second_up_finds_what_runs(bench: Bench) -> None:
    first = bench.opened["containerId"]
    again = bench.up()
    assert (again["created"], again["containerId"]) == (False, first)


def test_exec_has_user_folder_environment_and_exit_code(bench: Bench) -> None:
    assert bench.inside("pwd") == "/workspaces/Tiny Net"
    assert bench.inside("tool") == "tool"
    assert bench.inside("id", "-un") == bench.opened["remoteUser"]
    assert bench.inside("python3", "train.py") == "accuracy 0.97"
    assert bench.cove("exec", "tiny-net", "--", "sh", "-c", "exit 42").code == 42
    assert (
        bench.cove("exec", "tiny-net", "--", "cat", stdin="through stdin").check().stdout == "through stdin"
    )
    assert bench.cove("exec", "-e", "A=1 2", "tiny-net", "--", "printenv", "A").check().stdout == "1 2\n"
    assert (
        bench.cove("exec", "--", "pwd", cwd=str(bench.folder)).check().stdout.strip()
        == "/workspaces/Tiny Net"
    )
    assert bench.cove("exec", "tiny-net", "--", "no-such-program").code == 127


def test_files_belong_to_the_folders_owner(bench: Bench) -> None:
    bench.inside("sh", "-c", "echo made > inside.txt")
    status = (bench.folder / "inside.txt").stat()
    assert (status.st_uid, status.st_gid) == (os.stat(bench.folder).st_uid, os.stat(bench.folder).st_gid)


def test_run_is_the_same_environment_and_leaves_nothing(bench: Bench) -> None:
    before = bench.engine.cli("ps", "-aq").stdout
    ran = bench.cove("run", str(bench.folder), "--", "sh", "-c", "tool; pwd; exit 7")
    assert (ran.code, ran.stdout) == (7, "tool\n/workspaces/Tiny Net\n")
    assert bench.engine.cli("ps", "-aq").stdout == before
    going = bench.cove.start("run", str(bench.folder), "--", "sh", "-c", "echo here; sleep 600")
    assert going.stdout is not None
    assert going.stdout.readline() == "here\n"
    going.terminate()  # by `timeout`, or a scheduler
    going.communicate()
    assert going.returncode == 143
    assert bench.engine.cli("ps", "-aq").stdout == before


def test_lists_and_facts(bench: Bench) -> None:
    listed = bench.cove("ls", "--json").check().json["workspaces"]
    assert [(one["name"], one["state"], one["folder"]) for one in listed] == [
        ("tiny-net", "running", str(bench.folder))
    ]
    info = bench.cove("info", "tiny-net", "--json").check().json
    assert info["state"] == "running"
    assert info["editor"].startswith("code-server ")
    assert info["changedSince"] == []
    assert "tiny-net" in bench.cove("ls").check().stdout
    assert "[image]" in bench.cove("logs", "tiny-net").check().stdout
    assert "HTTP server listening" in bench.cove("logs", "tiny-net", "--editor").check().stdout


def test_a_changed_file_is_told_and_rebuilt_only_when_asked(bench: Bench) -> None:
    first = bench.up()["containerId"]
    (bench.folder / "requirements.txt").write_text("numpy\nscipy\n")
    kept = bench.up()
    assert kept["containerId"] == first
    assert kept["outOfDate"] == [str(bench.folder / "requirements.txt")]
    rebuilt = bench.up("--rebuild")
    assert rebuilt["created"]
    assert rebuilt["containerId"] != first
    assert bench.inside("cat", "/opt/tool/requirements.txt") == "numpy\nscipy"
    assert len(bench.cove("ls", "--json").check().json["workspaces"]) == 1


def test_a_rebuild_that_fails_keeps_what_worked(bench: Bench) -> None:
    first = bench.up()["containerId"]
    (bench.folder / "Dockerfile").write_text(DOCKERFILE + "RUN echo going wrong && false\n")
    failed = bench.cove("up", str(bench.folder), "--rebuild")
    assert failed.code == 5, failed
    assert "going wrong" in failed.stderr
    (bench.folder / "Dockerfile").write_text(DOCKERFILE)
    again = bench.up()
    assert again["containerId"] == first
    assert bench.inside("tool") == "tool"


def test_stop_and_up_keep_the_container(bench: Bench) -> None:
    first = bench.up()["containerId"]
    bench.inside("sh", "-c", "echo kept > /tmp/kept")
    bench.cove("stop", "tiny-net").check()
    assert bench.cove("ls", "--json").json["workspaces"][0]["state"] == "exited"
    stopped = bench.cove("exec", "tiny-net", "--", "true")
    assert stopped.code == 125
    assert "cove up" in stopped.stderr
    again = bench.up()
    assert (again["created"], again["containerId"]) == (False, first)
    assert bench.inside("cat", "/tmp/kept") == "kept"
    assert fetch(again["url"])[0] == 200


def test_two_ups_at_once_make_one_workspace(bench: Bench) -> None:
    bench.cove("rm", "tiny-net").check()
    calls = [bench.cove.start("up", str(bench.folder), "--json") for _ in range(2)]
    answers = [call.communicate(timeout=300) for call in calls]
    assert [call.returncode for call in calls] == [0, 0], answers
    made = [json.loads(out) for out, _ in answers]
    assert made[0]["containerId"] == made[1]["containerId"]
    assert sorted(one["created"] for one in made) == [False, True]
    bench.opened = made[0]


def test_a_door_of_its_own(bench: Bench) -> None:
    unused_port = free_port()
    opened = bench.up("--port", str(unused_port))
    assert f":{unused_port}/?token=" in opened["url"]
    assert fetch(f"http://127.0.0.1:{unused_port}/")[0] in {401, 403}
    status, page = fetch(opened["url"])
    assert (status, "workbench" in page) == (200, True)


def test_the_editor_comes_back_when_it_died(bench: Bench) -> None:
    first = bench.up()["containerId"]
    bench.inside(
        "sh",
        "-c",
        "for p in /proc/[0-9]*; do grep -qs [c]ode-server $p/cmdline && kill -9 ${p#/proc/}; done; true",
    )
    again = bench.up()
    assert again["containerId"] == first
    assert fetch(again["url"])[0] == 200


def test_rm_leaves_the_repository_and_asks_before_what_is_only_inside_goes(bench: Bench) -> None:
    bench.up("--rebuild", "--force")
    bench.cove("exec", "tiny-net", "--", "sh", "-c", "echo 1 > ~/model.pt; echo 1 > ~/.bash_history").check()
    refused = bench.cove("rm", "tiny-net").check(10)
    assert "lost with it: " in refused.stderr
    assert "model.pt" in refused.stderr
    assert "history" not in refused.stderr
    assert "model.pt" in bench.cove("up", str(bench.folder), "--rebuild").check(10).stderr
    bench.cove("rm", "tiny-net", "--force").check()
    assert (bench.folder / "train.py").exists()
    assert bench.cove("ls", "--json").check().json["workspaces"] == []
    assert bench.cove("exec", "tiny-net", "--", "true").code == 125
    assert bench.cove("stop", "tiny-net").code == 3
