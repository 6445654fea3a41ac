"""A bundle's folder while it is made: what is left out of it, what is added, who may read it."""

from __future__ import annotations

import os

from cove.errors import ConfigurationError
from cove.host import files
from cove.ide import code_server


def trim(package: str, arch: str) -> int:
    """Remove what is not needed from code-server's package; return the bytes that remain."""
    import glob

    for pattern in code_server.TRIMMED:
        parent, _, name = pattern.rpartition("/")
        if name == "!ARCH":
            keep = f"linux-{code_server.NODE_ARCHES[arch]}"
            paths = [path for path in glob.glob(f"{package}/{parent}/*") if os.path.basename(path) != keep]
        else:
            paths = glob.glob(f"{package}/{pattern}")
        for path in paths:
            if os.path.isdir(path) and not os.path.islink(path):
                files.remove_tree(path)
            else:
                os.unlink(path)
    left = 0
    for folder, _, names in os.walk(package):
        for name in names:
            path = f"{folder}/{name}"
            if name.endswith(code_server.TRIMMED_SUFFIXES):
                os.unlink(path)
            else:
                left += os.lstat(path).st_size
    return left


def open_to_all(folder: str) -> None:
    """Let every user read and run what is below, whatever the umask was; nobody but the owner may write."""
    os.chmod(folder, 0o755)  # noqa: S103 - containers of any uid read it; the cache above it is private
    for parent, folders, names in os.walk(folder):
        for name in folders:
            if not os.path.islink(f"{parent}/{name}"):
                os.chmod(f"{parent}/{name}", 0o755)  # noqa: S103 - as above
        for name in names:
            path = f"{parent}/{name}"
            if not os.path.islink(path):
                executable = os.stat(path).st_mode & 0o111 or name in {"node", "rg"}
                os.chmod(path, 0o755 if executable else 0o644)


def check_complete(folder: str) -> None:
    """Refuse a bundle that lacks what starts it. Raises ConfigurationError."""
    for name in (
        "bin/node",
        "code-server/out/node/entry.js",
        "code-server/lib/vscode/out/server-main.js",
        "inside",
    ):
        if not os.path.exists(f"{folder}/{name}"):
            raise ConfigurationError(f"the editor that was fetched lacks {name}", path=folder)


def copy_inside(source: str, folder: str) -> None:
    """Put cove's own scripts into a bundle's `inside/`."""
    import shutil

    shutil.copytree(source, f"{folder}/inside", ignore=shutil.ignore_patterns("__pycache__", "*.py"))
