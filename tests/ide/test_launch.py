"""The container's part of an editor: mounts, words, environment."""

from __future__ import annotations

import os
import subprocess
from importlib.resources import files
from typing import TYPE_CHECKING

import pytest

from cove.errors import ConfigurationError
from cove.ide.base import Bundle
from cove.ide.launch import SHELL_FOUND, LaunchRequest, new_secret, read_log, read_problem, render_launch
from cove.ide.store import StoredExtension
from cove.spec.run import Mount

if TYPE_CHECKING:
    from pathlib import Path

BUNDLE = Bundle("/cache/ide/x", "code-server", "4", "amd64", "glibc", "abc", "release")
REQUEST = LaunchRequest("/workspaces/digits", "/data/ws/1/data", "/run/ws/s", store="/cache/extensions")


OWN = {"VSCODE_CLI": "1"}
"""The environment is the person's already."""


def test_socket_way() -> None:
    launch = render_launch(BUNDLE, REQUEST)
    assert launch.mounts == (
        Mount("bind", "/cache/ide/x", "/opt/cove/ide", read_only=True),
        Mount("bind", "/cache/extensions", "/opt/cove/extensions", read_only=True),
        Mount("bind", "/data/ws/1/data", "/var/lib/cove"),
        Mount("bind", "/run/ws/s", "/run/cove"),
    )
    assert launch.argv[:4] == (
        "/bin/sh",
        "/opt/cove/ide/inside/launch.sh",
        "/var/lib/cove",
        "/run/cove/ide.sock",
    )
    assert launch.argv[-1] == "/workspaces/digits"
    words = set(launch.argv)
    assert {"--socket=/run/cove/ide.sock", "--socket-mode=666", "--auth=none"} <= words
    assert {"--config=/dev/null", "--disable-proxy", "--disable-telemetry", "--disable-update-check"} <= words
    assert {"--user-data-dir=/var/lib/cove/user", "--extensions-dir=/var/lib/cove/extensions"} <= words
    assert not any(word.startswith(("--host", "--port", "--bind-addr")) for word in words)
    assert launch.env == OWN
    assert launch.health_path == "/healthz"


def test_port_way_listens_with_a_login_and_its_secret_is_not_in_argv() -> None:
    secret = new_secret()
    launch = render_launch(BUNDLE, REQUEST._replace(way="port", port=8123, secret=secret))
    assert {"--host=0.0.0.0", "--port=8123", "--auth=password"} <= set(launch.argv)
    assert "--auth=none" not in launch.argv
    assert launch.argv[3] == "-"
    assert launch.env == {**OWN, "COVE_SECRET": secret}
    assert secret not in " ".join(launch.argv)
    assert launch.mounts == render_launch(BUNDLE, REQUEST).mounts


def test_a_port_without_a_secret_is_refused() -> None:
    for request in (REQUEST._replace(way="port", port=8123), REQUEST._replace(way="port", secret="x")):
        with pytest.raises(ConfigurationError, match="secret"):
            render_launch(BUNDLE, request)


def test_a_secret_never_reaches_an_editor_on_a_socket() -> None:
    assert render_launch(BUNDLE, REQUEST._replace(secret="abc")).env == OWN


def test_volumes_and_a_tmpfs_where_the_engine_is_remote() -> None:
    request = REQUEST._replace(bundle="cove-ide-abc", data="cove-data-1", sockets="", store="", way="exec")
    assert render_launch(BUNDLE, request).mounts == (
        Mount("volume", "cove-ide-abc", "/opt/cove/ide", read_only=True),
        Mount("volume", "cove-data-1", "/var/lib/cove"),
        Mount("tmpfs", "", "/run/cove", options=("tmpfs-mode=1777",)),
    )


def test_an_isolated_one_sees_only_its_own_extensions() -> None:
    hello = StoredExtension(
        "acme.hello", "1.0.0", "acme.hello-1.0.0-abc", "/cache/extensions/acme.hello-1.0.0-abc"
    )
    mounts = render_launch(BUNDLE, REQUEST._replace(isolated=True, extensions=(hello,))).mounts
    target = "/opt/cove/extensions/acme.hello-1.0.0-abc"
    assert Mount("bind", hello.path, target, read_only=True) in mounts
    assert "/cache/extensions" not in [mount.source for mount in mounts]


def test_the_environment_holds_only_what_is_asked_for() -> None:
    launch = render_launch(
        BUNDLE, REQUEST._replace(proxy_uri="./proxy/{{port}}/", gallery='{"serviceUrl": "x"}')
    )
    assert launch.env == {
        **OWN,
        "VSCODE_PROXY_URI": "./proxy/{{port}}/",
        "EXTENSIONS_GALLERY": '{"serviceUrl": "x"}',
    }


def test_secrets_are_fresh_and_look_like_a_legacy_hash() -> None:
    assert len(new_secret()) == 64
    assert int(new_secret(), 16) != int(new_secret(), 16)


def test_what_the_launcher_said(tmp_path: Path) -> None:
    assert read_problem(str(tmp_path)) == read_log(str(tmp_path)) == ""
    (tmp_path / "problem").write_text("this image is old\n")
    (tmp_path / "editor.log").write_text("".join(f"line {n}\x1b[31m\n" for n in range(100)))
    assert read_problem(str(tmp_path)) == "this image is old"
    assert read_log(str(tmp_path), 2) == "line 98[31m\nline 99[31m"


def test_planted_logs_are_not_followed(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("token")
    (tmp_path / "problem").symlink_to(tmp_path / "secret")
    (tmp_path / "editor.log").symlink_to(tmp_path / "secret")
    assert read_problem(str(tmp_path)) == read_log(str(tmp_path)) == ""


@pytest.mark.parametrize(
    ("own", "shown"), [("/bin/no-such-shell", "/bin/sh"), ("", "/bin/sh"), ("/bin/cat", "/bin/cat")]
)
def test_the_launcher_gives_terminals_a_shell_that_is_there(tmp_path: Path, own: str, shown: str) -> None:
    (tmp_path / "inside").mkdir()
    (tmp_path / "bin").mkdir()
    script = files("cove.ide") / "inside" / "launch.sh"
    (tmp_path / "inside" / "launch.sh").write_text(script.read_text())
    node = tmp_path / "bin" / "node"
    node.write_text('#!/bin/sh\necho "$SHELL ${COVE_SHELL-gone}"\n')
    node.chmod(0o755)
    env = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "SHELL": own, SHELL_FOUND: "/bin/sh"}
    words = ["/bin/sh", str(tmp_path / "inside" / "launch.sh"), str(tmp_path), "-"]
    subprocess.run(words, env=env, check=True)
    assert read_log(str(tmp_path)) == f"{shown} gone"
