"""Configurations in the shape in which the reference CLI prints them: plain JSON, nothing read that it does not read.

The names are those of its output. Source: the reference implementation's `read-configuration` (0.89), and the
specification's "Merge Logic".
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from cove.spec.layer import KEYS
from cove.spec.lifecycle import HOOKS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

Document = dict[str, Any]

CONFIGURATION_KEYS = tuple(key.name for key in KEYS.values() if key.in_configuration)
UPDATEABLE_KEYS = ("remoteUser", "userEnvProbe", "remoteEnv")
"""What devcontainer.json may still change of a container that is there."""
REPLACED_KEYS = ("customizations", "entrypoint", *HOOKS, "shutdownAction")
_SIZES = {"t": 2**40, "g": 2**30, "m": 2**20, "k": 2**10}


def fold_old_members(document: Document) -> Document:
    """Return the document with `extensions`, `settings` and `devPort` where they belong now; see `spec/config.py`."""
    old = [key for key in ("extensions", "settings") if document.get(key) is not None]
    if not old and "devPort" not in document:
        return document
    customizations = dict(document.get("customizations") or {})
    vscode = dict(customizations.get("vscode") or {})
    kept = {key: value for key, value in document.items() if key not in {*old, "devPort"}}
    if "extensions" in old:
        vscode["extensions"] = [*(vscode.get("extensions") or []), *document["extensions"]]
    if "settings" in old:
        vscode["settings"] = {**document["settings"], **(vscode.get("settings") or {})}
    if "devPort" in document:
        vscode.setdefault("devPort", document["devPort"])
    return {**kept, "customizations": {**customizations, "vscode": vscode}}


def render_file_path(path: str, *, named: bool) -> Document:
    """Return a path as the reference prints `configFilePath`, a URI of VS Code's; `named` by an option, or found."""
    return {"$mid": 1, "fsPath": path, "path": path, "scheme": "file" if named else "vscode-fileHost"}


def render_mount(source: str, target: str) -> str:
    """Return the text of the workspace's mount; a path with a comma is quoted.

    >>> render_mount("/w/nets", "/workspaces/nets")
    'type=bind,source=/w/nets,target=/workspaces/nets'
    """
    words = [f'"{word}"' if "," in word else word for word in (f"source={source}", f"target={target}")]
    return ",".join(("type=bind", *words))


def parse_metadata(label: str) -> list[Document]:
    """Return the entries of a label `devcontainer.metadata`; one that cannot be read says nothing."""
    try:
        found = json.loads(label or "[]")
    except ValueError:
        return []
    entries = found if isinstance(found, list) else [found]
    return [entry for entry in entries if isinstance(entry, dict)]


def pick(document: Mapping[str, Any], keys: Iterable[str]) -> Document:
    """Return the members with these keys, in the order of the keys."""
    return {key: document[key] for key in keys if key in document}


def merge_documents(configuration: Document, entries: Sequence[Document]) -> Document:
    """Return the merged configuration: the entries of image and Features first, devcontainer.json's last."""
    entries = [entry for entry in entries if entry]
    merged: Document = {
        "init": any(entry.get("init") for entry in entries),
        "privileged": any(entry.get("privileged") for entry in entries),
        "capAdd": _union(entries, "capAdd"),
        "securityOpt": _union(entries, "securityOpt"),
        "entrypoints": [entry["entrypoint"] for entry in entries if entry.get("entrypoint")] or None,
        "mounts": _mounts(entries),
        "customizations": _customizations(entries) or None,
        **{f"{hook}s": [entry[hook] for entry in entries if entry.get(hook)] for hook in HOOKS},
        "waitFor": _last(entries, "waitFor"),
        "remoteUser": _last(entries, "remoteUser"),
        "containerUser": _last(entries, "containerUser"),
        "userEnvProbe": _last(entries, "userEnvProbe"),
        "remoteEnv": _assigned(entries, "remoteEnv"),
        "containerEnv": _assigned(entries, "containerEnv"),
        "overrideCommand": _last_bool(entries, "overrideCommand"),
        "portsAttributes": _assigned(entries, "portsAttributes"),
        "otherPortsAttributes": _last(entries, "otherPortsAttributes"),
        "forwardPorts": _ports(entries),
        "shutdownAction": _last(entries, "shutdownAction"),
        "updateRemoteUserUID": _last_bool(entries, "updateRemoteUserUID"),
        "hostRequirements": _requirements(entries),
    }
    kept = {
        key: value for key, value in configuration.items() if key not in REPLACED_KEYS and key not in merged
    }
    return {**kept, **{key: value for key, value in merged.items() if value is not None}}


