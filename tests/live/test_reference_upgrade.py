"""`outdated` and `upgrade` of the stand-in beside the reference's: equal words, equal lockfiles."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from testbed.collection import served_collection
from testbed.reference import Reference
from testbed.workspace import write_files

if TYPE_CHECKING:
    from pathlib import Path

    from testbed.collection import Collection
    from testbed.command import Cove
    from testbed.engine import Engine

RELEASES = ("1.0.0", "1.1.0", "1.10.0", "2.0.0", "3.0.0-rc.1")
ALL = {
    "{f}/tool": {},
    "{f}/tool:1": {"a": "b"},
    "{f}/tool:1.1": {},
    "{f}/tool:1.0.0": {},
    "{f}/tool:9": {},
    "{f}/tool:3.0.0-rc.1": {},
    "{f}/other@{digest}": {},
    "{f}/none": {},
    "./local": {},
    "https://{registry}/devcontainer-feature-x.tgz": {},
    "legacy": {},
}
SOME = {"{f}/tool:1": {"a": "b"}, "{f}/other": {}, "./local": {}}
NOUGHT = f"sha256:{'0' * 64}"
LOCK = json.dumps(
    {
        "features": {
            "{f}/tool:1": {"version": "1.0.0", "resolved": f"{{f}}/tool@{NOUGHT}", "integrity": NOUGHT}
        }
    }
)
CASES: dict[str, tuple[tuple[str, ...], dict[str, Any], str]] = {
    "outdated": (("outdated",), ALL, ""),
    "outdated as JSON": (("outdated", "--output-format", "json"), ALL, ""),
    "outdated, locked": (("outdated",), ALL, LOCK),
    "outdated, locked, as JSON": (("outdated", "--output-format", "json"), ALL, LOCK),
    "outdated, none": (("outdated",), {}, ""),
    "outdated, none, as JSON": (("outdated", "--output-format", "json"), {}, ""),
    "outdated, no such file": (("outdated", "--config", "/nowhere"), {}, ""),
    "outdated, usage": (("outdated", "--docker-path", "x"), {}, ""),
    "upgrade": (("upgrade",), SOME, ""),
    "upgrade, locked": (("upgrade",), SOME, LOCK),
    "upgrade, nothing written": (("upgrade", "--dry-run"), SOME, LOCK),
    "upgrade, capital letters": (("upgrade",), {"{registry}/F/Tool:1": {}}, ""),
    "upgrade, none": (("upgrade",), {}, ""),
    "upgrade, local ones alone": (("upgrade",), {"./local": {}}, ""),
    "upgrade, pinned": (("upgrade", "--feature", "{f}/tool", "--target-version", "2"), SOME, ""),
    "upgrade, pinned by letters": (("upgrade", "-f", "{f}/tool:1", "-v", "1.1"), SOME, ""),
    "upgrade, pinned and not there": (("upgrade", "-f", "{f}/tool", "-v", "7"), SOME, ""),
    "upgrade, another pinned": (("upgrade", "-f", "{f}/xyz", "-v", "1"), SOME, ""),
    "upgrade, no version": (("upgrade", "-f", "{f}/tool", "-v", "x"), SOME, ""),
    "upgrade, half of it": (("upgrade", "-f", "{f}/tool"), SOME, ""),
    "upgrade, quiet": (("upgrade", "--log-level", "error"), SOME, ""),
}


@pytest.mark.full("reference")
@pytest.mark.parametrize("engine", ["docker"], indirect=True, scope="session")
def test_the_same(cove: Cove, engine: Engine, tmp_path: Path) -> None:
    reference = Reference(engine)
    (tmp_path / "registry").mkdir()
    with served_collection(tmp_path / "registry") as collection:
        for release in RELEASES:
            collection.publish("f/tool", release)
        needs = {f"{collection.name}/f/tool:1": {}}
        digest = collection.publish("f/other", "1.0.0", dependsOn=needs)
        others = []
        for case, (words, features, lock) in CASES.items():
            results = []
            for tool in ("reference", "cove"):
                folder = tmp_path / case.replace(",", "") / tool
                lay_out(folder, collection, digest, features, lock)
                filled = [fill(word, collection, digest) for word in words]
                where = ("--workspace-folder", str(folder))
                if tool == "reference":
                    env = {"NODE_EXTRA_CA_CERTS": str(collection.authority)}
                    done = reference(*filled, *where, env=env)
                    results.append((done.returncode, done.stdout, *files(folder)))
                else:
                    env = {"COVE_CERTIFICATES": str(collection.authority)}
                    said = cove("devcontainer", *filled, *where, env=env)
                    results.append((said.code, said.stdout, *files(folder)))
            if results[0] != results[1]:
                others.append((case, *results))
        assert not others


def fill(text: str, collection: Collection, digest: str) -> str:
    """Return a text with the registry's names in it."""
    text = text.replace("{f}", f"{collection.name}/f").replace("{digest}", digest)
    return text.replace("{registry}", collection.name)


def lay_out(folder: Path, collection: Collection, digest: str, features: dict[str, Any], lock: str) -> None:
    """Write a configuration of these Features, and its lockfile if there is one."""
    texts = {
        ".devcontainer/devcontainer.json": json.dumps({"image": "x", "features": features}),
        ".devcontainer/local/devcontainer-feature.json": '{"id": "local"}',
        ".devcontainer/local/install.sh": "",
        **({".devcontainer/devcontainer-lock.json": lock} if lock else {}),
    }
    write_files(folder, {name: fill(text, collection, digest) for name, text in texts.items()})


def files(folder: Path) -> tuple[str, str]:
    """Return the configuration and the lockfile as they are afterwards."""
    lock = folder / ".devcontainer" / "devcontainer-lock.json"
    config = folder / ".devcontainer" / "devcontainer.json"
    return config.read_text(), lock.read_text() if lock.exists() else ""
