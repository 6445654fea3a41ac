from __future__ import annotations

import json

import pytest

from cove.errors import EngineError
from cove.host.proc import Command, CommandMissing, CommandTimeout
from cove.spec.run import ExecRequest, RunRequest

AWAY = "Cannot connect to the Docker daemon at unix:///s. Is the docker daemon running?"
GONE = "Error: No such container: c"
ROW = {"ID": "a" * 64, "Names": "n", "State": "running", "Labels": "", "Chosen": {}}


def test_listing_is_one_call(docker, podman, runner) -> None:
    runner.answer("docker ps", stdout=json.dumps(ROW)).answer("podman ps", stdout="[]")
    assert [container.name for container in docker.containers({"cove.name": ""})] == ["n"]
    assert podman.containers({}) == []
    assert len(runner.commands) == 2


def test_labels_that_the_list_did_not_tell_come_from_inspect(docker, runner) -> None:
    runner.answer("docker ps", stdout=json.dumps({**ROW, "Labels": "cove.later=1"}))
    runner.answer(
        "docker container inspect",
        stdout=json.dumps([{"Id": "a" * 64, "Config": {"Labels": {"cove.later": "1"}}}]),
    )
    assert docker.containers({})[0].labels == {"cove.later": "1"}
    runner.answer("docker container inspect", stdout="[]", stderr=GONE, code=1)
    assert docker.containers({}) == []


def test_limits_that_the_engine_refuses_are_left_to_it(docker, runner) -> None:
    runner.answer("docker run", stdout="c1\n")
    runner.answer("docker run --ulimit", stderr="error setting rlimits: operation not permitted", code=126)
    assert docker.run(RunRequest("i", limits={"memlock": -1})) == "c1"
    assert ["--ulimit" in command.argv for command in runner.commands] == [True, False]


def test_a_daemon_that_is_away(docker, runner) -> None:
    runner.answer("docker ps", stderr=AWAY, code=1).answer("docker container", stderr=AWAY, code=1)
    runner.answer("docker exec", stderr=f"Error: {AWAY}", code=1).answer("docker stop", stderr=AWAY, code=1)
    runner.answer("docker rmi", stderr=AWAY, code=1).answer("docker pull", stderr=AWAY, code=1)
    for ask in (
        lambda: docker.containers({}),
        lambda: docker.inspect_container("c"),
        lambda: docker.exec(ExecRequest("c", ("true",))),
        lambda: docker.stop("c"),
        lambda: docker.remove_image("i"),
        lambda: docker.pull("i", print),
    ):
        with pytest.raises(EngineError, match="docker does not answer"):
            ask()


def test_an_engine_that_is_stuck_or_was_removed(docker, runner) -> None:
    runner.answer("docker ps", error=CommandTimeout("slow")).answer(
        "docker exec", error=CommandTimeout("slow")
    )
    with pytest.raises(EngineError, match="docker did not answer within 60 s"):
        docker.containers({})
    with pytest.raises(CommandTimeout):  # the caller's patience, not the engine's
        docker.exec(ExecRequest("c", ("true",)), timeout=1)
    for words in ("docker ps", "docker exec", "docker pull"):
        runner.answer(words, error=CommandMissing("docker is not on PATH"))
    for ask in (
        lambda: docker.containers({}),
        lambda: docker.exec(ExecRequest("c", ("true",))),
        lambda: docker.pull("x", print),
    ):
        with pytest.raises(EngineError, match="docker is not on PATH"):
            ask()


def test_inspect_one_or_none(docker, podman, runner) -> None:
    runner.answer("docker container inspect", stdout=json.dumps([{"Id": "i", "Name": "/c"}]))
    assert docker.inspect_container("c").name == "c"
    runner.answer(
        "podman container inspect",
        stdout="[]",
        stderr="Error: inspecting object: no such container c",
        code=125,
    )
    assert podman.inspect_container("c") is None
    runner.answer(
        "podman image inspect", stdout="[]", stderr="Error: inspecting object: c: image not known", code=125
    )
    assert podman.inspect_image("c") is None
    runner.answer("podman image inspect", stdout="", stderr="Error: storage is broken", code=125)
    with pytest.raises(EngineError, match="podman could not inspect c: Error: storage is broken"):
        podman.inspect_image("c")


def test_an_image_is_asked_for_again_while_another_is_being_stored(podman, runner, monkeypatch) -> None:
    monkeypatch.setattr("cove.engines.cli.HALF_STORED_SECONDS", 0)
    said = 'Error: locating item named "manifest" for image with ID "0": file does not exist'
    runner.answer("podman image inspect", stdout="[]", stderr="Error: c: image not known", code=125)
    for _ in range(3):
        runner.answer("podman image inspect", stderr=said, code=125, once=True)
    assert podman.inspect_image("c") is None
    assert len(runner.argvs) == 4
    runner.answer("podman image inspect", stderr=said, code=125)
    with pytest.raises(EngineError, match="locating item"):
        podman.inspect_image("c")


