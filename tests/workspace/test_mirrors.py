"""Mirrors for builds."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from cove.settings.settings import Settings
from cove.workspace.mirrors import UNTOLD, build_files

if TYPE_CHECKING:
    from collections.abc import Callable

    from cove.testing import FakeEngine
    from cove.workspace.read import Reading
    from cove.workspace.session import Session

INDEX = "https://ada:s3cret@mirror/simple"


def test_without_mirrors_there_is_nothing(session: Session) -> None:
    assert build_files(session) == ()
    assert not os.path.exists(f"{session.machine.directories.cache}/mirrors")


def test_files_are_written_once_and_readable_for_any_user_of_a_step(session: Session) -> None:
    session.settings = Settings(pypi_index=INDEX)
    pip, uv = build_files(session)
    assert (pip.id, pip.target, pip.variable) == (
        "cove-pip-conf",
        "/dev/cove-mirrors/pip.conf",
        "PIP_CONFIG_FILE",
    )
    assert (uv.target, uv.value) == (
        "/dev/cove-mirrors/xdg/uv/uv.toml",
        "/dev/cove-mirrors/xdg:/etc/xdg",
    )
    with open(pip.source) as file:
        assert INDEX in file.read()
    assert os.stat(pip.source).st_mode & 0o777 == 0o644
    before = os.stat(pip.source).st_mtime_ns
    assert build_files(session) == (pip, uv)
    assert os.stat(pip.source).st_mtime_ns == before


def test_a_builder_that_mounts_nothing_is_told_of_once(session: Session, engine: FakeEngine) -> None:
    engine.certificate_way = "copy"
    session.settings = Settings(pypi_index=INDEX)
    assert build_files(session) == build_files(session) == ()
    assert session.progress.warnings == [UNTOLD]


def test_a_build_sees_them_and_its_text_does_not_tell_them(
    session: Session, engine: FakeEngine, read: Callable[..., Reading]
) -> None:
    from cove.workspace.image import prepare_image

    session.settings = Settings(pypi_index=INDEX)
    engine.add_image("debian")
    reading = read('{"build": {"dockerfile": "Dockerfile"}}', Dockerfile="FROM debian\nRUN pip install x\n")
    prepare_image(session, reading, name="digits")
    request = engine.builds[0]
    assert [file.id for file in request.files] == ["cove-pip-conf", "cove-uv-toml"]
    assert "ARG PIP_CONFIG_FILE=/dev/cove-mirrors/pip.conf" in request.dockerfile_text
    assert "RUN --mount=type=secret,id=cove-pip-conf" in request.dockerfile_text
    assert "s3cret" not in request.dockerfile_text