def _last(entries: Sequence[Document], key: str) -> Any:
    return next((entry[key] for entry in reversed(entries) if entry.get(key)), None)


def _last_bool(entries: Sequence[Document], key: str) -> bool | None:
    return next((entry[key] for entry in reversed(entries) if isinstance(entry.get(key), bool)), None)


def _assigned(entries: Sequence[Document], key: str) -> Document:
    return {name: value for entry in entries for name, value in (entry.get(key) or {}).items()}


def _union(entries: Sequence[Document], key: str) -> list[Any] | None:
    said = [value for entry in entries for value in entry.get(key) or []]
    return list(dict.fromkeys(said)) or None


def _customizations(entries: Sequence[Document]) -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = {}
    for entry in entries:
        for tool, said in (entry.get("customizations") or {}).items():
            found.setdefault(tool, []).append(said)
    return found


def _mounts(entries: Sequence[Document]) -> list[Any] | None:
    """Return all mounts in their own spelling; of those with one target, the last."""
    mounts = [mount for entry in entries for mount in entry.get("mounts") or []]
    winner = {_target(mount): number for number, mount in enumerate(mounts)}
    kept = [mount for number, mount in enumerate(mounts) if winner[_target(mount)] == number]
    return kept or None


def _target(mount: Any) -> Any:
    if isinstance(mount, dict):
        return mount.get("target")
    words = dict(word.partition("=")[::2] for word in str(mount).split(","))
    return next((words[key] for key in ("target", "destination", "dst") if key in words), None)


def _ports(entries: Sequence[Document]) -> list[Any] | None:
    named = [
        f"localhost:{port}" if isinstance(port, int) else port
        for entry in entries
        for port in entry.get("forwardPorts") or []
    ]
    own = (re.search(r"localhost:(\d+)", port) for port in dict.fromkeys(named))
    ports = [int(found[1]) if found else port for port, found in zip(dict.fromkeys(named), own, strict=True)]
    return ports or None


def _requirements(entries: Sequence[Document]) -> Document | None:
    said = [entry.get("hostRequirements") or {} for entry in entries]
    cpus = max((one.get("cpus") or 0 for one in said), default=0)
    memory = max((_bytes(one.get("memory")) for one in said), default=0)
    storage = max((_bytes(one.get("storage")) for one in said), default=0)
    gpu: Any = None
    for one in said:
        gpu = _gpu(gpu, one.get("gpu"))
    if not (cpus or memory or storage) and gpu in (None, False):
        return None
    sizes = {"memory": memory, "storage": storage}
    found: Document = {"cpus": cpus, **{name: f"{size}" for name, size in sizes.items() if size}}
    return found if gpu is None else {**found, "gpu": gpu}


def _gpu(first: Any, second: Any) -> Any:
    if first is None or first is False:
        return second
    if second is None or second is False:
        return first
    if first == second == "optional":
        return "optional"
    both = [one if isinstance(one, dict) else {} for one in (first, second)]
    cores = max(one.get("cores") or 0 for one in both)
    memory = max(_bytes(one.get("memory")) for one in both)
    return {**({"cores": cores} if cores else {}), **({"memory": f"{memory}"} if memory else {})}


def _bytes(text: Any) -> int:
    found = re.fullmatch(r"(\d+)([tgmk]b)?", str(text or "0"))
    return int(found[1]) * _SIZES.get((found[2] or " ")[0], 1) if found else 0
