"""OpenSSH's own client into workspaces, over the engine's exec: everything that editors and people ask of it."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import os
import pty
import re
import shutil
import signal
import socket
import struct
import subprocess
import termios
import threading
import time
from typing import TYPE_CHECKING

import pytest
from testbed.openssh_client import make_client, running_agent
from testbed.registry import free_port

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from testbed.command import Cove
    from testbed.engine import Engine
    from testbed.openssh_client import Client

PATIENCE = 30.0
ODD_NAMES = (
    "plain.txt",
    "with space",
    "ümläut",
    'quote\'d "twice"',
    "-dash",
    "new\nline",
    "tab\there",
    "$HOME;`x`",
)
SERVER = "import socket as s; l=s.socket(s.AF_UNIX); l.bind('/tmp/inside.sock'); l.listen(); l.accept()[0].send(b'unix')"


def wait_until(true: Callable[[], object], what: str) -> None:
    end = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < end, what
        time.sleep(0.1)


def prepare_workspace(cove: Cove, base_image: str, tmp_path: Path, **config: object) -> tuple[Client, str]:
    folder = tmp_path / "digits"
    folder.mkdir()
    (folder / "README").write_text("digits\n")
    whole = {"image": base_image, "remoteEnv": {"COLOUR": "blue and green"}, **config}
    (folder / ".devcontainer.json").write_text(json.dumps(whole))
    cove("up", str(folder), "--json").check()
    return make_client(cove), "digits.cove"


def check_commands(cove: Cove, client: Client, host: str) -> None:
    """The remote user's shell, environment and folder; exit codes, signals, streams."""
    inside = cove("exec", "digits", "--", "sh", "-c", "id -un; pwd; echo $COLOUR").check().stdout
    assert client.ssh(host, "id -un; pwd; echo $COLOUR").check().stdout == inside
    assert client.ssh(f"whoever@{host}", "true").check()
    path = cove("exec", "digits", "--", "sh", "-c", "echo $PATH").check().stdout.strip()
    assert client.ssh(host, "echo $PATH").check().stdout.strip().startswith(path)
    both = client.ssh(host, "echo out; echo err >&2; exit 7").check(7)
    assert (both.stdout, both.stderr) == ("out\n", "err\n")
    assert client.ssh(host, "kill -TERM $$").code == 255
    data = os.urandom(5 << 20)
    assert client.run("ssh", host, "cat", stdin=data).stdout == data
    assert client.ssh(host, "cat; echo end", stdin=b"").check().stdout == "end\n"
    assert cove("ssh", "digits", "--", "echo", "by cove").check().stdout == "by cove\n"
    assert cove("ssh", "digits", "--", "exit 3").code == 3


def check_terminal(client: Client, host: str) -> None:
    """A login shell with a terminal of the client's size, which follows it; Ctrl-C reaches what runs."""
    ours, theirs = pty.openpty()
    resize(ours, 31, 97)
    process = subprocess.Popen(
        client.words("ssh", host),
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        env=client.cove.environment({"TERM": "xterm-256color"}),
        start_new_session=True,
        preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),  # noqa: PLW1509
    )
    os.close(theirs)
    screen = Screen(ours)
    try:
        screen.say("echo $((6*7)) $TERM; stty size; pwd\n")
        screen.see("42 xterm-256color")
        screen.see("31 97")
        screen.see("/workspaces/digits")
        resize(ours, 40, 120)
        os.kill(process.pid, signal.SIGWINCH)
        screen.say("sleep 0.5; stty size\n")
        screen.see("40 120")
        screen.say("sleep 1000; echo code $?\n")
        time.sleep(0.5)
        screen.say("\x03")
        screen.say("echo again $((40+5)); exit 5\n")
        screen.see("again 45")
        assert process.wait(PATIENCE) == 5
    finally:
        process.kill()
        process.wait()
        os.close(ours)


def resize(terminal: int, rows: int, columns: int) -> None:
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))


class Screen:
    """What a terminal shows, and what is typed into it."""

    def __init__(self, terminal: int) -> None:
        self.terminal = terminal
        self.shown = ""
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        with contextlib.suppress(OSError):
            while piece := os.read(self.terminal, 4096):
                self.shown += piece.decode(errors="replace")

    def say(self, text: str) -> None:
        os.write(self.terminal, text.encode())

    def see(self, text: str) -> None:
        end = time.monotonic() + PATIENCE
        while text not in self.shown:
            assert time.monotonic() < end, f"{text!r} does not show:\n{self.shown}"
            time.sleep(0.05)


