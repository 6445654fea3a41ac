import json

import pytest

from cove.errors import ConfigurationError
from cove.spec.layer import KEYS, Layer, parse_layer
from cove.spec.lifecycle import HOOKS, parse_command
from cove.spec.merge import Merged, merge_layers, parse_metadata_label, render_metadata_label
from cove.spec.narrow import Spot
from cove.spec.run import Mount


def test_nothing_said_gives_the_defaults_of_the_specification() -> None:
    assert merge_layers([]) == Merged(
        init=False,
        privileged=False,
        cap_add=(),
        security_opt=(),
        entrypoints=(),
        mounts=(),
        hooks=dict.fromkeys(HOOKS, ()),
        wait_for="updateContentCommand",
        customizations=(),
        container_user=None,
        remote_user=None,
        user_env_probe="loginInteractiveShell",
        container_env={},
        remote_env={},
        override_command=None,
        update_remote_user_uid=True,
        forward_ports=(),
        ports_attributes={},
        other_ports_attributes=None,
        host_requirements={},
        shutdown_action=None,
    )


IMAGE = {
    "init": True,
    "remoteUser": "vscode",
    "capAdd": ["SYS_PTRACE"],
    "mounts": ["source=a,target=/cache", "source=b,target=/b"],
    "postCreateCommand": "image",
    "containerEnv": {"A": "image", "B": "image"},
    "remoteEnv": {"P": "1"},
    "portsAttributes": {"3000": {"label": "a", "protocol": "https"}, "4000": {}},
    "forwardPorts": [3000],
    "customizations": {"vscode": {"extensions": ["a.a"]}},
    "overrideCommand": False,
    "hostRequirements": {"cpus": 8},
    "updateRemoteUserUID": False,
}
FEATURE = {"id": "f", "entrypoint": "/f.sh", "postCreateCommand": {"x": "y"}, "privileged": True}
OWN = {
    "init": False,
    "capAdd": ["NET_ADMIN", "SYS_PTRACE"],
    "mounts": [{"source": "/data", "target": "/cache", "type": "bind"}],
    "postCreateCommand": ["own"],
    "containerEnv": {"A": "own"},
    "remoteEnv": {"P": None},
    "portsAttributes": {"3000": {"label": "b"}},
    "forwardPorts": ["localhost:3000", 5000],
    "customizations": {"vscode": {"settings": {}}},
    "hostRequirements": {"cpus": 2},
    "userEnvProbe": "none",
}


def test_merges_by_the_rules_of_the_specification() -> None:
    merged = merge_layers([parse_layer(document) for document in (IMAGE, FEATURE, OWN)])
    assert merged.init is True
    assert merged.privileged is True
    assert merged.remote_user == "vscode"
    assert merged.cap_add == ("SYS_PTRACE", "NET_ADMIN")
    assert merged.entrypoints == ("/f.sh",)
    assert merged.mounts == (Mount("volume", "b", "/b"), Mount("bind", "/data", "/cache"))
    commands = ("image", {"x": "y"}, ["own"])
    assert merged.hooks["postCreateCommand"] == tuple(parse_command(command, Spot()) for command in commands)
    assert merged.container_env == {"A": "own", "B": "image"}
    assert merged.remote_env == {"P": None}
    assert merged.ports_attributes == {"3000": {"label": "b"}, "4000": {}}
    assert merged.forward_ports == (3000, 5000)
    assert merged.customizations == ({"vscode": {"extensions": ["a.a"]}}, {"vscode": {"settings": {}}})
    assert merged.override_command is False
    assert merged.update_remote_user_uid is False
    assert merged.host_requirements == {"cpus": 8}
    assert merged.user_env_probe == "none"


def test_every_key_is_merged() -> None:
    fields = {
        "hooks" if key.name in HOOKS else {"entrypoint": "entrypoints"}.get(field, field)
        for field, key in KEYS.items()
    }
    assert fields - {"id"} == set(Merged._fields)


@pytest.mark.parametrize(
    ("text", "users"),
    [
        ("", []),
        ("  \n", []),
        ("[]", []),
        ('{"remoteUser": "a"}', ["a"]),
        ('[{"remoteUser": "a"}, {"init": true}, {"remoteUser": "b"}]', ["a", None, "b"]),
    ],
)
def test_reads_labels(text: str, users: list[str | None]) -> None:
    assert [layer.remote_user for layer in parse_metadata_label(text)] == users


@pytest.mark.parametrize("text", ["{", "3", '["x"]', '[{"init": "yes"}]'])
def test_refuses_what_is_no_metadata(text: str) -> None:
    with pytest.raises(ConfigurationError, match=r"^label devcontainer\.metadata"):
        parse_metadata_label(text)


def test_a_label_repeats_what_it_was_made_from() -> None:
    entries = [
        {"id": "f", "otherTool": {"x": 1}, "mounts": ["src=a,dst=/a"]},
        {"remoteEnv": {"A": "${containerEnv:A}é"}},
    ]
    layers = [*parse_metadata_label(json.dumps(entries)), Layer(), Layer(remote_user="vscode")]
    text = render_metadata_label(layers)
    assert json.loads(text) == [*entries, {"remoteUser": "vscode"}]
    assert text.startswith('[{"id":"f","otherTool":{"x":1},')
    assert "é" in text
