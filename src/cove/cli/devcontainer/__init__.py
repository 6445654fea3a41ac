"""`cove devcontainer`: the reference CLI's commands, options, output and exit codes."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from cove.cli.ending import end_code
from cove.errors import CoveError, UsageError

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

COMMANDS = {
    "up": "create and run a dev container",
    "build": "build a dev container's image",
    "run-user-commands": "run the lifecycle commands of a container that is there",
    "read-configuration": "print the configuration",
    "set-up": "make a container that is there a dev container",
    "outdated": "show current and available releases of Features",
    "upgrade": "write the lockfile of Features anew",
    "exec": "run a command in a running dev container",
}
GROUPS = {
    "features": "package, publish, describe and test Features",
    "templates": "apply, publish and describe Templates",
}


def load_command(name: str) -> Any:
    """Return the module of one of COMMANDS: its `OPTIONS`, `run` and `fail`."""
    from importlib import import_module

    return import_module(f"cove.cli.devcontainer.{name.replace('-', '_')}")


def main(words: Sequence[str]) -> int:
    """Run one of the reference CLI's commands; return its exit code: 0, 1 for every failure, or the command's own."""
    from cove.cli.devcontainer.options import parse

    name = words[0] if words else ""
    if name in GROUPS:
        return int(load_command(name).main(words[1:]))
    if name not in COMMANDS:
        return _show_help(name)
    module = load_command(name)
    try:
        positionals = getattr(module, "POSITIONALS", 0)
        program = f"cove devcontainer {name}"
        return int(
            module.run(parse(program, COMMANDS[name], module.OPTIONS, words[1:], positionals=positionals))
        )
    except UsageError as error:
        print("\n".join(part for part in (error.message, error.hint) if part), file=sys.stderr)
        return 1
    except CoveError as error:
        return int(module.fail(error))
    except KeyboardInterrupt as error:
        return end_code(error)


def _show_help(name: str) -> int:
    wide = max(map(len, COMMANDS))
    lines = [f"  {command.ljust(wide)}  {doc}" for command, doc in {**COMMANDS, **GROUPS}.items()]
    text = "\n".join(("cove devcontainer COMMAND", "", *lines))
    if name in {"-h", "--help", "help"}:
        print(text)
        return 0
    if name == "--version":
        from cove import __version__

        print(__version__)
        return 0
    print(f"{text}\n\n{f'Unknown argument: {name}' if name else 'A command is needed.'}", file=sys.stderr)
    return 1


def show_failure(error: CoveError) -> int:
    """Write a failure to stderr and return the reference's exit code for it."""
    parts = (error.message, error.detail, f"→ {error.hint}" if error.hint else "")
    print("\n".join(part for part in parts if part), file=sys.stderr)
    return 1


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare its words as cove's own parser sees them: when one of cove's options stands before it."""
    parser.usage = "cove devcontainer COMMAND …"
    parser.add_argument("words", nargs="*", help="the reference CLI's command and its options")


def run(args: argparse.Namespace) -> int:
    """Refuse cove's own options."""
    raise UsageError(
        "`devcontainer` comes first: it has the reference CLI's options, not cove's",
        hint=f"For instance: `cove devcontainer {' '.join(args.words) or 'up --workspace-folder .'}`.",
    )
