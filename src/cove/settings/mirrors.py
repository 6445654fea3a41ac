"""Mirrors in the words of the programs that use them: variables for a container, configuration files for a build.

A build gets files, whose paths alone are named, because the values of build arguments stay in an image's history.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cove.settings.settings import Settings

FILES_AT = "/dev/cove-mirrors"
"""Where build steps see the files: like the authorities' place, it leaves nothing in a layer."""


class MirrorFile(NamedTuple):
    """A program's configuration for the length of a build."""

    name: str
    """Below FILES_AT."""
    text: str
    variable: str
    """What names it to the program."""
    value: str


def render_mirror_env(settings: Settings) -> dict[str, str]:
    """Return the variables by which pip, uv, npm, yarn and conda use the mirrors; values may hold passwords."""
    found: dict[str, str] = {}
    if index := settings.pypi_index:
        found |= {"PIP_INDEX_URL": index, "UV_DEFAULT_INDEX": index, "UV_INDEX_URL": index}
        found |= {"PIP_TRUSTED_HOST": host} if (host := _plain_host(index)) else {}
    if registry := settings.npm_registry:
        found |= {"npm_config_registry": registry, "YARN_NPM_REGISTRY_SERVER": registry}
    if base := settings.conda_channels.rstrip("/"):
        found |= {
            "CONDA_CHANNEL_ALIAS": base,
            "CONDA_DEFAULT_CHANNELS": ",".join(_default_channels(base)),
            "MAMBA_CHANNEL_ALIAS": base,
        }
    return found


def render_mirror_files(settings: Settings) -> tuple[MirrorFile, ...]:
    """Return the same as files, and apt's proxy.

    uv has no variable for a file that leaves a project's own settings in force, so it finds its file as the system's.
    """
    found: list[MirrorFile] = []
    if index := settings.pypi_index:
        host = _plain_host(index)
        trusted = f"trusted-host = {host}\n" if host else ""
        pip = f"[global]\nindex-url = {index}\n{trusted}"
        uv = f'[[index]]\nurl = "{index}"\ndefault = true\n'
        found += [_file("pip.conf", pip, "PIP_CONFIG_FILE")]
        found += [MirrorFile("xdg/uv/uv.toml", uv, "XDG_CONFIG_DIRS", f"{FILES_AT}/xdg:/etc/xdg")]
    if registry := settings.npm_registry:
        found += [_file("npmrc", f"registry={registry}\n", "NPM_CONFIG_GLOBALCONFIG")]
    if base := settings.conda_channels.rstrip("/"):
        channels = "".join(f"  - {channel}\n" for channel in _default_channels(base))
        found += [_file("condarc", f"channel_alias: {base}\ndefault_channels:\n{channels}", "CONDARC")]
    if settings.apt_proxy:
        found += [_file("apt.conf", render_apt_conf(settings.apt_proxy), "APT_CONFIG")]
    return tuple(found)


def render_apt_conf(proxy: str) -> str:
    """Return apt's configuration (apt.conf(5)) that sends every request to a proxy or cache."""
    return f'Acquire::http::Proxy "{proxy}";\nAcquire::https::Proxy "{proxy}";\n'


def rewrite_reference(reference: str, mirrors: Mapping[str, str]) -> str:
    """Return a whole image reference as its registry's mirror has it, or the same where there is none.

    >>> rewrite_reference("docker.io/library/debian:12", {"docker.io": "mirror:5000/hub"})
    'mirror:5000/hub/library/debian:12'
    """
    registry, _, path = reference.partition("/")
    return f"{mirrors[registry].rstrip('/')}/{path}" if registry in mirrors else reference


def _file(name: str, text: str, variable: str) -> MirrorFile:
    return MirrorFile(name, text, variable, f"{FILES_AT}/{name}")


def _plain_host(url: str) -> str:
    """Return the host of an index without TLS, which pip uses only when told that it may."""
    parts = urlsplit(url)
    return parts.netloc.rpartition("@")[2] if parts.scheme == "http" else ""


def _default_channels(base: str) -> list[str]:
    return [f"{base}/pkgs/main", f"{base}/pkgs/r"]
