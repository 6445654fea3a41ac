"""The host's end of what a workspace may ask for: git's credentials and the ssh agent, on sockets in its shared folder.

It runs in the gateway's process. A container can put anything into that folder, so a socket is made beside it, where only
its owner can go, and moved in: nothing of the container's is opened, followed or given other rights.
"""

from __future__ import annotations

import contextlib
import os
import re
import socket
import stat
import threading
import time
from typing import TYPE_CHECKING

from cove.places.forward import pump
from cove.workspace.credentials import (
    AGENT_SOCKET,
    GIT_SOCKET,
    answer_question,
    read_agent,
    read_grants,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from cove.host.machine import Machine
    from cove.host.proc import Runner

    Serve = Callable[[socket.socket], object]

LOOK_SECONDS = 0.5
QUESTION_BYTES = 1 << 14
PATIENCE_SECONDS = 30.0
_ID = re.compile(r"[0-9a-f]{12}")


class Errands:
    """The sockets of all workspaces; `look` makes those that are missing."""

    def __init__(self, machine: Machine, runner: Runner) -> None:
        self._machine = machine
        self._runner = runner
        self._open: dict[str, tuple[socket.socket, tuple[int, int]]] = {}
        """By path in the shared folder: the listener, and which file it is."""

    def serve(self) -> None:
        """Look again and again, for as long as the process lives."""
        while True:
            with contextlib.suppress(OSError):  # a folder that is just being made or removed: next time
                self.look()
            time.sleep(LOOK_SECONDS)

    def look(self) -> None:
        """Make the sockets that workspaces may have and lack, and close those of workspaces that are gone."""
        wanted: dict[str, Serve] = {}
        for workspace_id in self._workspaces():
            grants = read_grants(self._machine, workspace_id)
            shared = f"{self._machine.directories.run}/{workspace_id}/s"
            if grants.git:
                wanted[f"{shared}/{GIT_SOCKET}"] = self._answer_git
            if grants.agent:
                wanted[f"{shared}/{AGENT_SOCKET}"] = self._relay_agent
        for path in [path for path in self._open if path not in wanted or not self._is_there(path)]:
            _shut(self._open.pop(path)[0])
        for path, serve in wanted.items():
            if path not in self._open:
                self._open[path] = _listen(path)
                threading.Thread(
                    target=_accept, args=(self._open[path][0], serve), name="cove-errand", daemon=True
                ).start()

    def close(self) -> None:
        """Listen no more."""
        for listener, _ in self._open.values():
            _shut(listener)
        self._open.clear()

    def _workspaces(self) -> list[str]:
        try:
            names = os.listdir(self._machine.directories.run)
        except OSError:
            return []
        return [
            name
            for name in names
            if _ID.fullmatch(name) and os.path.isdir(f"{self._machine.directories.run}/{name}/s")
        ]

    def _is_there(self, path: str) -> bool:
        try:
            found = os.lstat(path)
        except OSError:
            return False
        return (found.st_dev, found.st_ino) == self._open[path][1]

    def _answer_git(self, link: socket.socket) -> None:
        link.settimeout(PATIENCE_SECONDS)
        question = b""
        while (
            len(question) < QUESTION_BYTES and not question.endswith(b"\n\n") and (piece := link.recv(4096))
        ):
            question += piece
        link.sendall(answer_question(self._runner, question.decode("utf-8", "replace")).encode())

    def _relay_agent(self, link: socket.socket) -> None:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as agent:
            path = read_agent(self._machine)
            found = os.stat(path)
            if not stat.S_ISSOCK(found.st_mode) or found.st_uid != os.geteuid():
                return
            agent.connect(path)
            back = threading.Thread(target=pump, args=(agent, link), name="cove-agent", daemon=True)
            back.start()
            pump(link, agent)
            back.join()


def _listen(path: str) -> tuple[socket.socket, tuple[int, int]]:
    """Return a listener at `path`, for all who can go there, and which file it is. Raises OSError."""
    folder, name = os.path.split(path)
    making = f"{os.path.dirname(folder)}/{name[0]}{os.urandom(3).hex()}"  # beside: a short path that is its owner's alone
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        listener.bind(making)
        os.chmod(making, 0o666)  # noqa: S103 - whoever is in the container; RUN/ID keeps everybody else out
        found = os.lstat(making)
        listener.listen(64)
        os.rename(making, path)
    except OSError:
        listener.close()
        with contextlib.suppress(OSError):
            os.unlink(making)
        raise
    return listener, (found.st_dev, found.st_ino)


def _shut(listener: socket.socket) -> None:
    with contextlib.suppress(OSError):
        listener.shutdown(socket.SHUT_RDWR)  # wakes who accepts
    listener.close()


def _accept(listener: socket.socket, serve: Serve) -> None:
    while True:
        try:
            link, _ = listener.accept()
        except OSError:  # closed
            return
        threading.Thread(target=_serve_one, args=(link, serve), name="cove-errand-one", daemon=True).start()


def _serve_one(link: socket.socket, serve: Serve) -> None:
    with link, contextlib.suppress(OSError):
        serve(link)
