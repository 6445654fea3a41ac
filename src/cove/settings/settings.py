"""The person's settings: one declaration per key, from which file, environment, schema and docs are read.

`CONFIG/settings.toml` holds them; `COVE_…` variables win over it; a command's options win over both.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

from cove.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Mapping


class Settings(NamedTuple):
    """Every setting, with its default. Empty means: cove chooses."""

    engine: str = ""
    ide_source: str = ""
    ide_release_url: str = ""
    gallery: str = ""
    certificates: tuple[str, ...] = ()
    substitute_base: str = "ask"
    isolated: bool = False
    way: str = ""
    gateway_port: int = 0
    caches: bool = True
    offline: bool = False
    registry_mirrors: Mapping[str, str] = {}
    pypi_index: str = ""
    npm_registry: str = ""
    conda_channels: str = ""
    apt_proxy: str = ""
    ssh_server: str = ""
    git_credentials: bool = True
    ssh_agent: bool = True
    git_identity: bool = True
    session_env: tuple[str, ...] = ()
    dotfiles_repository: str = ""
    dotfiles_command: str = ""
    dotfiles_target: str = ""


class Key(NamedTuple):
    """One setting: the field of Settings, what it is for, and the words it may be."""

    field: str
    variable: str
    doc: str
    choices: tuple[str, ...] = ()
    or_with: str = ""
    """What else it may be: anything that holds this."""


KEYS = (
    Key(
        "engine",
        "COVE_ENGINE",
        "The engine to use, or ssh://HOST for that of another machine.",
        ("docker", "podman"),
        "ssh://",
    ),
    Key("ide_source", "COVE_IDE_SOURCE", "A file or URL with the editor's bundle or standalone release."),
    Key("ide_release_url", "COVE_IDE_RELEASE_URL", "Where standalone releases of the editor are mirrored."),
    Key(
        "gallery",
        "COVE_GALLERY",
        "The extension gallery: its service URL, or the JSON of EXTENSIONS_GALLERY.",
    ),
    Key("certificates", "COVE_CERTIFICATES", "Further certificate authorities: PEM files, separated by `:`."),
    Key(
        "substitute_base",
        "COVE_SUBSTITUTE_BASE",
        "When the registry of a plain Debian base image cannot be reached: build that base from Debian's mirror.",
        ("ask", "always", "never"),
    ),
    Key("isolated", "COVE_ISOLATED", "Workspaces keep settings, extensions and caches to themselves."),
    Key("way", "COVE_WAY", "How to reach the editor in a container.", ("socket", "exec", "port")),
    Key("gateway_port", "COVE_GATEWAY_PORT", "The gateway's port on loopback."),
    Key("caches", "COVE_CACHES", "Workspaces share caches of models, data sets and packages."),
    Key("offline", "COVE_OFFLINE", "Ask no other machine: use what is here, and say what is missing."),
    Key(
        "registry_mirrors",
        "COVE_REGISTRY_MIRRORS",
        "Where images and Features of a registry come from instead: `docker.io = mirror:5000/hub`, by commas.",
    ),
    Key("pypi_index", "COVE_PYPI_INDEX", "The Python package index, for builds, containers and cove itself."),
    Key("npm_registry", "COVE_NPM_REGISTRY", "The npm registry, for builds, containers and cove itself."),
    Key(
        "conda_channels",
        "COVE_CONDA_CHANNELS",
        "Where conda's channels are mirrored, for builds and containers.",
    ),
    Key("apt_proxy", "COVE_APT_PROXY", "The proxy or cache that apt asks, in builds and containers."),
    Key(
        "ssh_server",
        "COVE_SSH_SERVER",
        "The SSH server for containers, built elsewhere: a folder or its .tar.gz.",
    ),
    Key(
        "git_credentials",
        "COVE_GIT_CREDENTIALS",
        "git in a workspace may ask this machine's credential helper, over HTTPS.",
    ),
    Key("ssh_agent", "COVE_SSH_AGENT", "Workspaces may use this machine's ssh agent, by its socket."),
    Key(
        "git_identity",
        "COVE_GIT_IDENTITY",
        "git in a workspace knows your name, address and ssh signing key.",
    ),
    Key(
        "session_env",
        "COVE_SESSION_ENV",
        "Variables of yours that a workspace's processes get and nothing keeps: NAME, PREFIX_*, or NAME=FILE.",
    ),
    Key(
        "dotfiles_repository",
        "COVE_DOTFILES_REPOSITORY",
        "Your dotfiles: a git URL or OWNER/REPOSITORY of GitHub, cloned into each new container.",
    ),
    Key(
        "dotfiles_command",
        "COVE_DOTFILES_COMMAND",
        "What installs the dotfiles (default: install.sh and the like).",
    ),
    Key("dotfiles_target", "COVE_DOTFILES_TARGET", "Where dotfiles are cloned to (default: ~/dotfiles)."),
)


class Source(NamedTuple):
    """A settings file: what it says, and the text it was read from."""

    document: Mapping[str, object] = {}
    path: str = ""
    text: str = ""

    def place(self, field: str) -> str:
        """Return where it says this key, as `path:line`."""
        line, _ = self.locate(field)
        return f"{self.path}:{line}" if line else self.path

    def locate(self, field: str) -> tuple[int, int]:
        """Return line and column of a key at the file's top level, counted from 1; (0, 0) where it is not found."""
        name = re.escape(field)
        found = re.search(rf"(?m)^[ \t]*\[?[ \t]*(['\"]?{name}['\"]?)[ \t]*[.=\]]", self.text)
        if found is None:
            return 0, 0
        start = found.start(1)
        return self.text.count("\n", 0, start) + 1, start - self.text.rfind("\n", 0, start)

    def error(self, field: str, message: str, *, hint: str = "") -> ConfigurationError:
        """Return the error to raise about a key of the file."""
        line, column = self.locate(field)
        return ConfigurationError(message, path=self.path, line=line, column=column, hint=hint)


