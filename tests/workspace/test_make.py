"""From files to a running container, and back to the one that worked when the new one does not."""

from __future__ import annotations

import errno
import json
from typing import TYPE_CHECKING, Any

import pytest

from cove.errors import EngineError, LifecycleError, NetworkError, PlaceError, Refused, UsageError
from cove.places.endpoints import read_endpoint
from cove.places.local import make_socket_folder
from cove.workspace.address import Address, read_address
from cove.workspace.logs import read_progress
from cove.workspace.make import choose_name, make, resume
from cove.workspace.records import read_record, write_record
from cove.workspace.terms import Announcement, UpRequest

if TYPE_CHECKING:
    from collections.abc import Callable

    from cove.engines.base import ContainerInfo
    from cove.host.proc import Command
    from cove.testing import FakeEngine
    from cove.workspace.records import Record
    from cove.workspace.session import Session
    from cove.workspace.terms import Opened

SIMPLE = '{"image": "debian"}'
HOOKS = (
    '{"image": "debian", "onCreateCommand": ["first"], "updateContentCommand": ["second"],'
    ' "postCreateCommand": ["third"]}'
)


@pytest.fixture
def run(session: Session, project: Callable[..., str], editor: object) -> Callable[..., Opened]:
    """Make the workspace of this configuration, in place of the container given."""

    def make_it(config: str = SIMPLE, replaces: ContainerInfo | None = None, **words: Any) -> Opened:
        folder = project(config)
        return make(session, UpRequest(folder, **words), read_address(folder), replaces=replaces)

    return make_it


# -- names


@pytest.mark.parametrize(
    ("others", "mine", "wanted", "expected"),
    [
        ([], "", "", "my-digits"),
        (["my-digits"], "", "", "my-digits-2"),
        (["my-digits", "my-digits-2"], "", "", "my-digits-3"),
        (["my-digits"], "kept", "", "kept"),
        ([], "kept", "new", "new"),
    ],
)
def test_names(
    session: Session, record: Record, others: list[str], mine: str, wanted: str, expected: str
) -> None:
    for number, name in enumerate(others):
        write_record(session.machine, record._replace(id=f"other{number}", name=name))
    if mine:
        write_record(session.machine, record._replace(name=mine))
    address = read_address_of(record)._replace(folder="/home/ada/My Digits")
    assert choose_name(session, wanted, address) == expected


@pytest.mark.parametrize(
    ("wanted", "message", "hint"),
    [
        ("My Digits", "`My Digits` cannot be a name", "my-digits"),
        ("taken", "the name `taken` is taken by /other", "--name"),
    ],
)
def test_names_that_cannot_be_had(
    session: Session, record: Record, wanted: str, message: str, hint: str
) -> None:
    write_record(session.machine, record._replace(id="other", name="taken", folder="/other"))
    with pytest.raises(UsageError, match=message) as caught:
        choose_name(session, wanted, read_address_of(record))
    assert hint in caught.value.hint


def read_address_of(record: Record) -> Address:
    return Address(record.id, record.folder, record.config_path)


# -- a first container


def test_a_first_container_is_labelled_reached_and_recorded(
    session: Session, engine: FakeEngine, run: Callable[..., Opened]
) -> None:
    announced: list[Announcement] = []
    opened = run(name="mine", announce=announced.append)
    (wish,), record = engine.runs, opened.record
    assert announced == [Announcement(record.id, "mine", record.folder, "docker")]
    assert (wish.labels["cove.id"], wish.labels["cove.name"], wish.labels["cove.ide"]) == (
        record.id,
        "mine",
        "code-server 4.1",
    )
    assert list(json.loads(wish.labels["cove.config"])) == [record.config_path]
    assert {"/workspaces/digits", "/run/cove", "/var/lib/cove"} <= {mount.target for mount in wish.mounts}
    assert (opened.created, opened.origin, opened.bundle) == (True, "debian", "release")
    assert read_record(session.machine, record.id) == record
    assert read_endpoint(session.machine, record.id) is not None
    assert "[start] done: starting the container" in "\n".join(read_progress(session, "mine"))


