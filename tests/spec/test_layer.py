import pytest

from cove.errors import ConfigurationError
from cove.spec.layer import KEYS, Layer, parse_layer, render_layer
from cove.spec.lifecycle import LifecycleStep
from cove.spec.run import Mount

SHELL = ("/bin/sh", "-c")

DOCUMENT = {
    "id": "ghcr.io/devcontainers/features/node:1",
    "onCreateCommand": "one",
    "updateContentCommand": ["two", "2"],
    "postCreateCommand": {"a": "three"},
    "postStartCommand": "four",
    "postAttachCommand": "five",
    "waitFor": "postCreateCommand",
    "customizations": {"vscode": {"extensions": ["x.y"]}},
    "mounts": ["source=a,target=/a", {"source": "b", "target": "/b", "type": "volume"}],
    "containerEnv": {"A": "1"},
    "containerUser": "root",
    "init": True,
    "privileged": False,
    "capAdd": ["SYS_PTRACE"],
    "securityOpt": ["seccomp=unconfined"],
    "entrypoint": "/init",
    "remoteUser": "vscode",
    "userEnvProbe": "loginShell",
    "remoteEnv": {"B": None},
    "overrideCommand": False,
    "portsAttributes": {"3000": {"label": "web"}},
    "otherPortsAttributes": {"onAutoForward": "silent"},
    "forwardPorts": [3000, "db:5432"],
    "shutdownAction": "none",
    "updateRemoteUserUID": False,
    "hostRequirements": {"cpus": 2},
}


def test_every_key_has_its_field() -> None:
    assert set(KEYS) == set(Layer._fields) - {"written"}
    assert len({key.name for key in KEYS.values()}) == len(KEYS)
    assert {key.name for key in KEYS.values()} == set(DOCUMENT)


def test_reads_every_key() -> None:
    layer = parse_layer(DOCUMENT)
    assert layer.init is True
    assert layer.privileged is False
    assert layer.cap_add == ("SYS_PTRACE",)
    assert layer.mounts == (Mount("volume", "a", "/a"), Mount("volume", "b", "/b"))
    assert layer.on_create_command == (LifecycleStep("", (*SHELL, "one")),)
    assert layer.update_content_command == (LifecycleStep("", ("two", "2")),)
    assert layer.post_create_command == (LifecycleStep("a", (*SHELL, "three")),)
    assert layer.remote_env == {"B": None}
    assert layer.forward_ports == (3000, "db:5432")
    assert layer.override_command is False
    assert all(getattr(layer, field) is not None for field in KEYS)


def test_writes_what_was_written() -> None:
    assert render_layer(parse_layer(DOCUMENT)) == DOCUMENT


def test_writes_every_key_by_itself() -> None:
    bare = parse_layer(DOCUMENT)._replace(written={})
    again = parse_layer(render_layer(bare))
    assert again._replace(written={}) == bare


def test_writes_what_was_changed_since() -> None:
    layer = parse_layer({"remoteUser": "vscode", "mounts": [{"source": "a", "target": "/a"}]})
    changed = layer._replace(remote_user=None, mounts=(Mount("bind", "/x", "/a", read_only=True),), init=True)
    assert render_layer(changed) == {"mounts": ["type=bind,source=/x,target=/a,readonly"], "init": True}


def test_null_and_other_keys_say_nothing() -> None:
    assert parse_layer({"remoteUser": None, "image": "x", "mystery": 1}) == Layer()


@pytest.mark.parametrize("name", [key.name for key in KEYS.values()])
def test_a_wrong_type_is_refused_at_its_key(name: str) -> None:
    text = f'{{\n  "{name}": 17\n}}'
    with pytest.raises(ConfigurationError) as caught:
        parse_layer({name: 17}, text=text, path="d.json")
    assert caught.value.message.startswith(f"d.json:2:3: `{name}` must be ")
