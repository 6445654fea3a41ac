"""The settings' table: file, environment, and what is refused."""

from __future__ import annotations

import pytest

from cove.errors import ConfigurationError
from cove.settings.settings import KEYS, Settings, Source, parse_settings, parse_source, trace_settings


@pytest.mark.parametrize(
    ("document", "env", "expected"),
    [
        ({}, {}, Settings()),
        ({"engine": "podman"}, {}, Settings(engine="podman")),
        ({"engine": "podman"}, {"COVE_ENGINE": "docker"}, Settings(engine="docker")),
        ({"engine": "podman"}, {"COVE_ENGINE": ""}, Settings(engine="podman")),
        ({"certificates": ["/a.pem"]}, {}, Settings(certificates=("/a.pem",))),
        ({}, {"COVE_CERTIFICATES": "/a.pem:/b.pem"}, Settings(certificates=("/a.pem", "/b.pem"))),
        ({"isolated": True}, {}, Settings(isolated=True)),
        ({"isolated": True}, {"COVE_ISOLATED": "0"}, Settings(isolated=False)),
        ({"gateway_port": 9000}, {}, Settings(gateway_port=9000)),
        ({}, {"COVE_GATEWAY_PORT": "9001"}, Settings(gateway_port=9001)),
        ({"registry_mirrors": {"docker.io": "m"}}, {}, Settings(registry_mirrors={"docker.io": "m"})),
        ({}, {"COVE_REGISTRY_MIRRORS": "a=b, c = d/e"}, Settings(registry_mirrors={"a": "b", "c": "d/e"})),
    ],
)
def test_values(document: dict[str, object], env: dict[str, str], expected: Settings) -> None:
    assert parse_settings(Source(document), env) == expected


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        ('\nengin = "podman"', "s.toml:2:1: unknown setting `engin`", "Did you mean `engine`?"),
        ("colour = 1", "s.toml:1:1: unknown setting `colour`", "The settings are: apt_proxy, caches,"),
        ('engine = "lxc"', "s.toml:1:1: `engine` is one of docker, podman, not `lxc`", ""),
        ('# engine\n"engine" = 3', "s.toml:2:1: `engine` must be a text, not 3", ""),
        ("[engine]\nx = 1", "s.toml:1:2: `engine` must be a text, not {'x': 1}", ""),
        ("gateway_port = true", "s.toml:1:1: `gateway_port` must be a whole number, not True", ""),
        (
            '[registry_mirrors]\n"docker.io" = 3',
            "s.toml:1:2: the values of `registry_mirrors` must be texts",
            "",
        ),
        ("registry_mirrors = 3", "s.toml:1:1: `registry_mirrors` must be a table, not 3", ""),
        ('certificates = "/a.pem"', "s.toml:1:1: `certificates` must be a list of texts", ""),
        ("engine = ", "s.toml:1:10: Invalid value", ""),
        ('engine = "podman', "s.toml:1:17: Unterminated string", ""),
    ],
)
def test_a_file_is_refused_with_its_place(text: str, message: str, hint: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        parse_settings(parse_source(text, "s.toml"), {})
    assert caught.value.message == message
    assert caught.value.hint.startswith(hint)


@pytest.mark.parametrize(
    ("env", "message"),
    [
        ({"COVE_ISOLATED": "perhaps"}, "COVE_ISOLATED: `perhaps` is neither true nor false"),
        ({"COVE_GATEWAY_PORT": "http"}, "COVE_GATEWAY_PORT: `http` is not a whole number"),
        ({"COVE_REGISTRY_MIRRORS": "a"}, "COVE_REGISTRY_MIRRORS: `a` is no list of NAME=VALUE"),
        ({"COVE_ENGINE": "lxc"}, "COVE_ENGINE: `engine` is one of docker, podman, not `lxc`"),
    ],
)
def test_a_variable_is_refused_by_its_name(env: dict[str, str], message: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        parse_settings(Source(), env)
    assert caught.value.message == message


def test_where_values_come_from() -> None:
    source = parse_source('way = "exec"\ncaches = false\nengine = "docker"\n', "s.toml")
    env = {"COVE_CACHES": "1", "COVE_ENGINE": "podman", "COVE_WAY": ""}
    found = trace_settings(source, env, {"engine": "--engine"})
    assert (found["way"], found["caches"], found["engine"], found["gallery"]) == (
        "s.toml:1",
        "COVE_CACHES",
        "--engine",
        "default",
    )


def test_every_field_is_declared() -> None:
    assert [key.field for key in KEYS] == list(Settings._fields)
