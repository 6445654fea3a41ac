"""What a container was made from."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from cove.spec.config import bare_configuration, parse_configuration
from cove.workspace.inputs import changed, read_changes, read_digests, read_inputs

DOCKERFILE = """\
FROM debian AS base
COPY --from=other /x /y
COPY requirements.txt \\
     setup.py /app/
COPY src/ /app/src/
ADD https://example.org/a.tgz /a
COPY *.toml /app/
"""


def test_single_files_count_and_folders_do_not(tmp_path: Path) -> None:
    for name in ("requirements.txt", "setup.py", ".dockerignore", "src/model.py", "pyproject.toml"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(name)
    (tmp_path / "Dockerfile").write_text(DOCKERFILE)
    inputs = read_inputs(bare_configuration(f"{tmp_path}/Dockerfile", folder=str(tmp_path)))
    assert {Path(path).name for path in inputs} == {
        "Dockerfile",
        ".dockerignore",
        "requirements.txt",
        "setup.py",
    }


def test_a_configuration_counts_itself(tmp_path: Path) -> None:
    path = tmp_path / ".devcontainer.json"
    path.write_text('{"image": "debian"}')
    configuration = parse_configuration(path.read_text(), path=str(path), folder=str(tmp_path))
    before = read_inputs(configuration)
    assert list(before) == [str(path)]
    path.write_text('{"image": "ubuntu"}')
    assert changed(before, read_digests(before)) == [str(path)]
    path.unlink()
    assert changed(before, read_digests(before)) == [str(path)]


def test_nothing_changed(tmp_path: Path) -> None:
    (tmp_path / "Dockerfile").write_text("FROM debian")
    before = read_digests([str(tmp_path / "Dockerfile")])
    assert changed(before, read_digests(before)) == []


def test_changes_since_by_the_label(tmp_path: Path) -> None:
    path = tmp_path / "Dockerfile"
    path.write_text("FROM debian")
    label = json.dumps(read_digests([str(path)]))
    assert read_changes(label) == ()
    path.write_text("FROM ubuntu")
    assert read_changes(label) == (str(path),)


@pytest.mark.parametrize("label", ["", "{", "[]", "[1]", "null", "1"])
def test_of_a_label_that_cannot_be_read_nothing_is_known(label: str) -> None:
    assert read_changes(label) == ()
