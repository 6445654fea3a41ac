"""code-server as data: which version, how it is put together without a compiler, what is left out.

Sizes and reasons were measured on linux-x64; see docs/architecture. The npm package carries shrinkwrap files with the
digest of every package below it, so what arrives is what the release was made of.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

NAME = "code-server"
VERSION = "4.139.1"
CODE_VERSION = "1.139.1"
"""Of the VS Code in it: what extensions state in `engines.vscode`."""
NODE_MAJOR = "24"
HEALTH_PATH = "/healthz"
SESSION_COOKIE = "code-server-session"
"""With a hashed password, the value of this cookie is that very hash (its legacy form, SHA-256 in hexadecimal)."""

RELEASE_URL = "https://github.com/coder/code-server/releases/download"
RELEASE_API_URL = "https://api.github.com/repos/coder/code-server/releases/tags"
"""Tells the SHA-256 of each file of a release."""
PINNED_SHA256: Mapping[str, str] = {}
"""File name of a release to its SHA-256, where it is known beforehand; it then outranks what is published."""

PACKAGE_FOLDERS = (".", "lib/vscode", "lib/vscode/extensions")
"""The three folders of the npm package that have dependencies of their own."""

NODE_ARCHES = {"amd64": "x64", "arm64": "arm64"}
WHEEL_PLATFORMS = {"amd64": "manylinux_2_28_x86_64", "arm64": "manylinux_2_28_aarch64"}
UV_PLATFORMS = {"amd64": "x86_64-manylinux_2_28", "arm64": "aarch64-manylinux_2_28"}

UNUSED = (
    "@github/copilot-sdk",  # a 97 MB binary; chat is switched off
    "@vscode/copilot-api",
    "@microsoft/mxc-sdk",
    "@devcontainers/cli",  # editing inside the container needs no second container tool
    "@vscode/sandbox-runtime",
    "@vscode/sqlite3",  # the agent host's
    "ssh2",
    "kerberos",
    "@vscode/windows-process-tree",
    "@vscode/windows-registry",
)
"""Packages that nothing of what cove offers needs."""

COMPILED = ("@vscode/spdlog", "@vscode/native-watchdog", "@vscode/fs-copyfile", "@vscode/deviceid", "argon2")
"""Packages that would have to be compiled, and that stand-ins replace."""

LEFT_OUT = (*UNUSED, *COMPILED)
"""What the npm road never fetches."""

STAND_INS = {
    "spdlog": "lib/vscode/node_modules/@vscode/spdlog",
    "deviceid": "lib/vscode/node_modules/@vscode/deviceid",
    "fs-copyfile": "lib/vscode/node_modules/@vscode/fs-copyfile",
    "native-watchdog": "lib/vscode/node_modules/@vscode/native-watchdog",
    "argon2": "node_modules/argon2",
}
"""Folder below `ide/stand_ins` to where it goes in the npm package."""

TRIMMED = (
    "src",
    "postinstall.sh",
    "npm-shrinkwrap.json",
    "lib/vscode/npm-shrinkwrap.json",
    "lib/vscode/extensions/npm-shrinkwrap.json",
    "lib/vscode/extensions/copilot",
    "lib/vscode/extensions/mermaid-markdown-features",
    "lib/vscode/extensions/microsoft-authentication",
    "lib/vscode/extensions/ms-vscode.js-debug/src/win32-*.node",
    "lib/vscode/out/nls.metadata.json",
    "lib/vscode/out/vs/platform/agentHost",
    "lib/vscode/out/vs/sessions",
    "lib/vscode/out/vs/workbench/contrib/agentsVoice",
    "lib/vscode/node_modules/@vscode/ripgrep-universal/bin/!ARCH",
    "lib/vscode/node_modules/node-pty/prebuilds/!ARCH",
    "lib/vscode/node_modules/node-pty/third_party",
    "lib/vscode/node_modules/node-pty/scripts",
    "lib/vscode/node_modules/node-pty/src",
    "lib/vscode/node_modules/node-pty/deps",
    "lib/vscode/node_modules/node-pty/node_modules",
    "lib/vscode/node_modules/@parcel/watcher-linux-*-musl",
    "lib/vscode/node_modules/@vscode/tree-sitter-wasm/wasm/tree-sitter-c-sharp.wasm",
    "lib/vscode/node_modules/@vscode/tree-sitter-wasm/wasm/tree-sitter-cpp.wasm",
    "lib/vscode/node_modules/@vscode/tree-sitter-wasm/wasm/tree-sitter-php.wasm",
    "lib/vscode/node_modules/@vscode/tree-sitter-wasm/wasm/tree-sitter-ruby.wasm",
    "lib/vscode/node_modules/@vscode/tree-sitter-wasm/wasm/tree-sitter-rust.wasm",
    *(f"lib/vscode/node_modules/{name}" for name in UNUSED),
    "lib/vscode/extensions/node_modules/typescript/bin",
    "lib/vscode/extensions/node_modules/typescript/lib/tsc.js",
    "lib/vscode/extensions/node_modules/typescript/lib/_tsc.js",
    "lib/vscode/extensions/node_modules/typescript/lib/typescript.d.ts",
)
"""Glob patterns below the package that are removed; `!ARCH` stands for every name but `linux-ARCH`."""

TRIMMED_SUFFIXES = (".map", ".md", ".pdb", ".markdown", ".flow")
"""Files left out wherever they are: debugging aids and prose that no program reads."""

SETTINGS_SEEDS: Mapping[str, bool | str | int] = {
    "security.workspace.trust.enabled": False,
    "workbench.startupEditor": "none",
    "workbench.welcomePage.walkthroughs.openOnInstall": False,
    "workbench.tips.enabled": False,
    "workbench.secondarySideBar.defaultVisibility": "hidden",
    "chat.disableAIFeatures": True,
    "telemetry.telemetryLevel": "off",
    "update.mode": "none",
    "extensions.autoUpdate": "off",
    "extensions.autoCheckUpdates": False,
    "extensions.ignoreRecommendations": True,
    "window.autoDetectColorScheme": True,
    # A repository is mounted whole, also where a folder of it is opened.
    "git.openRepositoryInParentFolders": "always",
}
"""What a first screen without dialogs needs. The person's own settings outrank each of them."""

RECONNECTION_GRACE_SECONDS = 28 * 24 * 3600
"""A terminal outlives its closed tab for four weeks: training runs go on in it."""

FLAGS = (
    "--config=/dev/null",  # nothing of the container's may turn the login off or the proxy on
    "--disable-proxy",
    "--disable-telemetry",
    "--disable-update-check",
    "--disable-workspace-trust",
    "--disable-getting-started-override",
    f"--reconnection-grace-time={RECONNECTION_GRACE_SECONDS}",
)