def parse_source(text: str, path: str) -> Source:
    """Return what a file's text says. Raises ConfigurationError with line and column where it is no TOML."""
    import tomllib

    try:
        return Source(tomllib.loads(text), path, text)
    except tomllib.TOMLDecodeError as error:
        message, _, place = str(error).partition(" (at ")
        end = text.count("\n") + 1, len(text) - text.rfind("\n")
        line, column = map(int, re.findall(r"\d+", place) or end)
        raise ConfigurationError(message, path=path, line=line, column=column) from error


def parse_settings(source: Source, env: Mapping[str, str]) -> Settings:
    """Return the settings that a file and the environment give.

    Raises ConfigurationError for an unknown key or a value that does not fit, naming file and line, or the variable.
    """
    known = [key.field for key in KEYS]
    for name in source.document:
        if name not in known:
            raise source.error(name, f"unknown setting `{name}`", hint=_meant(name, known))
    values: dict[str, Any] = {}
    for key in KEYS:
        if env.get(key.variable):
            values[key.field] = _parse_text(key, env[key.variable])
        elif key.field in source.document:
            values[key.field] = _parse_value(key, source.document[key.field], source)
    return Settings()._replace(**values)


def trace_settings(source: Source, env: Mapping[str, str], options: Mapping[str, str]) -> dict[str, str]:
    """Return by field where its value comes from: `default`, the file's place, a variable, or an option.

    `options` holds, by field, the option that the person gave.
    """
    found: dict[str, str] = {}
    for key in KEYS:
        if key.field in options:
            found[key.field] = options[key.field]
        elif env.get(key.variable):
            found[key.field] = key.variable
        else:
            found[key.field] = source.place(key.field) if key.field in source.document else "default"
    return found


def _meant(name: str, known: list[str]) -> str:
    from difflib import get_close_matches

    close = get_close_matches(name, known, n=1)
    return f"Did you mean `{close[0]}`?" if close else f"The settings are: {', '.join(sorted(known))}."


def _parse_text(key: Key, text: str) -> object:
    """Read a variable's text as the type of the setting's default."""
    default = getattr(Settings(), key.field)
    where = key.variable
    if isinstance(default, bool):
        if text.lower() not in {"1", "0", "true", "false", "yes", "no"}:
            raise ConfigurationError(f"`{text}` is neither true nor false", path=where)
        return text.lower() in {"1", "true", "yes"}
    if isinstance(default, int):
        if not text.isdigit():
            raise ConfigurationError(f"`{text}` is not a whole number", path=where)
        return int(text)
    if isinstance(default, tuple):
        return tuple(part for part in text.split(":") if part)
    if isinstance(default, dict):
        pairs = [part.partition("=") for part in text.split(",") if part.strip()]
        if not all(name.strip() and equals and value.strip() for name, equals, value in pairs):
            raise ConfigurationError(f"`{text}` is no list of NAME=VALUE", path=where)
        return {name.strip(): value.strip() for name, _, value in pairs}
    if not _fits(key, text):
        raise ConfigurationError(_not_chosen(key, text), path=where)
    return text


def _parse_value(key: Key, value: object, source: Source) -> object:
    """Check a TOML value against the type of the setting's default."""
    default = getattr(Settings(), key.field)
    if isinstance(default, tuple):
        if isinstance(value, list) and all(isinstance(item, str) for item in value):
            return tuple(value)
        raise source.error(key.field, f"`{key.field}` must be a list of texts")
    if isinstance(default, dict) and isinstance(value, dict):
        if all(isinstance(item, str) for item in value.values()):
            return value
        raise source.error(key.field, f"the values of `{key.field}` must be texts")
    if type(value) is not type(default):
        raise source.error(key.field, f"`{key.field}` must be a {_kind(default)}, not {value!r}")
    if not _fits(key, str(value)):
        raise source.error(key.field, _not_chosen(key, str(value)))
    return value


def _fits(key: Key, text: str) -> bool:
    return not key.choices or text in key.choices or bool(key.or_with and key.or_with in text)


def _not_chosen(key: Key, text: str) -> str:
    return f"`{key.field}` is one of {', '.join(key.choices)}, not `{text}`"


def _kind(default: object) -> str:
    return {bool: "true or false", int: "whole number", str: "text", dict: "table"}[type(default)]
