"""What of podman's configuration cove must know and podman's own `info` does not tell (containers.conf(5))."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cove.host.machine import Machine

SYSTEM = ("/usr/share/containers/containers.conf", "/etc/containers/containers.conf")


def read_cdi_folders(machine: Machine, usual: tuple[str, ...]) -> tuple[str, ...]:
    """Return where podman looks for CDI files: `cdi_spec_dirs` of the last file that says it, else the usual folders.

    A file that is none is podman's to complain of, and says nothing here.
    """
    found = usual
    for path in _files(machine):
        said = _engine_table(path).get("cdi_spec_dirs")
        if isinstance(said, list) and said:
            found = tuple(
                str(folder) for folder in said if isinstance(folder, str) and folder.startswith("/")
            )
    return found


def _files(machine: Machine) -> Iterator[str]:
    """Yield the files in podman's order: the machine's, the person's, and what variables name alone or besides."""
    if named := machine.env.get("CONTAINERS_CONF"):
        yield named
    else:
        config = machine.env.get("XDG_CONFIG_HOME") or f"{machine.home}/.config"
        person = () if machine.is_root else (f"{config}/containers/containers.conf",)
        for path in (*SYSTEM, *person):
            yield path
            yield from _drop_ins(f"{path}.d")
    if more := machine.env.get("CONTAINERS_CONF_OVERRIDE"):
        yield more


def _drop_ins(folder: str) -> list[str]:
    try:
        return [f"{folder}/{name}" for name in sorted(os.listdir(folder)) if name.endswith(".conf")]
    except OSError:
        return []


def _engine_table(path: str) -> dict[str, object]:
    try:
        with open(path, "rb") as file:
            text = file.read()
    except OSError:
        return {}
    if b"cdi_spec_dirs" not in text:  # most files: no parser is loaded for them
        return {}
    import tomllib

    try:
        table = tomllib.loads(text.decode("utf-8", "replace")).get("engine")
    except tomllib.TOMLDecodeError:
        return {}
    return table if isinstance(table, dict) else {}