def check_files(client: Client, host: str, tmp_path: Path) -> None:
    """A tree with odd names, there and back, by sftp's own program, scp and the old scp."""
    tree = tmp_path / "tree"
    tree.mkdir()
    for name in ODD_NAMES:
        (tree / name).write_text(name)
    (tree / "program").write_text("#!/bin/sh\n")
    (tree / "program").chmod(0o755)
    for number, way in enumerate((("scp", "-rp"), ("scp", "-rpO"))):
        there, back = f"/tmp/tree{number}", tmp_path / f"back{number}"
        assert client.run(*way, str(tree), f"{host}:{there}").returncode == 0
        done = client.run(*way, f"{host}:{there}", str(back))
        assert done.returncode == 0, done.stderr
        if "-rpO" in way:  # the old protocol has no way to write a newline
            (back / "new\\^Jline").rename(back / "new\nline")
        same(tree, back)
    batch = f"put -r {tree} /tmp/sftp\nget -r /tmp/sftp {tmp_path}/sftp\nls /tmp/sftp\ndf /tmp\n"
    done = client.run("sftp", "-b", "-", host, stdin=batch.encode())
    assert done.returncode == 0, done.stderr
    same(tree, tmp_path / "sftp")
    # Copies land in the home, as everywhere; commands run in the workspace's folder.
    assert client.run("scp", str(tree / "plain.txt"), f"{host}:landed").returncode == 0
    assert client.ssh(host, 'cat "$HOME/landed"').check().stdout == "plain.txt"


def check_rsync(engine: Engine, cove: Cove, client: Client, host: str, tmp_path: Path) -> None:
    """A tree with odd names by rsync, which has to be in the image: this machine's is put there with its libraries."""
    program, libraries = shutil.which("rsync"), tmp_path / "rs"
    assert program
    libraries.mkdir()
    told = subprocess.run(["ldd", program], check=True, capture_output=True, text=True).stdout
    for path in (program, *re.findall(r"(/\S+) \(0x", told)):
        shutil.copy(path, libraries)
    loader = next(path.name for path in libraries.iterdir() if path.name.startswith("ld-"))
    engine.cli("cp", str(libraries), f"{container_of(cove)}:/tmp/rs")
    remote = f"/tmp/rs/{loader} --library-path /tmp/rs /tmp/rs/rsync"
    for way in (
        (f"{tmp_path}/tree/", f"{host}:/tmp/rsynced"),
        (f"{host}:/tmp/rsynced/", f"{tmp_path}/rsynced"),
    ):
        done = client.run("rsync", "-a", "--delete", "--rsync-path", remote, *way)
        assert done.returncode == 0, done.stderr
    same(tmp_path / "tree", tmp_path / "rsynced")


def same(one: Path, other: Path) -> None:
    assert {path.name: path.read_bytes() for path in one.iterdir()} == {
        path.name: path.read_bytes() for path in other.iterdir()
    }
    assert (other / "program").stat().st_mode & 0o111


def check_forwarding(client: Client, host: str, tmp_path: Path) -> None:
    """-L, -R and -D, TCP and unix sockets, on one connection."""
    web, local, back, socks = (free_port() for _ in range(4))
    here = socket.socket(socket.AF_UNIX)
    here.bind(str(tmp_path / "here.sock"))
    here.listen()
    serve_once(here, b"from here")
    with socket.create_server(("127.0.0.1", 0)) as listener:
        serve_once(listener, b"back")
        process = client.start(
            "-o", "ExitOnForwardFailure=yes",
            "-L", f"{local}:127.0.0.1:{web}", "-R", f"{back}:127.0.0.1:{listener.getsockname()[1]}", "-D", str(socks),
            "-L", f"{tmp_path}/there.sock:/tmp/inside.sock", "-R", f"/tmp/back.sock:{tmp_path}/here.sock",
            host, f'python3 -c "{SERVER}" & cd /etc && exec python3 -m http.server --bind 127.0.0.1 {web}',
        )  # fmt: skip
        try:
            wait_until(lambda: answers(local), "nothing answers through -L")
            assert fetch(local, "/hostname")
            assert through_socks(socks, web)
            code = "import socket as s; c=s.create_connection(('127.0.0.1',{})); print(c.recv(9).decode())"
            assert client.ssh(host, f'python3 -c "{code.format(back)}"').check().stdout == "back\n"
            code = "import socket as s; c=s.socket(s.AF_UNIX); c.connect('/tmp/back.sock'); print(c.recv(9).decode())"
            assert client.ssh(host, f'python3 -c "{code}"').check().stdout == "from here\n"
            with socket.socket(socket.AF_UNIX) as link:
                link.connect(str(tmp_path / "there.sock"))
                assert link.recv(9) == b"unix"
        finally:
            process.kill()
            process.communicate()
            here.close()


