from __future__ import annotations

import pytest

from cove.errors import EngineError, NetworkError
from cove.host.proc import Command, CommandMissing
from cove.spec.run import BuildRequest, ExecRequest, RunRequest
from cove.testing import FakeEngine, FakeRunner


def test_records_and_answers_by_words_in_order() -> None:
    runner = FakeRunner().answer("docker ps", stdout="one\n").answer("docker ps -a", stdout="all\n")
    assert runner.run(Command(("/usr/bin/docker", "ps", "--no-trunc", "-a"))).stdout == "all\n"
    assert runner.run(Command(("docker", "ps"))).stdout == "one\n"
    assert runner.argvs == [("/usr/bin/docker", "ps", "--no-trunc", "-a"), ("docker", "ps")]


def test_an_answer_given_once_uncovers_the_one_below() -> None:
    runner = (
        FakeRunner().answer("docker pull", code=0).answer("docker pull", code=1, stderr="timeout", once=True)
    )
    lines: list[str] = []
    assert runner.stream(Command(("docker", "pull", "x")), lines.append).code == 1
    assert lines == ["timeout"]
    assert runner.attach(Command(("docker", "pull", "x"))) == 0
    assert [command.argv for command in runner.attached] == [("docker", "pull", "x")]


def test_unanswered_commands_are_loud() -> None:
    runner = FakeRunner().answer("docker ps")
    with pytest.raises(CommandMissing):
        runner.run(Command(("podman", "ps")))
    with pytest.raises(AssertionError, match="no answer for: docker rm x"):
        runner.run(Command(("docker", "rm", "x")))


def test_effects_and_errors() -> None:
    seen: list[Command] = []
    runner = FakeRunner().answer("docker build", effect=seen.append, error=CommandMissing("gone"))
    with pytest.raises(CommandMissing, match="gone"):
        runner.run(Command(("docker", "build", ".")))
    assert len(seen) == 1


def test_an_engine_in_memory_keeps_what_was_made() -> None:
    engine = FakeEngine(name="podman", rootless=True)
    engine.add_image("base", labels={"a": "1"}, user="dev")
    engine.build(BuildRequest("", "", "FROM base\nUSER root\n", tags=("mine",), labels={"b": "2"}), print)
    image = engine.inspect_image("mine")
    assert image is not None
    assert (image.user, image.labels) == ("root", {"a": "1", "b": "2"})
    first, second = (engine.run(RunRequest("mine", labels={"cove.id": word})) for word in "xy")
    assert [info.id for info in engine.containers({"cove.id": ""})] == [second, first]
    assert [info.id for info in engine.containers({"cove.id": "x", "b": ""})] == [first]
    engine.stop(first)
    assert [info.id for info in engine.containers({}, all_states=False)] == [second]
    engine.start(first)
    started, other = engine.inspect_container(first), engine.inspect_container(second)
    assert started is not None
    assert other is not None
    assert started.running
    assert started.started > other.started > started.created
    engine.remove(first)
    assert engine.inspect_container(first) is None
    assert engine.calls == [
        "build mine",
        "run mine",
        "run mine",
        f"stop {first}",
        f"start {first}",
        f"remove {first}",
    ]


def test_an_engine_fails_where_it_is_told_to() -> None:
    engine = FakeEngine(FakeRunner().answer("docker exec false", code=1))
    engine.failures = {"pull debian": NetworkError("no way"), "push": EngineError("denied")}
    with pytest.raises(NetworkError, match="no way"):
        engine.pull("debian", print)
    engine.pull("alpine", print)
    with pytest.raises(EngineError, match="denied"):
        engine.push("alpine", print)
    assert list(engine.images) == ["alpine"]
    container = engine.run(RunRequest("alpine"))
    assert engine.exec(ExecRequest(container, ("false",))).code == 1
    assert engine.runner.argvs == [("docker", "exec", container, "false")]
