"""Which settings travel, and how changes of two sides come together."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cove.ide.sharing import (
    merge_bindings,
    merge_settings,
    overlay_local,
    parse_words,
    why_binding_kept_out,
    why_kept_out,
)

if TYPE_CHECKING:
    from cove.spec.jsonc import JsonValue


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("editor.fontSize", 16),
        ("editor.fontFamily", "'Fira Code', monospace"),
        ("editor.formatOnSave", True),
        ("editor.rulers", [80, 100]),
        ("editor.defaultFormatter", "charliermarsh.ruff"),
        ("editor.autoClosingBrackets", "never"),
        ("editor.codeActionsOnSave", {"source.organizeImports": "explicit"}),
        ("workbench.colorTheme", "Default Light Modern"),
        ("workbench.colorCustomizations", {"editor.background": "#fff", "[Dark]": {"tab.border": "#000"}}),
        ("workbench.sideBar.location", "right"),
        ("workbench.startupEditor", "readme"),
        ("window.autoDetectColorScheme", True),
        ("files.autoSave", "afterDelay"),
        ("files.exclude", {"**/__pycache__": True}),
        ("files.associations", {"*.foo": "python"}),
        ("terminal.integrated.fontSize", 12),
        ("terminal.integrated.cursorStyle", "line"),
        ("git.autofetch", True),
        ("vim.easymotion", True),
        ("ruff.lineLength", 110),
        ("indentRainbow.colorMode", "light"),
        ("[python]", {"editor.tabSize": 4, "editor.defaultFormatter": "charliermarsh.ruff"}),
    ],
)
def test_looks_and_switches_travel(key: str, value: JsonValue) -> None:
    assert why_kept_out(key, value) == ""


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("terminal.integrated.profiles.linux", {"bash": {"path": "bash"}}),
        ("terminal.integrated.defaultProfile.linux", "evil"),
        ("terminal.integrated.automationProfile.linux", {"path": "x"}),
        ("terminal.integrated.env.linux", {"LD_PRELOAD": "x"}),
        ("terminal.integrated.shellArgs.linux", ["-c", "evil"]),
        ("terminal.integrated.cwd", "evil"),
        ("terminal.external.linuxExec", "evil"),
        ("terminal.integrated.fontFamily", "$(evil)"),
        ("python.defaultInterpreterPath", "evil"),
        ("python.envFile", "evil"),
        ("python.terminal.launchArgs", []),
        ("ruff.path", ["evil"]),
        ("ruff.interpreter", ["evil"]),
        ("ruff.importStrategy", "../evil"),
        ("git.path", "evil"),
        ("rust-analyzer.server.path", "evil"),
        ("rust-analyzer.cargo.extraEnv", {"A": "b"}),
        ("clangd.arguments", ["--query-driver=evil"]),
        ("typescript.tsdk", "evil"),
        ("eslint.runtime", "evil"),
        ("eslint.nodePath", "evil"),
        ("jupyter.runStartupCommands", ["evil"]),
        ("emeraldwalk.runonsave", {"commands": [{"cmd": "evil"}]}),
        ("code-runner.executorMap", {"python": "evil"}),
        ("task.allowAutomaticTasks", "on"),
        ("security.workspace.trust.enabled", False),
        ("extensions.autoUpdate", True),
        ("http.proxy", "evil"),
        ("http.proxyStrictSSL", False),
        ("remote.SSH.configFile", "evil"),
        ("mcp.servers", {}),
        ("npm.scriptRunner", "evil"),
        ("chat.tools.autoApprove", True),
        ("debug.javascript.defaultRuntimeExecutable", {"pwa-node": "evil"}),
        ("markdown.styles", ["https://evil.example/x.css"]),
        ("workbench.externalBrowser", "evil"),
        ("editor.fontFamily", "~/x"),
        ("some.extension.option", "; evil"),
        ("some.extension.list", ["plain"]),
        ("[python]", {"editor.tabSize": 4, "python.linting.pylintPath": "evil"}),
        ("launch", {"configurations": []}),
    ],
)
def test_what_could_run_stays(key: str, value: JsonValue) -> None:
    assert why_kept_out(key, value) != ""


def test_words_of_a_name() -> None:
    assert parse_words("python.defaultInterpreterPath") == ["python", "default", "interpreter", "path"]
    assert parse_words("http.proxyStrictSSL") == ["http", "proxy", "strict", "ssl"]
    assert parse_words("rust-analyzer.server.extraEnv") == ["rust", "analyzer", "server", "extra", "env"]


@pytest.mark.parametrize(
    ("binding", "travels"),
    [
        ({"key": "ctrl+k", "command": "editor.action.formatDocument", "when": "editorTextFocus"}, True),
        ({"key": "ctrl+k", "command": "-workbench.action.tasks.build"}, True),
        ({"key": "ctrl+k", "command": "workbench.action.terminal.toggleTerminal"}, True),
        (
            {"key": "enter", "command": "workbench.action.terminal.sendSequence", "args": {"text": "evil\r"}},
            False,
        ),
        ({"key": "enter", "command": "workbench.action.terminal.sendSequence"}, False),
        ({"key": "enter", "command": "runCommands", "args": {"commands": ["x"]}}, False),
        ({"key": "enter", "command": "workbench.action.tasks.runTask"}, False),
        ({"key": "enter", "command": "workbench.action.debug.start"}, False),
        ({"key": "enter", "command": "type", "args": {"text": "evil"}}, False),
        ({"key": "enter"}, False),
        ("text", False),
        (None, False),
    ],
)
def test_key_bindings(binding: JsonValue, travels: bool) -> None:
    assert (why_binding_kept_out(binding) == "") is travels


def test_merge_settings_brings_changes_and_leaves_the_rest() -> None:
    profile = {"editor.fontSize": 20, "editor.tabSize": 2, "editor.wordWrap": "on", "git.path": "mine"}
    given_then = {"editor.fontSize": 14, "editor.tabSize": 2, "editor.wordWrap": "on", "window.zoomLevel": 0}
    current = {"editor.fontSize": 14, "editor.tabSize": 8, "window.zoomLevel": 1, "git.path": "evil"}
    merged, changed, kept_out = merge_settings(profile, given_then, current)
    assert merged == {"editor.fontSize": 20, "editor.tabSize": 8, "git.path": "mine", "window.zoomLevel": 1}
    assert changed == {"editor.tabSize": 8, "editor.wordWrap": None, "window.zoomLevel": 1}
    assert list(kept_out) == ["git.path"]


settings = st.dictionaries(st.sampled_from(["editor.a", "editor.b", "x.path", "window.c"]), st.integers(0, 2))


@given(settings, settings)
def test_nothing_changes_where_nothing_changed(
    profile: dict[str, JsonValue], given_then: dict[str, JsonValue]
) -> None:
    assert merge_settings(profile, given_then, given_then) == (profile, {}, {})


@given(settings, settings, settings)
def test_what_is_kept_out_never_reaches_the_profile(
    profile: dict[str, JsonValue], given_then: dict[str, JsonValue], current: dict[str, JsonValue]
) -> None:
    merged, changed, kept_out = merge_settings(profile, given_then, current)
    assert merged.get("x.path") == profile.get("x.path")
    assert not set(changed) & set(kept_out)
    assert all(merged.get(key) == value for key, value in changed.items())


def test_merge_bindings() -> None:
    a, b, c = ({"key": key, "command": "editor.x"} for key in "abc")
    evil: JsonValue = {"key": "e", "command": "runCommands", "args": {}}
    merged, agreed, kept_out = merge_bindings([a, b], [a, b], [b, c, evil])
    assert merged == [b, c]
    assert agreed == [b, c]
    assert list(kept_out) == ["e"]
    assert merge_bindings(merged, agreed, [b, c, evil])[0] == [b, c]


def test_overlay_local_keeps_what_the_workspace_made_its_own() -> None:
    wanted = {"a": 2, "b": 1}
    assert overlay_local(wanted, {"a": 1, "b": 1}, {"a": 1, "b": 5, "c": 7}) == {"a": 2, "b": 5, "c": 7}
