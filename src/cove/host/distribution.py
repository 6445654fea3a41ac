"""Which operating system this is, and how packages come onto it."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

MANAGERS = {
    "debian": "apt", "ubuntu": "apt",
    "fedora": "dnf", "rhel": "dnf", "centos": "dnf", "amzn": "dnf",
    "opensuse": "zypper", "suse": "zypper", "sles": "zypper",
    "arch": "pacman",
    "alpine": "apk",
    "macos": "brew",
}  # fmt: skip
"""The `ID` or `ID_LIKE` of os-release to the package manager's command (apt stands for apt-get)."""


class Distribution(NamedTuple):
    """An operating system as os-release(5) tells it."""

    id: str = ""
    like: tuple[str, ...] = ()
    version: str = ""
    codename: str = ""
    name: str = ""
    """For people: `Debian GNU/Linux 12 (bookworm)`."""
    manager: str = ""
    """`apt`, `dnf`, `zypper`, `pacman`, `apk`, `brew`, or empty where not known."""


def read_distribution() -> Distribution:
    """Read this machine's."""
    if os.uname().sysname == "Darwin":
        return Distribution(id="macos", name="macOS", manager="brew")
    for path in ("/etc/os-release", "/usr/lib/os-release"):
        try:
            with open(path, encoding="utf-8", errors="replace") as file:
                return parse_os_release(file.read())
        except OSError:
            continue
    return Distribution()


def parse_os_release(text: str) -> Distribution:
    """Return the distribution that an os-release file describes: lines `KEY=value`, quoted as in a shell."""
    fields = _fields(text)
    like = tuple(fields.get("ID_LIKE", "").split())
    return Distribution(
        id=fields.get("ID", ""),
        like=like,
        version=fields.get("VERSION_ID", ""),
        codename=fields.get("VERSION_CODENAME", ""),
        name=fields.get("PRETTY_NAME", "") or fields.get("NAME", ""),
        manager=_manager((fields.get("ID", ""), *like)),
    )


def _fields(text: str) -> Mapping[str, str]:
    import shlex

    fields: dict[str, str] = {}
    for line in text.splitlines():
        key, equals, value = line.strip().partition("=")
        if equals and not key.startswith("#"):
            try:
                fields[key] = "".join(shlex.split(value))
            except ValueError:  # an unclosed quote: take it as it stands
                fields[key] = value
    return fields


def _manager(names: tuple[str, ...]) -> str:
    for name in names:
        if found := MANAGERS.get(name) or MANAGERS.get(
            name.partition("-")[0]
        ):  # opensuse-leap, opensuse-tumbleweed
            return found
    return ""
