"""What of the person's a workspace may use: git's credentials, the agent, the identity; and that nothing keeps or leaks it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from testbed.openssh_client import running_agent

if TYPE_CHECKING:
    from testbed.command import Cove
    from testbed.engine import Engine
    from testbed.person import Person

PASSWORD = "a-token-nobody-keeps"
CLOUD = "a-cloud-key-nobody-keeps"
HELPER = f"""#!/bin/sh
[ "$1" = get ] || exit 0
cat > "$HOME/asked"
grep -q host=git.example "$HOME/asked" && printf 'username=ada\\npassword={PASSWORD}\\n'
"""
QUESTION = "printf 'protocol=https\\nhost=git.example\\n\\n' | GIT_TERMINAL_PROMPT=0 git credential fill"
ASK_AGENT = (
    "import os, socket as s; c = s.socket(s.AF_UNIX); c.connect(os.environ['SSH_AUTH_SOCK']);"
    "c.sendall(bytes((0, 0, 0, 1, 11))); print(c.recv(9999))"
)


@pytest.fixture
def person_env(tmp_path: Path) -> dict[str, str]:
    """A home with a git configuration and a credential helper."""
    home = tmp_path / "home"
    home.mkdir()
    helper = home / "helper"
    helper.write_text(HELPER)
    helper.chmod(0o755)
    (home / ".gitconfig").write_text(
        f'[user]\n name = Ada Lovelace\n email = ada@example.org\n[credential]\n helper = "{helper}"\n'
    )
    return {"HOME": str(home), "COVE_SESSION_ENV": "CLOUD_KEY", "CLOUD_KEY": CLOUD}


def open_workspace(cove: Cove, base_image: str, folder: Path, env: dict[str, str]) -> str:
    folder.mkdir()
    (folder / ".devcontainer.json").write_text(
        json.dumps({"image": base_image, "postCreateCommand": f"({QUESTION}) | sed 's/password=.*/got one/'"})
    )
    return str(cove("up", str(folder), "--json", env=env).check().json["containerId"])


def inside(cove: Cove, name: str, script: str, env: dict[str, str]) -> str:
    done = cove("exec", name, "--", "sh", "-c", script, env=env)
    return done.stdout + done.stderr


def check_that_it_works(cove: Cove, name: str, env: dict[str, str]) -> None:
    assert f"password={PASSWORD}" in inside(cove, name, QUESTION, env)
    assert "password" not in inside(cove, name, QUESTION.replace("git.example", "other.example"), env)
    assert "password=" not in inside(cove, name, QUESTION.replace("protocol=https", "protocol=http"), env)
    assert "in-the-agent" in inside(cove, name, f'python3 -c "{ASK_AGENT}"', env)
    commit = "cd /tmp && rm -rf r && git init -q r && cd r && git commit -q --allow-empty -m x && git log --format=%an:%ae"
    assert inside(cove, name, commit, env) == "Ada Lovelace:ada@example.org\n"
    assert inside(cove, name, "echo $CLOUD_KEY", env) == f"{CLOUD}\n"
    editor = "cat /proc/$(pgrep -of /opt/cove/ide/bin/node)/environ | tr '\\0' '\\n'"  # its terminals have what it has
    assert {
        "SSH_AUTH_SOCK=/run/cove/agent.sock",
        "GIT_CONFIG_SYSTEM=/run/cove/git/config",
        f"CLOUD_KEY={CLOUD}",
    } <= {*inside(cove, name, editor, env).split("\n")}


def check_that_nothing_keeps_it(cove: Cove, engine: Engine, container: str, env: dict[str, str]) -> None:
    image = engine.cli("inspect", "--format", "{{.Image}}", container).stdout.strip()
    sleeper = cove.start("exec", "desk", "--", "sleep", "300", env=env)
    time.sleep(2)
    told = {
        "inspect": engine.cli("inspect", container).stdout,
        "image": engine.cli("image", "inspect", image).stdout,
        "layers": engine.cli("history", "--no-trunc", image).stdout,
        "log": cove("logs", "desk", env=env).stdout + engine.cli("logs", container).stdout,
        "processes inside": engine.cli("exec", container, "ps", "-eo", "args").stdout,
        "processes here": subprocess.run(
            ["ps", "-eo", "args"], check=True, capture_output=True, text=True
        ).stdout,
        "info": cove("info", "desk", "--json", env=env).stdout,
        "new processes": engine.cli("exec", container, "env").stdout,
    }
    told |= {
        str(path): path.read_text(errors="replace") for path in cove.home.folder.rglob("*") if path.is_file()
    }
    os.killpg(sleeper.pid, signal.SIGKILL)  # the engine's client with it, which holds the pipes
    sleeper.communicate()
    leaks = [where for where, text in told.items() if PASSWORD in text or CLOUD in text]
    assert not leaks
    search = (
        f"grep -rlE '{PASSWORD[:-1]}[s]|{CLOUD[:-1]}[s]' / --exclude-dir=proc --exclude-dir=sys 2>/dev/null"
    )
    assert engine.cli("exec", "--user", "0", container, "sh", "-c", search, check=False).stdout == ""


@pytest.mark.parametrize("engine", ["docker"], indirect=True, scope="session")
def test_used_and_not_kept(
    cove: Cove, engine: Engine, base_image: str, tmp_path: Path, person_env: dict[str, str]
) -> None:
    use_and_search(cove, engine, base_image, tmp_path, person_env)


@pytest.mark.full("credentials")
@pytest.mark.parametrize("engine", ["podman"], indirect=True, scope="session")
def test_used_and_not_kept_on_podman(
    cove: Cove, engine: Engine, base_image: str, tmp_path: Path, person_env: dict[str, str]
) -> None:
    use_and_search(cove, engine, base_image, tmp_path, person_env)


def use_and_search(cove: Cove, engine: Engine, base_image: str, tmp_path: Path, env: dict[str, str]) -> None:
    with running_agent(tmp_path) as agent:
        whole = {**env, **agent}
        container = open_workspace(cove, base_image, tmp_path / "desk", whole)
        check_that_it_works(cove, "desk", whole)
        check_that_nothing_keeps_it(cove, engine, container, whole)
        assert "got one" in cove("logs", "desk", env=whole).stdout, "lifecycle commands can ask too"


@pytest.mark.full("credentials")
@pytest.mark.parametrize("engine", ["docker", "podman"], indirect=True, scope="session")
def test_each_can_be_switched_off(
    cove: Cove, engine: Engine, base_image: str, tmp_path: Path, person_env: dict[str, str]
) -> None:
    off = {
        "COVE_GIT_CREDENTIALS": "0",
        "COVE_SSH_AGENT": "0",
        "COVE_GIT_IDENTITY": "0",
        "COVE_SESSION_ENV": "",
    }
    with running_agent(tmp_path) as agent:
        env = {**person_env, **agent, **off}
        open_workspace(cove, base_image, tmp_path / "off", env)
        seen = inside(
            cove,
            "off",
            f"echo -$SSH_AUTH_SOCK-$CLOUD_KEY-; ls /run/cove; git config user.name; {QUESTION}",
            env,
        )
        assert seen.startswith("---\n")
        assert PASSWORD not in seen
        assert not {"agent.sock", "git.sock", "git", "Ada"} & {*seen.split()}
        on = {**person_env, **agent, "COVE_ISOLATED": "1"}
        open_workspace(cove, base_image, tmp_path / "isolated", on)
        assert PASSWORD not in inside(cove, "isolated", QUESTION, on)


@pytest.mark.full("credentials")
@pytest.mark.parametrize("engine", ["docker", "podman"], indirect=True, scope="session")
def test_another_user_of_the_machine_gets_nothing(
    cove: Cove,
    engine: Engine,
    base_image: str,
    tmp_path: Path,
    person_env: dict[str, str],
    ordinary_user: Person,
) -> None:
    """The agent's socket, git's, the keys, the control sockets; even with everything above cove's own folders open."""
    with running_agent(tmp_path) as agent:
        env = {**person_env, **agent}
        open_workspace(cove, base_image, tmp_path / "desk", env)
        cove("ssh", "desk", "--", "true", env=env).check()
        inside(cove, "desk", QUESTION, env)  # by then the sockets are there
        cove.home.folder.chmod(0o755)
        sockets = [path for path in cove.home.folder.rglob("*") if path.is_socket()]
        assert {path.name for path in sockets} >= {"agent.sock", "git.sock"}
        keys = [path for path in cove.home.folder.rglob("*") if "key" in path.name or "ed25519" in path.name]
        assert keys
        for path in sockets:
            code = f"import socket as s; s.socket(s.AF_UNIX).connect({str(path)!r})"
            tried = ordinary_user.run(("python3", "-c", code))
            assert "PermissionError" in tried.stderr, path
        for path in [*keys, Path(cove.home.folder, "h/state/ssh/config")]:
            assert ordinary_user.run(("cat", str(path))).code != 0, path
        config = Path(cove.home.folder, "h/state/ssh/config")
        tried = ordinary_user.run(("ssh", "-F", str(config), "desk.cove", "true"))
        assert tried.code == 255
