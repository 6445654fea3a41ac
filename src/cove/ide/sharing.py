"""Which of a person's settings may travel from one workspace to the next.

What one container can write, the next one would run: a setting that names a program, a path, an environment or a
server stays where it was made. A setting of VS Code's own that is about looks and behaviour travels; one of an
extension's travels if it is a switch, a number or a plain word, and its name does not speak of what could run.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cove.spec.jsonc import JsonValue

OWN_AREAS = frozenset({
    "accessibility", "breadcrumbs", "comments", "debug", "diffEditor", "editor", "emmet", "explorer", "files", "git",
    "markdown", "merge-conflict", "notebook", "outline", "problems", "references", "scm", "screencastMode", "search",
    "symbols", "telemetry", "terminal", "timeline", "window", "workbench", "zenMode",
})  # fmt: skip
"""First words of VS Code's own settings: their texts and tables may travel too, unless a path is in them."""

TELLING_WORDS = frozenset({
    "allow", "allowed", "arg", "args", "argument", "arguments", "automatic", "automation", "binary", "bin", "build",
    "cert", "certificate", "cmd", "command", "commands", "config", "configuration", "credential", "credentials", "cwd",
    "dir", "directory", "domain", "endpoint", "env", "environment", "exec", "executable", "external", "hook", "hooks",
    "host", "hosts", "init", "interpreter", "interpreters", "key", "launch", "library", "load", "location", "macro",
    "node", "password", "path", "paths", "plugin", "plugins", "port", "post", "pre", "preload", "program", "profile",
    "profiles", "proxy", "root", "run", "runner", "runtime", "runtimes", "sdk", "script", "scripts", "secret",
    "server", "servers", "shell", "socket", "ssh", "startup", "strict", "task", "tasks", "token", "tool", "tools",
    "trust", "trusted", "tsdk", "unsafe", "uri", "url", "urls", "venv",
})  # fmt: skip
"""Words of a setting's name (behind its first) that keep it out, whatever its value."""

HARMLESS = frozenset({
    "debug.toolBarLocation", "workbench.startupEditor", "workbench.sideBar.location",
    "workbench.panel.defaultLocation", "workbench.activityBar.location", "workbench.layoutControl.type",
})  # fmt: skip
"""Settings that a telling word would keep out, and that can run nothing."""

NEVER = frozenset({"security", "remote", "http", "task", "extensions", "update", "npm", "chat", "mcp"})
"""First words of settings that decide what may run or be reached."""

PLAIN_WORD = re.compile(r"[\w .,:#%+@()-]{0,80}")
LOOKS_LIKE_PATH = re.compile(r"[\\/~$`|;&<>]|\.\.")
HARMFUL_COMMANDS = re.compile(
    r"runCommands|sendSequence|task|debug|terminal.*(new|run|send|create)|exec|shell|vscode\.open|openWith|install|snippet$",
    re.IGNORECASE,
)


def why_kept_out(key: str, value: JsonValue) -> str:
    """Return why a setting stays in its workspace, as the end of a sentence; empty if it may travel."""
    if key.startswith("["):  # [python]: settings for one language
        inner = value.items() if isinstance(value, dict) else ()
        return next((why for name, item in inner if (why := why_kept_out(name, item))), "")
    area, _, rest = key.partition(".")
    telling = sorted(set(parse_words(rest or key)) & TELLING_WORDS)
    if key in HARMLESS or (area in OWN_AREAS and not telling):
        return _why_value_kept_out(value)
    if area in NEVER:
        return "it decides what may run or be reached"
    if telling:
        return f"its name speaks of {telling[0]!r}"
    plain = value is None or isinstance(value, (bool, int, float))
    if plain or (isinstance(value, str) and PLAIN_WORD.fullmatch(value)):
        return ""
    return "only switches, numbers and plain words of an extension travel"


def _why_value_kept_out(value: JsonValue) -> str:
    if isinstance(value, str):
        return "its value looks like a path or a command" if LOOKS_LIKE_PATH.search(value) else ""
    if isinstance(value, list):
        return next((why for item in value if (why := _why_value_kept_out(item))), "")
    if isinstance(value, dict):  # keys of VS Code's own maps are globs, file types, colours
        return next((why for item in value.values() if (why := _why_value_kept_out(item))), "")
    return ""


def parse_words(key: str) -> list[str]:
    """Return the words of a setting's name, lower case: `python.defaultInterpreterPath` has four."""
    return [word.lower() for word in re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+", key)]


def why_binding_kept_out(binding: JsonValue) -> str:
    """Return why a key binding stays in its workspace; empty if it may travel."""
    if not isinstance(binding, dict) or not isinstance(binding.get("command"), str):
        return "it is no key binding"
    command = str(binding["command"])
    if "args" in binding:
        return f"it passes arguments to {command}"
    if not command.startswith("-") and HARMFUL_COMMANDS.search(command):
        return f"{command} could run something"
    return ""


def merge_settings(
    profile: Mapping[str, JsonValue], given: Mapping[str, JsonValue], current: Mapping[str, JsonValue]
) -> tuple[dict[str, JsonValue], dict[str, JsonValue | None], dict[str, str]]:
    """Return the profile with what changed in a workspace; what changed (None: removed); what was kept out and why.

    `given` is what the workspace once got, `current` what it has now. What did not change there stays as the profile
    has it, so what another workspace changed meanwhile is not undone.
    """
    merged, changed, kept_out = dict(profile), dict[str, "JsonValue | None"](), dict[str, str]()
    for key in sorted({*given, *current}):
        if key in current and key in given and current[key] == given[key]:
            continue
        if why := why_kept_out(key, current.get(key)):
            kept_out[key] = why
        elif key in current:
            changed[key] = merged[key] = current[key]
        elif key in merged:
            changed[key] = None
            del merged[key]
    return merged, changed, kept_out


def merge_bindings(
    profile: Sequence[JsonValue], given: Sequence[JsonValue], current: Sequence[JsonValue]
) -> tuple[list[JsonValue], list[JsonValue], dict[str, str]]:
    """Return the profile's key bindings with a workspace's changes; those now agreed on; what was kept out and why."""
    added = [item for item in current if item not in given]
    gone = [item for item in given if item not in current]
    kept_out = {_name(item): why for item in added if (why := why_binding_kept_out(item))}
    travelling = [item for item in added if not why_binding_kept_out(item)]
    merged = [item for item in profile if item not in gone]
    merged += [item for item in travelling if item not in merged]
    agreed = [*(item for item in given if item not in gone), *travelling]
    return merged, agreed, kept_out


def _name(binding: JsonValue) -> str:
    return str(binding.get("key", "?")) if isinstance(binding, dict) else "?"


def overlay_local(
    wanted: Mapping[str, JsonValue], given: Mapping[str, JsonValue], current: Mapping[str, JsonValue]
) -> dict[str, JsonValue]:
    """Return `wanted` with what a workspace has made its own: keys whose value is not the one it was given."""
    local = {key: value for key, value in current.items() if key not in given or given[key] != value}
    return {**wanted, **local}
