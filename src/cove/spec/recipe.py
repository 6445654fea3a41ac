"""The Dockerfile and devcontainer.json of an inferred configuration, as a person would have written them."""

from __future__ import annotations

import json
import posixpath
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cove.spec.infer import Inferred

DEBIAN = "debian:bookworm-slim"
MICROMAMBA = "mambaorg/micromamba:2"
"""micromamba-docker publishes rolling tags of partial versions (its README, "Tags")."""
AT = "/tmp/project"  # noqa: S108 - in the image
USER = """
# Work as somebody who is not root; cove and other dev container tools give this user your ids.
RUN useradd --create-home --shell /bin/bash dev
USER dev
"""
LAYER = """\
# Packages change less often than code: a layer of their own, and no source in it. The environment stays open to
# whoever develops in the container, so that packages can be added there.
"""
LOCAL_LINES = r"/^\s*(-e\b|--editable\b|\.{1,2}(\/|\[|\s*$)|file:)/d"


def render_dockerfile(inferred: Inferred, *, own_user: bool) -> str:
    """Return the Dockerfile; with `own_user` it ends as a user `dev`, else as root and cove adds one.

    What is downloaded stays in the builder's cache (`--mount=type=cache`), so a changed list costs only what is new.
    """
    layer = {"conda": _conda, "uv": _uv, "pip": _pip}[inferred.tool](inferred)
    return f"{_system(inferred)}\n{layer}{USER if own_user else ''}"


def render_configuration(inferred: Inferred, name: str, *, extensions: bool) -> str:
    """Return the devcontainer.json, for `.devcontainer/devcontainer.json`, the Dockerfile beside it."""
    parts = [
        _member("name", name),
        _member("build", {"dockerfile": "Dockerfile", "context": ".."}),
    ]
    if inferred.wants_gpu:
        why = f"{' and '.join(inferred.frameworks)} can use a GPU, and run without one."
        parts.append(_member("hostRequirements", {"gpu": "optional"}, why))
    if inferred.install:
        why = "The repository's own package, once the repository is mounted; what it needs is in the image already."
        if not inferred.files:
            why = "The repository's package with what it needs; its files are there once it is mounted."
        parts.append(_member("postCreateCommand", inferred.install, why))
    if extensions:
        wanted = ["ms-python.python", *(["ms-toolsai.jupyter"] if inferred.kernel else [])]
        parts.append(_member("customizations", {"vscode": {"extensions": wanted}}))
    return "{\n" + ",\n".join(parts) + "\n}\n"


def _member(key: str, value: object, comment: str = "") -> str:
    above = f"    // {comment}\n" if comment else ""
    return f"{above}    {json.dumps(key)}: {json.dumps(value, ensure_ascii=False)}"


def _system(inferred: Inferred) -> str:
    packages = ["ca-certificates", "git"]
    base, why = inferred.python.base, inferred.python.reason
    if inferred.tool == "conda":
        base, why = DEBIAN, "Python and all packages come from conda-forge."
    elif inferred.python.is_debian:
        packages += ["python3", "python3-venv"]
    return (
        f"# {why}\nFROM {base}\n\nRUN apt-get update \\\n"
        f"    && apt-get install -y --no-install-recommends {' '.join(packages)} \\\n"
        "    && rm -rf /var/lib/apt/lists/*\n"
    )


def _pip(inferred: Inferred) -> str:
    steps = ["python3 -m venv /opt/venv"]
    wanted = [f"--requirement {AT}/{inferred.files[0]}"] if inferred.files else []
    wanted += [*inferred.packages, *(["ipykernel"] if inferred.kernel else [])]
    note = ""
    if inferred.mentions_itself:
        note = "# Lines that name folders of the repository wait until it is mounted.\n"
        steps.append(f"sed -i -E '{LOCAL_LINES}' {' '.join(f'{AT}/{name}' for name in inferred.files)}")
    if wanted:
        steps.append(f"pip install {' '.join(wanted)}")
    steps.append("chmod -R a+rwX /opt/venv")
    path = "ENV VIRTUAL_ENV=/opt/venv PATH=/opt/venv/bin:$PATH\n"
    return f"{LAYER}{path}{_copy(inferred)}{note}{_run('/root/.cache/pip', steps)}"


def _uv(inferred: Inferred) -> str:
    uv = ["python3 -m venv /opt/uv", "/opt/uv/bin/pip install uv", "ln -s /opt/uv/bin/uv /usr/local/bin/uv"]
    steps = ["python3 -m venv /opt/venv"]
    if inferred.has_lock:
        steps.append(f"uv sync --frozen --no-install-local --inexact --project {AT}")
    elif inferred.files:
        steps.append(f"uv pip install --requirement {AT}/{inferred.files[0]}")
    steps += ["uv pip install ipykernel"] if inferred.kernel else []
    steps.append("chmod -R a+rwX /opt/venv")
    settings = (
        "ENV VIRTUAL_ENV=/opt/venv PATH=/opt/venv/bin:$PATH \\\n"
        f"    UV_PROJECT_ENVIRONMENT=/opt/venv UV_PYTHON={inferred.python.version} UV_PYTHON_DOWNLOADS=never"
        " UV_LINK_MODE=copy\n"
    )
    return (
        f"# uv, apart from the project's environment.\n{_run('/root/.cache/pip', uv)}\n"
        f"{LAYER}{settings}{_copy(inferred)}{_run('/root/.cache/uv', steps)}"
    )


def _conda(inferred: Inferred) -> str:
    kernel = " ipykernel" if inferred.kernel else ""
    steps = [
        f"micromamba create --yes --prefix /opt/env --file {AT}/{inferred.files[0]}{kernel}",
        "chmod -R a+rwX /opt/env",
    ]
    return (
        f"COPY --from={MICROMAMBA} /bin/micromamba /usr/local/bin/micromamba\n\n{LAYER}"
        "ENV MAMBA_ROOT_PREFIX=/opt/micromamba CONDA_PREFIX=/opt/env PATH=/opt/env/bin:$PATH\n"
        f"{_copy(inferred)}{_run('/opt/micromamba/pkgs', steps)}"
    )


def _copy(inferred: Inferred) -> str:
    folders: dict[str, list[str]] = {}
    for file in inferred.files:
        folders.setdefault(posixpath.dirname(file), []).append(file)
    return "".join(
        f"COPY {' '.join(files)} {posixpath.join(AT, folder, '')}\n"
        for folder, files in sorted(folders.items())
    )


def _run(cache: str, steps: list[str]) -> str:
    return f"RUN --mount=type=cache,target={cache} \\\n    " + " \\\n    && ".join(steps) + "\n"