@pytest.mark.parametrize(
    ("name", "rootless", "expected"),
    [("docker", False, False), ("podman", True, True), ("docker", True, False)],
)
def test_rootless_podman_keeps_the_hosts_ids(
    engine: FakeEngine, run: Callable[..., Opened], name: str, rootless: bool, expected: bool
) -> None:
    engine.told = engine.told._replace(name=name, rootless=rootless)
    engine.add_image("debian", user="dev")
    engine.runner.answer("docker run -c", stdout="1001\n1002\n")
    run()
    assert engine.runs[0].keep_host_ids is expected
    assert engine.runs[0].host_ids_as == ((1001, 1002) if expected else None)


def test_hooks_that_are_not_waited_for_run_after_the_editor_is_there(
    session: Session, engine: FakeEngine, project: Callable[..., str], run: Callable[..., Opened]
) -> None:
    address = read_address(project(HOOKS))
    seen: list[tuple[str, bool]] = []

    def see(command: Command) -> None:
        seen.append((command.argv[3], read_endpoint(session.machine, address.id) is not None))

    for hook in ("first", "second", "third"):
        engine.runner.answer(f"docker exec {hook}", effect=see)
    run(HOOKS)
    assert seen == [("first", False), ("second", False), ("third", True)]


def test_initialize_command_runs_here_before_anything_is_fetched(
    session: Session, engine: FakeEngine, run: Callable[..., Opened]
) -> None:
    session.consent = session.consent._replace(trust=True)
    engine.runner.answer("prepare", code=3, stderr="no data")
    with pytest.raises(LifecycleError, match="initializeCommand failed with exit code 3"):
        run('{"image": "debian", "initializeCommand": ["prepare"]}')
    assert engine.calls == []


def test_a_strangers_image_is_asked_about_before_it_runs(
    session: Session, engine: FakeEngine, run: Callable[..., Opened]
) -> None:
    engine.add_image("debian", labels={"devcontainer.metadata": '{"privileged": true}'})
    with pytest.raises(Refused) as caught:
        run()
    assert caught.value.detail == "  - runs privileged"
    assert engine.runs == []


def test_a_first_container_that_fails_stays_to_be_looked_at(
    session: Session, engine: FakeEngine, run: Callable[..., Opened]
) -> None:
    engine.runner.answer("docker exec first", code=2, stderr="oops")
    with pytest.raises(LifecycleError, match="onCreateCommand failed with exit code 2"):
        run(HOOKS)
    assert [info.running for info in engine.containers({})] == [True]
    assert list(engine.containers({"cove.name": "digits"})) != []


def test_a_container_that_ends_at_once(engine: FakeEngine, run: Callable[..., Opened]) -> None:
    engine.starts_as = "exited"
    engine.runner.answer("docker logs", stdout="exec format error\n")
    with pytest.raises(EngineError, match="ended right after its start") as caught:
        run()
    assert caught.value.detail == "exec format error"


# -- in place of another


def test_the_old_container_goes_when_the_new_one_works(
    engine: FakeEngine, there: ContainerInfo, run: Callable[..., Opened]
) -> None:
    opened = run(replaces=there)
    made = opened.record.container
    kept = f"tag localhost/cove/last-good:{opened.record.id}"
    assert engine.calls == ["pull debian", f"stop {there.id}", "run debian", kept, f"remove {there.id}"]
    assert [info.id for info in engine.containers({})] == [made]
    assert opened.record.name == "digits"


def break_start(engine: FakeEngine, editor: Any) -> None:
    engine.failures["run"] = EngineError("port is taken")


def break_image(engine: FakeEngine, editor: Any) -> None:
    engine.failures["pull"] = NetworkError("away")


def break_hook(engine: FakeEngine, editor: Any) -> None:
    engine.runner.answer("docker exec first", code=1)


def break_late_hook(engine: FakeEngine, editor: Any) -> None:
    engine.runner.answer("docker exec third", code=1)


def break_editor(engine: FakeEngine, editor: Any) -> None:
    editor.closed = {"socket", "exec"}


def interrupt(engine: FakeEngine, editor: Any) -> None:
    def press(_: Command) -> None:
        raise KeyboardInterrupt

    engine.runner.answer("docker exec first", effect=press)


