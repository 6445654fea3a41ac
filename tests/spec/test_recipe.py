"""The files made from what was inferred."""

from __future__ import annotations

import pytest

from cove.spec.config import DockerfileSource, parse_configuration
from cove.spec.dockerfile import base_images, last_user, parse_dockerfile
from cove.spec.infer import infer
from cove.spec.recipe import LAYER, render_configuration, render_dockerfile

PIP = f"""\
# Python 3.11: no file asks for another
FROM debian:bookworm-slim

RUN apt-get update \\
    && apt-get install -y --no-install-recommends ca-certificates git python3 python3-venv \\
    && rm -rf /var/lib/apt/lists/*

{LAYER}ENV VIRTUAL_ENV=/opt/venv PATH=/opt/venv/bin:$PATH
COPY requirements.txt /tmp/project/
RUN --mount=type=cache,target=/root/.cache/pip \\
    python3 -m venv /opt/venv \\
    && pip install --requirement /tmp/project/requirements.txt ipykernel \\
    && chmod -R a+rwX /opt/venv
"""
PROJECT = '[project]\nname = "x"\nrequires-python = "==3.12.*"\n[build-system]\n'
CASES: dict[str, dict[str, str]] = {
    "pip": {"requirements.txt": "torch"},
    "itself": {"requirements.txt": "-e .\nsix"},
    "folder": {"requirements/base.txt": ""},
    "named": {"a.ipynb": '{"cells": [{"cell_type": "code", "source": "import yaml"}]}'},
    "setup": {"setup.py": ""},
    "uv": {"pyproject.toml": PROJECT},
    "here": {"pyproject.toml": PROJECT + '[tool.uv.sources]\nx = { path = "x" }\n'},
    "lock": {"pyproject.toml": PROJECT, "uv.lock": ""},
    "conda": {"environment.yml": "dependencies: [pytorch]", "a.ipynb": ""},
}


def render(texts: dict[str, str], *, own_user: bool = False) -> str:
    inferred = infer(texts)
    assert inferred is not None
    return render_dockerfile(inferred, own_user=own_user)


def test_the_whole() -> None:
    assert render({"requirements.txt": "six", "a.ipynb": ""}) == PIP


@pytest.mark.parametrize(
    ("case", "bases", "line"),
    [
        ("pip", ("debian:bookworm-slim",), "pip install --requirement /tmp/project/requirements.txt"),
        ("itself", ("debian:bookworm-slim",), "sed -i -E '/^\\s*(-e"),
        ("named", ("debian:bookworm-slim",), "pip install pyyaml ipykernel"),
        ("setup", ("debian:bookworm-slim",), "python3 -m venv /opt/venv"),
        ("uv", ("python:3.12-slim-bookworm",), "uv pip install --requirement /tmp/project/pyproject.toml"),
        ("here", ("python:3.12-slim-bookworm",), "python3 -m venv /opt/venv"),
        ("lock", ("python:3.12-slim-bookworm",), "uv sync --frozen --no-install-local"),
        (
            "conda",
            ("debian:bookworm-slim", "mambaorg/micromamba:2"),
            "micromamba create --yes --prefix /opt/env --file /tmp/project/environment.yml ipykernel",
        ),
    ],
)
def test_each_tool(case: str, bases: tuple[str, ...], line: str) -> None:
    text = render(CASES[case])
    assert line in text
    assert base_images(parse_dockerfile(text), {}, "") == bases
    assert last_user(parse_dockerfile(text), {}, "") is None


@pytest.mark.parametrize("case", CASES)
def test_the_sources_are_not_in_it(case: str) -> None:
    """A saved edit makes no layer anew: only the files that name packages are copied."""
    text = render(CASES[case], own_user=True)
    copied = [line for line in text.splitlines() if line.startswith("COPY ") and "--from" not in line]
    named = [name for name in CASES[case] if not name.endswith((".ipynb", "setup.py")) and case != "here"]
    folder = "/tmp/project/requirements/" if case == "folder" else "/tmp/project/"
    assert copied == ([f"COPY {' '.join(named)} {folder}"] if named else [])
    assert last_user(parse_dockerfile(text), {}, "") == "dev"
    assert all(len(line) <= 120 for line in text.splitlines())


@pytest.mark.parametrize(
    ("case", "gpu", "install"),
    [
        ("pip", {"gpu": "optional"}, None),
        ("setup", None, "pip install --editable ."),
        ("lock", None, "uv sync --frozen --inexact"),
    ],
)
def test_the_configuration(case: str, gpu: object, install: str | None) -> None:
    inferred = infer(CASES[case])
    assert inferred is not None
    text = render_configuration(inferred, 'a "b"', extensions=True)
    read = parse_configuration(text, path="/r/.devcontainer/devcontainer.json", folder="/r")
    assert read.name == 'a "b"'
    assert read.source == DockerfileSource("/r/.devcontainer/Dockerfile", "/r")
    assert (read.layer.host_requirements, read.document.get("postCreateCommand")) == (gpu, install)
    assert "customizations" not in render_configuration(inferred, "x", extensions=False)
