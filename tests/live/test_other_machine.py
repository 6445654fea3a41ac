"""Another machine, reached by the person's own OpenSSH client."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest
from testbed.browser import PATIENCE_MS, open_workbench
from testbed.command import Cove
from testbed.engine import Engine
from testbed.image import BASE, import_base
from testbed.sshd import docker_there, other_machine
from testbed.workspace import write_files

from cove.errors import PlaceError
from cove.host.openssh import SshConnection, SshRunner, parse_ssh_address
from cove.host.proc import Command, HostRunner, stop

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import BrowserContext
    from testbed.command import Home
    from testbed.slot import Slot
    from testbed.sshd import OtherMachine


SECRET = "hunter2-of-the-other-machine"


@pytest.fixture(scope="module")
def machine(slot: Slot) -> Iterator[OtherMachine]:
    with other_machine(slot) as machine, pytest.MonkeyPatch.context() as patch:
        for name, value in machine.env.items():
            patch.setenv(name, value)
        yield machine


@pytest.fixture
def connection(machine: OtherMachine) -> Iterator[SshConnection]:
    there = SshConnection(parse_ssh_address(machine.url), f"{machine.folder}/r", HostRunner())
    there.open()
    yield there
    there.close()


def test_commands_run_there(machine: OtherMachine, connection: SshConnection) -> None:
    runner = SshRunner(connection)
    net = runner.run(Command(("readlink", "/proc/self/ns/net"))).stdout
    assert net == machine.run("readlink", "/proc/self/ns/net")
    assert runner.run(Command(("sh", "-c", "cat; exit 7"), stdin=b"in\0out")).code == 7
    odd = ("it's", 'a "b"', "$HOME", "new\nline", "", "*")
    assert runner.run(Command(("printf", "%s|", *odd))).stdout == "".join(f"{word}|" for word in odd)
    secret = runner.run(
        Command(("sh", "-c", 'cat /proc/$PPID/cmdline; printf %s "$TOKEN"'), env={"TOKEN": "s3 cret'"})
    )
    assert secret.stdout.endswith("s3 cret'")
    assert secret.stdout.count("s3 cret") == 1
    lines: list[str] = []
    assert runner.stream(Command(("sh", "-c", "echo a; echo b >&2")), lines.append).ok
    assert sorted(lines) == ["a", "b"]


def test_there_is_one_connection_and_nothing_else_listens(
    machine: OtherMachine, connection: SshConnection
) -> None:
    for _ in range(5):
        assert SshRunner(connection).run(Command(("true",))).ok
    established = machine.run("ss", "-Htn", "state", "established").splitlines()
    assert len(established) == 1
    assert machine.listening() == [f"{machine.address}:22"]


def test_a_stream_reaches_a_port_there(machine: OtherMachine, connection: SshConnection) -> None:
    process = connection.dial(machine.address, 22)
    assert process.stdin is not None
    assert process.stdout is not None
    with process.stdin, process.stdout as answer:
        assert answer.read(7) == b"SSH-2.0"
        stop(process)


def test_failures_are_told(machine: OtherMachine) -> None:
    nobody = SshConnection(parse_ssh_address("ssh://nobody.invalid"), f"{machine.folder}/r", HostRunner())
    with pytest.raises(PlaceError, match="its name is not known"):
        nobody.open()
    closed = SshConnection(parse_ssh_address("ssh://machine:23"), f"{machine.folder}/r", HostRunner())
    with pytest.raises(PlaceError, match="nothing takes connections"):
        closed.open()


@pytest.fixture
def cove(machine: OtherMachine, slot: Slot, cove_home: Home) -> Cove:
    """cove on a laptop that has no engine of its own, and whose disk the other machine does not see."""
    import_base(Engine("docker", "docker", docker_there(machine, slot)))
    machine.hide(cove_home.folder)
    return Cove(cove_home, {**machine.env, "DOCKER_HOST": "unix:///nowhere.sock"})


def test_up_on_another_machine(cove: Cove, machine: OtherMachine, cove_home: Home) -> None:
    folder = cove_home.folder / "repo"
    folder.mkdir()
    (folder / "Dockerfile").write_text(f"FROM {BASE}\nCOPY greeting /greeting\n")
    (folder / "greeting").write_text("hello from here\n")
    opened = cove("up", str(folder), "--on", machine.url, "--json").check().json
    assert opened["engine"] == "docker+ssh://machine"
    ran = cove(
        "exec", opened["name"], "--", "sh", "-c", "cat /greeting greeting; readlink /proc/self/ns/net; exit 3"
    )
    assert ran.code == 3
    assert ran.stdout.startswith("hello from here\nhello from here\n")
    listed = cove("ls", "--json").check().json["workspaces"]
    assert [one["name"] for one in listed] == [opened["name"]]
    (folder / "greeting").write_text("changed\n")
    again = cove("up", str(folder), "--json").check().json
    assert again["containerId"] == opened["containerId"]
    assert cove("exec", opened["name"], "--", "cat", "greeting").check().stdout == "changed\n"
    assert machine.listening() == [f"{machine.address}:22"]
    cove("stop", opened["name"]).check()
    cove("rm", opened["name"]).check()
    assert cove("ls", "--json").check().json["workspaces"] == []


@pytest.mark.full("remote")
def test_an_open_editor_survives_a_cut_link(
    cove: Cove, machine: OtherMachine, cove_home: Home, chromium: BrowserContext
) -> None:
    folder = cove_home.folder / "notes"
    write_files(folder, {"Dockerfile": f"FROM {BASE}\n", "notes.txt": "before\n"})
    opened = cove("up", str(folder), "--on", machine.url, "--json").check().json
    name = opened["name"]
    page = chromium.new_page()
    open_workbench(page, opened["url"])
    page.locator(".explorer-folders-view .label-name").get_by_text("notes.txt", exact=True).dblclick()
    page.wait_for_selector(".editor-instance .view-lines .view-line", timeout=PATIENCE_MS)

    def type_line(text: str) -> None:
        page.locator(".editor-instance .view-lines").first.click()
        page.keyboard.press("Control+End")
        page.keyboard.type(f"{text}\n")

    def written(text: str) -> bool:
        return text in cove("exec", name, "--", "cat", "notes.txt").stdout

    def wait_for(text: str) -> None:
        limit = time.monotonic() + 240
        while not written(text):
            assert time.monotonic() < limit, f"{text!r} did not arrive there"
            page.keyboard.press("Control+S")
            page.wait_for_timeout(3000)

    type_line("with the link")
    page.keyboard.press("Control+S")
    wait_for("with the link")
    machine.cut()
    try:
        type_line("while it was cut")
        page.wait_for_timeout(60_000)
    finally:
        machine.mend()
    assert "while it was cut" in page.locator(".editor-instance .view-lines").first.inner_text().replace(
        "\xa0", " "
    )
    wait_for("while it was cut")
    assert machine.listening() == [f"{machine.address}:22"]


@pytest.mark.full("remote")
def test_files_are_kept_in_step_and_secrets_apart(cove: Cove, machine: OtherMachine, cove_home: Home) -> None:
    folder = cove_home.folder / "paper"
    left_out = {"customizations": {"cove": {"syncIgnore": ["*.pt"]}}, "build": {"dockerfile": "Dockerfile"}}
    write_files(folder, {"Dockerfile": f"FROM {BASE}\n", ".devcontainer.json": left_out, "model.pt": "big\n"})
    write_files(folder, {"a.txt": "a\n", "b.txt": "b\n", "gone.txt": "x\n"})
    secrets = write_files(cove_home.folder / "s", {"secrets.json": {"TOKEN": SECRET}}) / "secrets.json"
    up = ("up", str(folder), "--on", machine.url, "--secrets-file", str(secrets), "--json")
    opened = cove(*up).check().json
    name = opened["name"]

    def there(script: str) -> str:
        return cove("exec", name, "--", "sh", "-c", script).check().stdout

    assert "model.pt" not in there("ls")
    there("echo result > result.txt; echo changed there > a.txt; echo both there > b.txt; rm gone.txt")
    (folder / "b.txt").write_text("both here, longer\n")
    done = cove("sync", name, "--both", "--json").check().json
    assert done["fetch"] == ["a.txt", "result.txt"]
    assert done["remove_here"] == ["gone.txt"]
    assert done["conflicts"] == ["b.txt"]
    assert (folder / "a.txt").read_text() == "changed there\n"
    assert not (folder / "gone.txt").exists()
    assert there("cat b.txt") == "both here, longer\n"
    assert there("cat b.txt.there-*") == "both there\n"
    (folder / "a.txt").unlink()
    assert cove("sync", name, "--json").check().json["remove_there"] == ["a.txt"]
    assert there("ls a.txt 2>/dev/null || echo removed") == "removed\n"

    assert there('test "$TOKEN" = ' + f"{SECRET[:6]}'{SECRET[6:]}'" + " && echo known") == "known\n"
    sleeping = cove.start("exec", name, "--", "sleep", "20")
    try:
        time.sleep(8)
        words = machine.run("sh", "-c", "cat /proc/[0-9]*/cmdline 2>/dev/null | tr '\\0' '\\n'", check=False)
        assert "sleep" in words
        assert SECRET not in words
        assert SECRET not in cove("info", name, "--json").check().stdout
        assert not machine.run("sh", "-c", "ls ~/.cache/cove/env.* 2>/dev/null || true")
    finally:
        sleeping.kill()
        sleeping.communicate()

    forgotten = {"COVE_HOME": f"{cove_home.folder}/other", "DOCKER_HOST": machine.url}
    listed = cove("ls", "--json", env=forgotten).check().json["workspaces"]
    assert name in [one["name"] for one in listed], (
        "its engine's labels tell of it, DOCKER_HOST of its machine"
    )
    assert cove("logs", name).check()
    cove("stop", name).check()
    assert cove(*up).check().json["containerId"] == opened["containerId"]
    assert machine.listening() == [f"{machine.address}:22"]
    cove("rm", name, "--force").check()
