"""Features on real engines, from a real registry and from folders."""

from __future__ import annotations

import hashlib
import io
import json
import os
import tarfile
import urllib.request
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from testbed.command import Cove
    from testbed.engine import Engine

INSTALL = """\
#!/bin/sh
set -e
echo "$0 $(id -un) $_REMOTE_USER $_REMOTE_USER_HOME $VERSION" >> /usr/local/share/features
printf '#!/bin/sh\\necho {name} "$@"\\n' > /usr/local/bin/{name}
chmod 755 /usr/local/bin/{name}
"""


def publish(registry: str, name: str, version: str, **more: object) -> None:
    """Put a Feature into the registry, as `devcontainer features publish` would."""
    packed = io.BytesIO()
    manifest = {
        "id": name,
        "version": version,
        "name": name.title(),
        "options": {"version": {"default": "1"}},
        **more,
    }
    with tarfile.open(fileobj=packed, mode="w") as archive:
        files = {
            "./devcontainer-feature.json": json.dumps(manifest),
            "./install.sh": INSTALL.replace("{name}", name),
        }
        for path, text in files.items():
            info = tarfile.TarInfo(path)
            info.size, info.mode = len(text), 0o755
            archive.addfile(info, io.BytesIO(text.encode()))
    base = f"http://{registry}/v2/features/{name}"
    layer = upload(base, packed.getvalue())
    config = upload(base, b"{}")
    described = {
        "schemaVersion": 2,
        "mediaType": "application/vnd.oci.image.manifest.v1+json",
        "config": {"mediaType": "application/vnd.devcontainers", "digest": config, "size": 2},
        "layers": [
            {
                "mediaType": "application/vnd.devcontainers.layer.v1+tar",
                "digest": layer,
                "size": packed.tell(),
            }
        ],
    }
    for tag in (version, "latest"):
        send("PUT", f"{base}/manifests/{tag}", json.dumps(described).encode(), str(described["mediaType"]))


def upload(base: str, data: bytes) -> str:
    digest = f"sha256:{hashlib.sha256(data).hexdigest()}"
    place = send("POST", f"{base}/blobs/uploads/", b"")
    send("PUT", f"{place}{'&' if '?' in place else '?'}digest={digest}", data)
    return digest


def send(method: str, url: str, data: bytes, kind: str = "application/octet-stream") -> str:
    request = urllib.request.Request(url, data, {"Content-Type": kind}, method=method)  # noqa: S310 - the registry
    with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request) as answer:
        return str(answer.headers.get("Location", ""))


@pytest.fixture
def repository(tmp_path: Path, base_image: str) -> Callable[..., Path]:
    def write(features: dict[str, object], **more: object) -> Path:
        (tmp_path / "Dockerfile").write_text(
            f"FROM {base_image}\nRUN useradd -m -s /bin/bash dev\nUSER dev\n"
        )
        config = {"build": {"dockerfile": "Dockerfile"}, "features": features, **more}
        (tmp_path / ".devcontainer.json").write_text(json.dumps(config))
        local = tmp_path / "mine"
        local.mkdir(exist_ok=True)
        (local / "devcontainer-feature.json").write_text(
            json.dumps(
                {
                    "id": "mine",
                    "containerEnv": {"MINE": "m:${PATH}"},
                    "postCreateCommand": "echo mine > /tmp/created",
                }
            )
        )
        (local / "install.sh").write_text(INSTALL.replace("{name}", "mine"))
        return tmp_path

    return write


def test_installed_in_order_as_root_for_the_remote_user_and_locked(
    cove: Cove, engine: Engine, registry: str, repository: Callable[..., Path]
) -> None:
    publish(
        registry,
        "tool",
        "1.0.0",
        installsAfter=[f"{registry}/features/base"],
        dependsOn={f"{registry}/features/deep": {}},
    )
    publish(registry, "base", "2.0.0")
    publish(registry, "deep", "1.1.0")
    names = {
        f"{registry}/features/{name}": options
        for name, options in (("tool", {"version": "it's 7"}), ("base", {}))
    }
    folder = repository({**names, "./mine": {}}, postCreateCommand="cat /tmp/created > /tmp/copied")
    opened = cove("up", str(folder), "--json").check().json
    script = "cat /usr/local/share/features; mine works; echo $MINE; id -un; cat /tmp/copied"
    lines = cove("exec", opened["name"], "--", "sh", "-c", script).check().stdout.splitlines()
    assert [line.rpartition("/home/dev")[2].strip() for line in lines[:4]] == ["", "1", "1", "it's 7"]
    assert all(line.startswith("./install.sh root dev /home/dev") for line in lines[:4])
    assert (lines[4], lines[5][:3], lines[6]) == ("mine works", "m:/", "dev")
    assert lines[7] == "mine"  # the Feature's hook ran before the configuration's

    lock = json.loads((folder / ".devcontainer-lock.json").read_text())["features"]
    assert {name.rpartition("/")[2]: entry["version"] for name, entry in lock.items()} == {
        "tool": "1.0.0", "base": "2.0.0", "deep": "1.1.0",
    }  # fmt: skip
    assert os.stat(folder / ".devcontainer-lock.json").st_uid == os.stat(folder).st_uid

    # Nothing changed: nothing is built; a newer release changes nothing that is locked; another option only what it must.
    publish(registry, "base", "2.1.0")
    again = cove("up", str(folder), "--rebuild", "--json", "--frozen-lockfile").check()
    assert again.json["image"] == opened["image"]
    assert "installing Features" not in again.stderr
    config = json.loads((folder / ".devcontainer.json").read_text())
    config["features"][f"{registry}/features/tool"] = {"version": "8"}
    (folder / ".devcontainer.json").write_text(json.dumps(config))
    changed = cove("up", str(folder), "--rebuild").check().stderr
    assert "installing Features" in changed
    assert "Feature Tool (" in changed
    assert "Feature Base (" not in changed


def test_one_that_fails_is_named(cove: Cove, repository: Callable[..., Path]) -> None:
    folder = repository({"./mine": {}})
    (folder / "mine" / "install.sh").write_text("#!/bin/sh\necho no mirror; exit 3\n")
    failed = cove("up", str(folder))
    assert failed.code == 5
    assert "the Feature ./mine could not be installed" in failed.stderr
    assert "no mirror" in failed.stderr
