"""Extensions that Microsoft's licence keeps to its own builds, and what takes their place."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

EQUIVALENTS: Mapping[str, str] = {
    "ms-python.vscode-pylance": "detachhead.basedpyright",
    "ms-vscode.cpptools": "llvm-vs-code-extensions.vscode-clangd",
    "ms-vscode.cpptools-extension-pack": "llvm-vs-code-extensions.vscode-clangd",
    "ms-dotnettools.csharp": "muhammad-sammy.csharp",
    "ms-dotnettools.csdevkit": "muhammad-sammy.csharp",
}
"""Id to the open one that does the same; used when the gallery does not have the first."""

NEEDLESS: Mapping[str, str] = {
    "ms-vscode-remote.remote-containers": "the editor already runs in the container",
    "ms-vscode-remote.remote-ssh": "it works in desktop VS Code only; `cove ssh` leads into the container",
    "ms-vscode-remote.remote-ssh-edit": "it works in desktop VS Code only",
    "ms-vscode-remote.remote-wsl": "it works in desktop VS Code only",
    "ms-vscode-remote.vscode-remote-extensionpack": "it works in desktop VS Code only",
    "ms-vscode.remote-explorer": "it works in desktop VS Code only",
    "ms-vscode.remote-server": "it works in desktop VS Code only",
    "github.copilot": "its licence allows it in Microsoft's own builds only",
    "github.copilot-chat": "its licence allows it in Microsoft's own builds only",
    "ms-vsliveshare.vsliveshare": "its licence allows it in Microsoft's own builds only",
    "visualstudioexptteam.vscodeintellicode": "its licence allows it in Microsoft's own builds only",
    "visualstudioexptteam.intellicode-api-usage-examples": "its licence allows it in Microsoft's own builds only",
}
"""Id to why it is left out without asking."""