def end_at_once(engine: FakeEngine, editor: Any) -> None:
    engine.runner.answer("docker logs")
    engine.starts_as = "exited"


@pytest.mark.parametrize(
    ("broken", "error"),
    [
        (break_image, NetworkError),
        (break_start, EngineError),
        (end_at_once, EngineError),
        (break_hook, LifecycleError),
        (break_late_hook, LifecycleError),
        (break_editor, PlaceError),
        (interrupt, KeyboardInterrupt),
    ],
)
@pytest.mark.parametrize("ran", [True, False])
def test_whatever_fails_the_old_container_is_what_it_was(
    engine: FakeEngine,
    there: ContainerInfo,
    run: Callable[..., Opened],
    editor: Any,
    broken: Callable[[FakeEngine, Any], None],
    error: type[BaseException],
    ran: bool,
) -> None:
    if not ran:
        engine.stop(there.id)
    before = engine.inspect_container(there.id)
    broken(engine, editor)
    with pytest.raises(error):
        run(HOOKS, replaces=before)
    (left,) = engine.containers({})
    assert left.id == there.id
    if broken is not end_at_once:  # of which the old one suffers here too
        assert left.running is ran


def test_a_full_disk_leaves_the_old_container_alone(
    engine: FakeEngine, there: ContainerInfo, run: Callable[..., Opened], monkeypatch: pytest.MonkeyPatch
) -> None:
    def write(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("cove.workspace.make.write_record", write)
    with pytest.raises(OSError, match="No space left"):
        run(replaces=engine.inspect_container(there.id))
    assert [one.id for one in engine.containers({})] == [there.id]


# -- again


def test_a_stopped_container_starts_again_as_its_own_labels_say(
    session: Session, engine: FakeEngine, there: ContainerInfo, editor: object
) -> None:
    labels = {**there.labels, "devcontainer.metadata": '{"remoteUser": "ada", "postStartCommand": ["hello"]}'}
    engine.there[there.id] = there._replace(labels=labels, state="exited")
    address = read_address(f"{session.machine.cwd}/digits")
    opened = resume(session, UpRequest(address.folder), address, engine.there[there.id])
    assert not opened.created
    assert engine.calls == [f"start {there.id}"]
    assert opened.record.started == engine.there[there.id].started != there.started
    assert ("hello",) in [request.argv for request in engine.execs]
    assert {request.user for request in engine.execs} == {"ada", "dev", "0"}  # the editor's knows names


def test_of_a_running_one_only_the_editor_is_started(
    session: Session, engine: FakeEngine, there: ContainerInfo, editor: object
) -> None:
    address = read_address(f"{session.machine.cwd}/digits")
    make_socket_folder(session.machine, address.id)
    opened = resume(session, UpRequest(address.folder), address, there)
    assert engine.calls == []
    assert opened.record.editor == "code-server 4.1"


def test_initialize_command_runs_before_each_start_if_it_is_trusted(
    session: Session, engine: FakeEngine, there: ContainerInfo, editor: object, project: Callable[..., str]
) -> None:
    address = read_address(project('{"image": "debian", "initializeCommand": ["prepare"]}'))
    engine.runner.answer("prepare")
    engine.there[there.id] = stopped = there._replace(state="exited")
    with pytest.raises(Refused):
        resume(session, UpRequest(address.folder), address, stopped)
    assert engine.calls == []
    session.consent = session.consent._replace(trust=True)
    resume(session, UpRequest(address.folder), address, stopped)
    assert ("prepare",) in engine.runner.argvs


def test_a_container_without_a_port_is_reached_by_its_socket(
    session: Session, engine: FakeEngine, there: ContainerInfo, editor: object
) -> None:
    session.settings = session.settings._replace(way="port")
    address = read_address(f"{session.machine.cwd}/digits")
    make_socket_folder(session.machine, address.id)
    resume(session, UpRequest(address.folder), address, there)
    endpoint = read_endpoint(session.machine, address.id)
    assert endpoint is not None
    assert (endpoint.way, endpoint.secret) == ("socket", "")
