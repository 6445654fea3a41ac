"""Mirrors in the words of the programs that use them."""

from __future__ import annotations

import configparser
import tomllib

import pytest

from cove.settings.mirrors import render_mirror_env, render_mirror_files, rewrite_reference
from cove.settings.settings import Settings

INDEX = "https://ada:s3cret@mirror/simple"


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        (Settings(), {}),
        (
            Settings(pypi_index=INDEX),
            {"PIP_INDEX_URL": INDEX, "UV_DEFAULT_INDEX": INDEX, "UV_INDEX_URL": INDEX},
        ),
        (
            Settings(npm_registry="https://npm"),
            {"npm_config_registry": "https://npm", "YARN_NPM_REGISTRY_SERVER": "https://npm"},
        ),
        (
            Settings(conda_channels="https://c/"),
            {
                "CONDA_CHANNEL_ALIAS": "https://c",
                "CONDA_DEFAULT_CHANNELS": "https://c/pkgs/main,https://c/pkgs/r",
                "MAMBA_CHANNEL_ALIAS": "https://c",
            },
        ),
        (Settings(apt_proxy="http://cache:3142"), {}),
    ],
)
def test_variables(settings: Settings, expected: dict[str, str]) -> None:
    assert render_mirror_env(settings) == expected


def test_an_index_without_tls_is_trusted_by_its_host() -> None:
    settings = Settings(pypi_index="http://ada:s3cret@mirror:3141/simple")
    assert render_mirror_env(settings)["PIP_TRUSTED_HOST"] == "mirror:3141"
    assert "trusted-host = mirror:3141\n" in render_mirror_files(settings)[0].text


def test_files_are_what_the_programs_read() -> None:
    settings = Settings(
        pypi_index=INDEX,
        npm_registry="https://npm",
        conda_channels="https://c",
        apt_proxy="http://cache:3142",
    )
    files = {file.name: file for file in render_mirror_files(settings)}
    pip = configparser.ConfigParser()
    pip.read_string(files["pip.conf"].text)
    assert pip["global"]["index-url"] == INDEX
    assert tomllib.loads(files["xdg/uv/uv.toml"].text) == {"index": [{"url": INDEX, "default": True}]}
    assert files["npmrc"].text == "registry=https://npm\n"
    assert files["condarc"].text.splitlines()[0] == "channel_alias: https://c"
    assert 'Acquire::http::Proxy "http://cache:3142";' in files["apt.conf"].text
    assert "s3cret" not in "".join(file.value for file in files.values())
    assert {file.variable: file.value for file in files.values()} == {
        "PIP_CONFIG_FILE": "/dev/cove-mirrors/pip.conf",
        "XDG_CONFIG_DIRS": "/dev/cove-mirrors/xdg:/etc/xdg",
        "NPM_CONFIG_GLOBALCONFIG": "/dev/cove-mirrors/npmrc",
        "CONDARC": "/dev/cove-mirrors/condarc",
        "APT_CONFIG": "/dev/cove-mirrors/apt.conf",
    }


def test_only_the_registry_named_is_mirrored() -> None:
    mirrors = {"ghcr.io": "mirror:5000"}
    assert rewrite_reference("ghcr.io/a/b:1", mirrors) == "mirror:5000/a/b:1"
    assert rewrite_reference("docker.io/ghcr.io/b:1", mirrors) == "docker.io/ghcr.io/b:1"