def serve_once(listener: socket.socket, data: bytes) -> None:
    def serve() -> None:
        link, _ = listener.accept()
        with link:
            link.sendall(data)

    threading.Thread(target=serve, daemon=True).start()


def answers(port: int) -> bool:
    try:
        return bool(fetch(port, "/"))
    except OSError:
        return False


def fetch(port: int, path: str) -> bytes:
    with socket.create_connection(("127.0.0.1", port), timeout=10) as link:
        link.sendall(f"GET {path} HTTP/1.0\r\n\r\n".encode())
        return link.makefile("rb").read()


def through_socks(proxy: int, port: int) -> bool:
    with socket.create_connection(("127.0.0.1", proxy), timeout=10) as link:
        link.sendall(b"\x05\x01\x00")
        assert link.recv(2) == b"\x05\x00"
        link.sendall(b"\x05\x01\x00\x01" + socket.inet_aton("127.0.0.1") + struct.pack(">H", port))
        assert link.recv(10)[1] == 0
        link.sendall(b"GET / HTTP/1.0\r\n\r\n")
        return b"200" in link.recv(64)


def check_agent(client: Client, host: str, tmp_path: Path) -> None:
    """The agent is there when asked for, as a socket; and not otherwise."""
    with running_agent(tmp_path) as env:
        seen = client.run("ssh", "-A", host, 'test -S "$SSH_AUTH_SOCK" && echo socket', env=env).stdout
        assert seen == b"socket\n"
        assert client.ssh(host, "echo -$SSH_AUTH_SOCK-", env=env).check().stdout == "--\n"


def check_many_sessions(client: Client, host: str, tmp_path: Path, *, count: int) -> None:
    """Many at once on one connection."""
    control = f"{tmp_path}/c"
    master = client.start("-M", "-S", control, "-N", host)
    try:
        wait_until(lambda: os.path.exists(control), "no control socket")
        sessions = [client.start("-S", control, host, f"read x; echo {number} $x") for number in range(count)]
        for number, session in enumerate(sessions):
            out, err = session.communicate(b"done\n", timeout=PATIENCE * 2)
            assert out.decode() == f"{number} done\n", err
    finally:
        master.kill()
        master.communicate()


def check_vanishing(client: Client, host: str, processes: Callable[[], str]) -> None:
    """A client that is killed leaves nothing: no server, no shell, no silent command, no zombie."""
    for words in (
        ("-tt", host, "sleep 4001"),
        (host, "sleep 4002"),
        (host, "while echo noise; do sleep 0.1; done"),
    ):
        process = client.start(*words, stdout=subprocess.DEVNULL)
        wanted = words[-1].split(";")[0]
        wait_until(lambda wanted=wanted: wanted in processes(), f"{wanted} does not run")  # type: ignore[misc]
        process.kill()
        process.communicate()
        wait_until(lambda: "sshd" not in processes(), processes())
        wait_until(lambda wanted=wanted: wanted not in processes(), processes())  # type: ignore[misc]
        assert "defunct" not in processes()


@pytest.mark.parametrize("engine", ["docker"], indirect=True, scope="session")
def test_ssh_into_a_workspace(cove: Cove, engine: Engine, base_image: str, tmp_path: Path) -> None:
    client, host = prepare_workspace(cove, base_image, tmp_path)
    check_commands(cove, client, host)
    check_terminal(client, host)
    check_vanishing(client, host, lambda: top(cove, engine))


def container_of(cove: Cove) -> str:
    return str(cove("info", "digits", "--json").json["containerId"])


def top(cove: Cove, engine: Engine) -> str:
    return engine.cli("exec", "--user", "0", container_of(cove), "ps", "-eo", "pid,user,args").stdout


@pytest.mark.full("ssh")
@pytest.mark.parametrize("engine", ["docker", "podman"], indirect=True, scope="session")
@pytest.mark.parametrize("user", ["", "root"], ids=["dev", "root"])
def test_everything_that_ssh_can(
    cove: Cove, engine: Engine, base_image: str, tmp_path: Path, user: str
) -> None:
    config = {"remoteUser": user} if user else {}
    client, host = prepare_workspace(cove, base_image, tmp_path, **config)
    check_commands(cove, client, host)
    check_terminal(client, host)
    check_files(client, host, tmp_path)
    check_rsync(engine, cove, client, host, tmp_path)
    check_forwarding(client, host, tmp_path)
    check_agent(client, host, tmp_path)
    check_many_sessions(client, host, tmp_path, count=50)
    check_vanishing(client, host, lambda: top(cove, engine))


