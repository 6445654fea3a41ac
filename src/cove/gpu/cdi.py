"""The devices that CDI files describe (Container Device Interface, github.com/cncf-tags/container-device-interface)."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

FOLDERS = ("/etc/cdi", "/var/run/cdi")
"""Where the specification has them; the latter wins."""
LARGEST_BYTES = 4 << 20


def read_cdi(folders: Iterable[str] = FOLDERS) -> dict[str, str]:
    """Return each device's full name (`nvidia.com/gpu=0`) and the file that describes it.

    A file that cannot be read or is none is passed over: it is the engine's to complain.
    """
    found: dict[str, str] = {}
    for folder in folders:
        try:
            names = sorted(os.listdir(folder))
        except OSError:
            continue
        for name in names:
            if name.endswith((".json", ".yaml", ".yml")):
                path = f"{folder}/{name}"
                found |= dict.fromkeys(parse_cdi(_read(path), json_text=name.endswith(".json")), path)
    return found


def parse_cdi(text: str, *, json_text: bool) -> list[str]:
    """Return the full names of the devices that a CDI file's text describes; none if it is no such file."""
    document = _load(text, json_text=json_text)
    if not isinstance(document, dict):
        return []
    kind, devices = document.get("kind"), document.get("devices")
    if not isinstance(kind, str) or not isinstance(devices, list):
        return []
    names = [device.get("name") for device in devices if isinstance(device, dict)]
    return [f"{kind}={name}" for name in names if isinstance(name, (str, int)) and not isinstance(name, bool)]


def _load(text: str, *, json_text: bool) -> object:
    if json_text:
        try:
            return json.loads(text)
        except ValueError:
            return None
    import yaml

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        return yaml.load(text, Loader=loader)  # noqa: S506 - the safe loader, in C where it is there
    except yaml.YAMLError:
        return None


def _read(path: str) -> str:
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read(LARGEST_BYTES)
    except OSError:
        return ""
