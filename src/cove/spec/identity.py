"""Who a workspace is: ids, labels and names, from its folder and configuration file alone."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

FOLDER_LABEL = "devcontainer.local_folder"
FILE_LABEL = "devcontainer.config_file"

DIGITS = "0123456789abcdefghijklmnopqrstuv"
NAME_LENGTH = 40


def identity_labels(folder: str, config_path: str) -> dict[str, str]:
    """Return the labels by which the reference finds a container again: two absolute paths of the host.

    A bare Dockerfile has no configuration file, and then only the folder's label.
    """
    labels = {FOLDER_LABEL: folder}
    return {**labels, FILE_LABEL: config_path} if config_path else labels


def workspace_id(folder: str, config_path: str) -> str:
    """Return 12 lower-case hexadecimal digits, the same for the same two paths everywhere and always."""
    return _sha256(f"{folder}\0{config_path}").hex()[:12]


def devcontainer_id(labels: Mapping[str, str]) -> str:
    """Return `${devcontainerId}`: 52 characters of base 32 (specification, "Dev Container ID")."""
    text = json.dumps(dict(sorted(labels.items())), ensure_ascii=False, separators=(",", ":"))
    number = int.from_bytes(_sha256(text), "big")
    return "".join(DIGITS[number >> shift & 31] for shift in range(255, -1, -5))


def render_name(text: str) -> str:
    """Return a folder's name as one DNS label: `[a-z0-9][a-z0-9-]{0,39}`; `workspace` if nothing is left."""
    if not text.isascii():
        import unicodedata

        text = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    name = re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")
    return name[:NAME_LENGTH].rstrip("-") or "workspace"


def render_image_name(folder: str) -> str:
    """Return the name of the image that the reference builds for a workspace's folder.

    >>> render_image_name("/w/My Nets")[:12]
    'vsc-mynets-7'
    """
    name = f"vsc-{folder.rpartition('/')[2]}-{_sha256(folder).hex()}".lower()
    plain = re.sub(r"[^a-z0-9._-]+", "", name)
    return re.sub(r"(\.[._-]|_[.-]|__[._-]|-+[._])[._-]*", lambda found: found[1][:-1], plain)


def _sha256(text: str) -> bytes:
    from hashlib import sha256

    return sha256(text.encode("utf-8", "surrogateescape")).digest()