@pytest.mark.full("ssh")
@pytest.mark.parametrize("engine", ["docker", "podman"], indirect=True, scope="session")
@pytest.mark.parametrize("user", ["0", "4711"], ids=["root", "number"])
def test_an_image_with_nothing_but_a_shell(cove: Cove, engine: Engine, tmp_path: Path, user: str) -> None:
    """No libc, no sshd, no Python, no account for a number; and a container that another tool started."""
    root = tmp_path / "root"
    (root / "bin").mkdir(parents=True)
    (root / "etc").mkdir()
    (root / "tmp").mkdir(mode=0o1777)
    (root / "tmp").chmod(0o1777)
    (root / "etc" / "passwd").write_text("root:x:0:0:root:/:/bin/sh\n")
    (root / "etc" / "group").write_text("root:x:0:\n")
    shutil.copy(static_busybox(), root / "bin" / "busybox")
    for name in ("sh", "cat", "id", "sleep", "ls", "env"):
        (root / "bin" / name).symlink_to("busybox")
    archive = tmp_path / "root.tar"
    subprocess.run(["tar", "-C", str(root), "--owner=0", "--group=0", "-cf", str(archive), "."], check=True)
    engine.cli("import", str(archive), "localhost/cove-test/bare:1")
    folder = tmp_path / "bare"
    folder.mkdir()
    few = (
        "--ulimit",
        "nofile=1024:1024",
        "--ulimit",
        "nproc=4096:4096",
    )  # root's podman wants more than it may
    limits = few if engine.name == "podman" else ()
    labels = ("--label", f"devcontainer.local_folder={folder}", "--label", f"cove-test={cove.home.folder}")
    run = (
        "run",
        "--detach",
        "--init",
        *labels,
        *limits,
        "--user",
        user,
        "localhost/cove-test/bare:1",
        "/bin/sleep",
        "1000",
    )
    container = engine.cli(*run).stdout.split()[-1]
    try:
        client = make_client(cove)
        seen = cove("ssh", str(folder), "--", "id -u; echo $HOME; exit 3")
        assert (seen.stdout, seen.code) == (f"{user}\n/\n", 3), seen.stderr
        data = os.urandom(1 << 20)
        assert client.run("ssh", "bare.cove", "cat", stdin=data).stdout == data
        (tmp_path / "file").write_bytes(data)
        for way in ("-s", "-O") if user == "0" else ("-s",):  # the old scp itself wants an account
            assert client.run("scp", way, f"{tmp_path}/file", "bare.cove:/tmp/there").returncode == 0
            assert client.run("scp", way, "bare.cove:/tmp/there", f"{tmp_path}/back{way}").returncode == 0
            assert (tmp_path / f"back{way}").read_bytes() == data
        listed = {one["name"]: one for one in cove("ls", "--json").check().json["workspaces"]}
        assert listed["bare"]["folder"] == str(folder)
        assert cove("exec", str(folder), "--", "id", "-u").check().stdout == f"{user}\n"
    finally:
        engine.cli("rm", "--force", container)


def static_busybox() -> str:
    """Return this machine's busybox, from the package busybox-static."""
    found = shutil.which("busybox")
    assert found, "busybox is missing: ./test installs busybox-static"
    return found


@pytest.mark.full("ssh")
@pytest.mark.parametrize("engine", ["docker"], indirect=True, scope="session")
def test_a_gibibyte_arrives_whole(
    cove: Cove,
    engine: Engine,
    base_image: str,
    tmp_path: Path,
    record_property: Callable[[str, object], None],
) -> None:
    """Both ways; how long it took beside the engine's own `cp` is told, not judged (bench/ssh.py does)."""
    client, host = prepare_workspace(cove, base_image, tmp_path)
    payload = tmp_path / "payload"
    with payload.open("wb") as file:
        for _ in range(1024):
            file.write(os.urandom(1 << 20))
    wanted = sum_of(payload)

    def timed(*words: str) -> float:
        began = time.monotonic()
        subprocess.run(words, check=True, env=cove.environment(), capture_output=True, timeout=300)
        return time.monotonic() - began

    there, back = f"{container_of(cove)}:/tmp/engine", tmp_path / "back"
    times = {
        "scp in": timed(*client.words("scp", str(payload), f"{host}:/tmp/payload")),
        "cp in": timed(engine.name, "cp", str(payload), there),
        "scp out": timed(*client.words("scp", f"{host}:/tmp/payload", str(back))),
    }
    assert sum_of(back) == wanted
    times["cp out"] = timed(engine.name, "cp", there, str(back))
    record_property("seconds", times)
    print(f"1 GiB: {times}")


def sum_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
