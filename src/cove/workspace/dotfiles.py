"""The person's dotfiles: cloned in the container after postCreateCommand, as a lifecycle command of their own."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from cove.spec.lifecycle import LifecycleStep

if TYPE_CHECKING:
    from cove.settings.settings import Settings
    from cove.spec.lifecycle import LifecycleCommand

NAME = "dotfiles"
"""Among the lifecycle commands; its marker is `.dotfilesMarker`, as that of the reference implementation."""
TARGET = "~/dotfiles"
INSTALLERS = (
    "install.sh", "install", "bootstrap.sh", "bootstrap", "script/bootstrap", "setup.sh", "setup", "script/setup",
)  # fmt: skip
"""Looked for in this order, as the editors do (VS Code, "Personalizing with dotfile repositories")."""

SCRIPT = """
set -eu
repository=$1 target=$2 command=$3
shift 3
case $target in "~/"*) target=$HOME/${target#"~/"} ;; esac
if [ ! -e "$target" ]; then
  command -v git >/dev/null 2>&1 || { echo "the image has no git, which dotfiles need" >&2; exit 127; }
  git clone --depth 1 -- "$repository" "$target"
fi
cd "$target"
if [ -n "$command" ]; then
  if [ -f "./$command" ]; then chmod +x "./$command"; exec "./$command"; fi
  exec /bin/sh -c "$command"
fi
for candidate; do
  if [ -f "./$candidate" ]; then chmod +x "./$candidate"; exec "./$candidate"; fi
done
for file in .[!.]*; do
  case $file in .git | ".[!.]*") ;; *) ln -sfn "$PWD/$file" "$HOME/$file" ;; esac
done
"""


def plan_dotfiles(settings: Settings) -> LifecycleCommand:
    """Return the command that installs the dotfiles; no steps where the person has none.

    `OWNER/REPOSITORY` is one of GitHub's. Without a command of the person's the first of INSTALLERS runs, and where
    there is none of these the dotfiles are linked into the home.
    """
    repository = settings.dotfiles_repository
    if not repository:
        return ()
    if re.fullmatch(r"[\w.-]+/[\w.-]+", repository):
        repository = f"https://github.com/{repository}.git"
    words = (repository, settings.dotfiles_target or TARGET, settings.dotfiles_command, *INSTALLERS)
    return (LifecycleStep("", ("/bin/sh", "-c", SCRIPT, NAME, *words)),)
