"""What is wrong is said once, clearly, with the designed exit code and nothing left behind."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from testbed.command import Cove
    from testbed.engine import Engine

BASE = "FROM debian:bookworm-slim\n"


@pytest.mark.parametrize(
    ("files", "words", "code", "message"),
    [
        (
            {".devcontainer.json": '{\n  "image": "debian:bookworm-slim",\n  "runArgs": [\n}'},
            (),
            3,
            ".devcontainer.json:4:1: ",
        ),
        ({".devcontainer.json": '{\n  "image": 3\n}'}, (), 3, ".devcontainer.json:2:3: "),
        ({".devcontainer.json": '{"name": "nothing to build"}'}, (), 3, ".devcontainer.json:1:"),
        (
            {"Dockerfile": BASE, ".devcontainer.json": '{"build": {"dockerfile": "Other"}}'},
            (),
            3,
            "Other does not exist",
        ),
        (
            {
                "Dockerfile": f"{BASE[:-1]} AS base\n",
                ".devcontainer.json": '{"build": {"dockerfile": "Dockerfile", "target": "gpu"}}',
            },
            (),
            3,
            "gpu",
        ),
        ({"Dockerfile": BASE}, ("--name", "Not A Label"), 2, "cannot be a name"),
        ({"Dockerfile": BASE}, ("--auth", "none"), 2, "--port"),
        ({"Dockerfile": f"{BASE}RUN echo before && exit 9\n"}, (), 5, "exit 9"),
        ({"Dockerfile": "FROM localhost/cove-test/no-such-image:1\n"}, (), (3, 8), "no-such-image"),
        (
            {".devcontainer.json": '{"image": "debian:bookworm-slim", "runArgs": ["--privileged"]}'},
            (),
            10,
            "--trust",
        ),
        (
            {".devcontainer.json": '{"image": "debian:bookworm-slim", "remoteUser": "nobody-here"}'},
            (),
            3,
            "nobody-here",
        ),
        (
            {
                ".devcontainer.json": '{"image": "debian:bookworm-slim", "postCreateCommand": "echo almost; exit 3"}'
            },
            (),
            6,
            "postCreateCommand failed with exit code 3",
        ),
    ],
)
def test_refusals(
    cove: Cove,
    base_image: str,
    tmp_path: Path,
    files: dict[str, str],
    words: tuple[str, ...],
    code: int | tuple[int, ...],
    message: str,
) -> None:
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    refused = cove("up", str(tmp_path), *words)
    assert refused.code in (code if isinstance(code, tuple) else (code,)), refused
    assert message in refused.stderr
    assert "Traceback" not in refused.stderr
    assert refused.stdout == ""


def test_a_folder_that_does_not_exist(cove: Cove, tmp_path: Path) -> None:
    refused = cove("up", f"{tmp_path}/nowhere").check(3)
    assert f"the folder {tmp_path}/nowhere does not exist" in refused.stderr


def test_an_image_without_a_shell(cove: Cove, engine: Engine, base_image: str, tmp_path: Path) -> None:
    (tmp_path / "Dockerfile").write_text("FROM scratch\nCOPY hello /hello\n")
    (tmp_path / "hello").write_text("not a program\n")
    (tmp_path / ".devcontainer.json").write_text('{"build": {"dockerfile": "Dockerfile"}}')
    refused = cove("up", str(tmp_path)).check(3)
    assert "/bin/sh" in refused.stderr


def test_a_port_in_use(cove: Cove, base_image: str, tmp_path: Path) -> None:
    (tmp_path / "Dockerfile").write_text(BASE)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        refused = cove("up", str(tmp_path), "--port", port).check(2)
    assert port in refused.stderr


def test_a_name_taken(cove: Cove, base_image: str, tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "Dockerfile").write_text(BASE)
    cove("up", str(tmp_path / "one"), "--name", "mine").check()
    refused = cove("up", str(tmp_path / "two"), "--name", "mine").check(2)
    assert f"the name `mine` is taken by {tmp_path / 'one'}" in refused.stderr


def test_no_such_engine(cove: Cove, tmp_path: Path) -> None:
    (tmp_path / "Dockerfile").write_text(BASE)
    refused = cove(
        "up",
        str(tmp_path),
        "--engine",
        "docker",
        env={"DOCKER_HOST": f"unix://{tmp_path}/none.sock", "COVE_ENGINE": ""},
    ).check(4)
    assert "none.sock" in refused.stderr
