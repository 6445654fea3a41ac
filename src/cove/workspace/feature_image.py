"""Features installed on an image: one build, in which each Feature is a step of its own."""

from __future__ import annotations

import hashlib
import os
import shutil
from contextlib import contextmanager
from typing import TYPE_CHECKING

from cove.errors import BuildError
from cove.host import files
from cove.spec.feature_install import (
    OPTIONS_FILE,
    WRAPPER,
    find_failed,
    folder_name,
    render_features_dockerfile,
    render_options,
    render_wrapper,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cove.spec.feature_install import Users
    from cove.spec.run import BuildRequest
    from cove.workspace.features import Installation
    from cove.workspace.session import Session

CONTENT_TIME = 946684800
"""Seconds since 1970 that every copied file gets (the year 2000): podman's builder looks at times, and finds no change."""


def install_features(
    session: Session, installation: Installation, users: Users, request: BuildRequest
) -> None:
    """Carry out a build whose Dockerfile is that of `render_features_dockerfile`, in a context made for it.

    Raises BuildError with the name of the Feature that failed, and what building raises.
    """
    with (
        session.progress.step("features", "installing Features") as step,
        _staged(installation, users) as context,
    ):
        try:
            session.engine.build(request._replace(context=context), step.line)
        except BuildError as error:
            raise name_failure(error, installation) from error


@contextmanager
def _staged(installation: Installation, users: Users) -> Iterator[str]:
    with files.scratch("features") as context:
        stage(installation, users, context)
        yield context


def render_tag(base_id: str, installation: Installation, users: Users) -> str:
    """Return what names the result: the same base, Features, options and users give the same 12 digits."""
    digest = hashlib.sha256(base_id.encode())
    digest.update(render_features_dockerfile("base", installation.order, users).encode())
    for node, folder in zip(installation.order, installation.folders, strict=True):
        content = node.digest or hash_folder(folder)
        digest.update(f"{content}\n{render_options(node)}\n{render_wrapper(node, users)}".encode())
    return digest.hexdigest()[:12]


def stage(installation: Installation, users: Users, context: str) -> None:
    """Copy the Features' files into a build's context, with their options and the script that installs each."""
    for number, (node, folder) in enumerate(zip(installation.order, installation.folders, strict=True)):
        place = f"{context}/{folder_name(number, node)}"
        shutil.copytree(folder, place, symlinks=True)
        for name, text in ((OPTIONS_FILE, render_options(node)), (WRAPPER, render_wrapper(node, users))):
            with open(f"{place}/{name}", "w", encoding="utf-8") as file:
                file.write(text)
    for folder, _, names in os.walk(context, topdown=False):
        for path in (*(f"{folder}/{name}" for name in names), folder):
            os.utime(path, (CONTENT_TIME, CONTENT_TIME), follow_symlinks=False)
            if not os.path.islink(path):
                os.chmod(path, 0o755)  # noqa: S103 - as the specification has it; only the build reads them


def name_failure(error: BuildError, installation: Installation) -> BuildError:
    """Return the error of a failed installation, with the Feature's name instead of a line of a file nobody wrote."""
    node = find_failed(error.detail.splitlines(), installation.order)
    if node is None:
        return error
    more = f"Its documentation: {node.manifest.documentation}. " if node.manifest.documentation else ""
    return BuildError(
        f"the Feature {node.wanted.text} could not be installed",
        hint=f"{more}`cove logs` shows all that it wrote.",
        detail=error.detail,
    )


def hash_folder(folder: str) -> str:
    """Return the SHA-256 of a folder's files and their names."""
    digest = hashlib.sha256()
    for here, folders, names in os.walk(folder):
        folders.sort()
        for name in sorted(names):
            path = f"{here}/{name}"
            content = os.readlink(path) if os.path.islink(path) else files.hash_file(path)
            digest.update(f"{os.path.relpath(path, folder)}\0{content}\0".encode())
    return digest.hexdigest()