@pytest.fixture
def scratch_place(tmp_path, monkeypatch):
    """Where folders for a moment's files are made."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    return tmp_path


def write_cid(command: Command) -> None:
    with open(command.argv[command.argv.index("--cidfile") + 1], "w") as file:
        file.write("f" * 64)


def test_run_returns_the_id_and_leaves_nothing_behind(docker, runner, scratch_place) -> None:
    runner.answer("docker run", stdout="f" * 64 + "\n", effect=write_cid)
    assert docker.run(RunRequest("img", env={"T": "secret"})) == "f" * 64
    assert runner.commands[0].env == {"T": "secret"}
    assert list(scratch_place.glob("cove-*")) == []


def test_a_container_that_did_not_start_is_removed(docker, podman, runner, scratch_place) -> None:
    said = "Error: listen tcp4 127.0.0.1:80: bind: address already in use"
    for engine in (docker, podman):
        runner.answer(f"{engine.name} run", stderr=said, code=126, effect=write_cid).answer(
            f"{engine.name} rm"
        )
        with pytest.raises(EngineError, match=r"the address 127\.0\.0\.1:80 is in use"):
            engine.run(RunRequest("img"))
    assert [argv for argv in runner.argvs if "rm" in argv] == [
        ("docker", "rm", "--force", "--volumes", "f" * 64),
        ("podman", "--runtime", "runc", "rm", "--force", "--time", "0", "--volumes", "f" * 64),
    ]
    assert list(scratch_place.glob("cove-*")) == []


def test_a_name_that_is_taken_removes_nothing(docker, runner) -> None:
    runner.answer(
        "docker run", stderr='Conflict. The container name "/n" is already in use by container "x".', code=125
    )
    with pytest.raises(EngineError, match="docker has a container named n already"):
        docker.run(RunRequest("img", name="n"))
    assert len(runner.commands) == 1


def test_start_stop_remove(docker, podman, runner) -> None:
    runner.answer("docker start").answer("docker stop").answer("podman rm")
    docker.start("c")
    docker.stop("c", timeout=3)
    podman.remove("c", volumes=False)
    assert runner.argvs == [
        ("docker", "start", "c"),
        ("docker", "stop", "-t", "3", "c"),
        ("podman", "--runtime", "runc", "rm", "--force", "--time", "0", "c"),
    ]


def test_what_is_not_there_need_not_be_stopped_or_removed(docker, runner) -> None:
    runner.answer("docker stop", stderr=GONE, code=1).answer("docker rm", stderr=GONE, code=1)
    runner.answer("docker rmi", stderr="Error: No such image: c", code=1).answer(
        "docker start", stderr=GONE, code=1
    )
    docker.stop("c")
    docker.remove("c")
    docker.remove_image("c")
    with pytest.raises(EngineError):
        docker.start("c")
    runner.answer("docker rm", stderr="Error: removal is already in progress", code=1)
    with pytest.raises(EngineError, match="docker could not remove c: Error: removal"):
        docker.remove("c")


def test_exec_captures_and_passes_codes_on(docker, runner) -> None:
    runner.answer("docker exec", stdout="out", stderr="Error: mine", code=1)
    outcome = docker.exec(ExecRequest("c", ("sh",), env={"A": "1"}, interactive=True), stdin=b"in", timeout=5)
    assert (outcome.code, outcome.stdout) == (1, "out")
    (command,) = runner.commands
    assert (command.stdin, command.timeout, command.env) == (b"in", 5, {"A": "1"})


@pytest.mark.parametrize(
    ("said", "message"),
    [
        (GONE, "docker has no container c"),
        ("Error response from daemon: Container 2e83 is not running", "the container c is not running"),
        (
            "Error: can only create exec sessions on running containers: container state improper",
            "c is not running",
        ),
    ],
)
def test_exec_tells_the_engines_refusal_from_the_commands_own(
    docker, runner, said: str, message: str
) -> None:
    runner.answer("docker exec", stderr=said, code=1)
    with pytest.raises(EngineError, match=message):
        docker.exec(ExecRequest("c", ("true",)))


def test_commands_for_others_to_run(docker, podman) -> None:
    assert docker.exec_command(ExecRequest("c", ("ls",), env={"TOKEN": "s3cret"})) == Command(
        ("docker", "exec", "--env", "TOKEN", "c", "ls"), env={"TOKEN": "s3cret"}, secrets=("s3cret",)
    )
    assert docker.run_command(RunRequest("i", remove=True)).argv == (
        "docker",
        "run",
        "--pull",
        "never",
        "--rm",
        "i",
    )
    assert podman.logs_command("c", tail=3).argv == (
        "podman",
        "--runtime",
        "runc",
        "logs",
        "--tail",
        "3",
        "c",
    )
    assert docker.events_command({"cove.name": ""}).argv[:2] == ("docker", "events")


def test_import_and_tag(podman, runner) -> None:
    runner.answer("podman import").answer("podman image inspect", stdout=json.dumps([{"Id": "sha256:1"}]))
    assert podman.import_image("/a.tar", "r", ["ENV A=1"]) == "sha256:1"
    runner.answer("podman tag", stderr="Error: no such image", code=125)
    with pytest.raises(EngineError, match="could not tag"):
        podman.tag("a", "b")
    runner.answer("podman import", stderr="Error: archive is damaged", code=125)
    with pytest.raises(EngineError, match=r"podman could not import /a\.tar: Error: archive is damaged"):
        podman.import_image("/a.tar", "r", [])


def test_info_and_the_way_of_certificates(docker, podman) -> None:
    assert docker.info().version == "28"
    assert (docker.certificate_way, podman.certificate_way) == ("copy", "volume")


def test_changes_are_what_was_added_or_changed(docker, podman, runner) -> None:
    for engine in (docker, podman):
        runner.answer(f"{engine.name} diff", stdout="C /root\nA /root/a file\nD /etc/motd\n")
        assert engine.changes("c1") == ["/root", "/root/a file"]
    runner.answer("docker diff", code=1, stderr="Error: No such container: c1")
    with pytest.raises(EngineError, match="tell what has changed in c1"):
        docker.changes("c1")


def test_networks_of_a_project(docker, runner) -> None:
    runner.answer("docker network ls", stdout="bridge\np-run-1_default\np-run-1_back\np_default\n")
    runner.answer("docker network rm", code=1, stderr="has active endpoints")
    docker.remove_networks("p-run-1_")
    assert [argv[-1] for argv in runner.argvs if "rm" in argv] == ["p-run-1_default", "p-run-1_back"]
