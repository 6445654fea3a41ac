"""The options of the reference CLI, as data, and how its command lines are read (yargs' rules, as far as they show)."""

from __future__ import annotations

import argparse
import re
from typing import TYPE_CHECKING, NamedTuple, NoReturn

from cove.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

PROBES = ("none", "loginInteractiveShell", "interactiveShell", "loginShell")


class Option(NamedTuple):
    """One option; by default a text, empty when it is not given."""

    doc: str = ""
    flag: bool = False
    """A switch: `--x`, `--x true`, `--x=false`."""
    many: bool = False
    """May be given several times."""
    choices: tuple[str, ...] = ()
    default: str | bool = ""
    alias: str = ""
    """One letter."""
    needed: bool = False


IGNORED = Option("accepted, and of no effect here")
FLAG = Option(flag=True, default=False)
IGNORED_FLAG = FLAG._replace(doc="accepted, and of no effect here")

EVERYWHERE: Mapping[str, Option] = {
    "oci-auth-hardening": IGNORED_FLAG,
    "allow-cross-origin-auth-host": IGNORED._replace(many=True),
    "user-data-folder": IGNORED,
    "docker-path": Option("the engine's command: docker, or podman"),
    "docker-compose-path": IGNORED,
    "log-level": Option("how much is logged", choices=("info", "debug", "trace"), default="info"),
    "log-format": Option("how it is logged", choices=("text", "json"), default="text"),
    "terminal-columns": IGNORED,
    "terminal-rows": IGNORED,
}
FOLDER: Mapping[str, Option] = {
    "workspace-folder": Option("the repository's folder (default: the current one)"),
    "mount-workspace-git-root": Option("mount the whole git repository", flag=True, default=True),
    "mount-git-worktree-common-dir": IGNORED_FLAG,
    "id-label": Option("name=value, by which the container is found", many=True),
    "config": Option("the devcontainer.json to use"),
    "override-config": Option("a devcontainer.json to use in the place of the repository's"),
    "skip-feature-auto-mapping": IGNORED_FLAG,
}
CONTAINER: Mapping[str, Option] = {"container-id": Option("the container")}
REMOTE: Mapping[str, Option] = {
    "container-data-folder": IGNORED,
    "container-system-data-folder": IGNORED,
    "container-session-data-folder": IGNORED,
    "default-user-env-probe": Option(
        "userEnvProbe where the file says none", choices=PROBES, default="loginInteractiveShell"
    ),
    "remote-env": Option("name=value, for the processes of the remote user", many=True),
}
LOCKFILE: Mapping[str, Option] = {
    "experimental-lockfile": IGNORED_FLAG,
    "experimental-frozen-lockfile": FLAG._replace(doc="the older name of --frozen-lockfile"),
    "no-lockfile": FLAG._replace(doc="neither read nor write devcontainer-lock.json"),
    "frozen-lockfile": FLAG._replace(doc="fail where devcontainer-lock.json would change"),
}
COMMANDS: Mapping[str, Option] = {
    "skip-non-blocking-commands": FLAG._replace(doc="stop after the command that `waitFor` names"),
    "prebuild": FLAG._replace(doc="stop after onCreateCommand and updateContentCommand, which runs again"),
    "skip-post-attach": FLAG._replace(doc="do not run postAttachCommand"),
    "dotfiles-repository": Option("the URL of a dotfiles repository"),
    "dotfiles-install-command": Option("what installs the dotfiles"),
    "dotfiles-target-path": Option("where dotfiles are cloned to", default="~/dotfiles"),
    "secrets-file": Option("a JSON file of variables"),
}


def _gather(
    own: list[str], rest: tuple[str, ...], options: Mapping[str, Option]
) -> tuple[list[str], tuple[str, ...]]:
    """Return the options that stand behind other words too, and these words."""
    found: list[str] = []
    while rest:
        found.append(rest[0])
        more, rest = split_words(rest[1:], options)
        own += more
    return own, tuple(found)


def _check_lockfile(args: argparse.Namespace) -> None:
    for other in ("frozen-lockfile", "experimental-frozen-lockfile", "experimental-lockfile"):
        if getattr(args, "no_lockfile", False) and getattr(args, other.replace("-", "_")):
            raise UsageError(f"--no-lockfile and --{other} are mutually exclusive.")


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise UsageError(message, hint=f"Try `{self.prog} --help`.")


def parse(
    program: str,
    doc: str,
    options: Mapping[str, Option],
    words: Sequence[str],
    *,
    positionals: int | None = None,
) -> argparse.Namespace:
    """Return the parsed words. Raises UsageError.

    `rest` are the words that are no options: at most `positionals`, wherever they stand; None: all that follows the first.
    """
    own, rest = split_words(words, options)
    if positionals is not None:
        own, rest = _gather(own, rest, options)
        if len(rest) > positionals:
            raise UsageError(f"Unknown argument: {rest[positionals]}")
    args = make_parser(program, doc, options).parse_args(own)
    args.rest = rest
    for name, option in options.items():
        if option.needed and not getattr(args, name.replace("-", "_")):
            raise UsageError(f"Missing required argument: {name}")
    _check_lockfile(args)
    for label in getattr(args, "id_label", ()):
        if not all(label.partition("=")[::2]):
            raise UsageError("Unmatched argument format: id-label must match <name>=<value>")
    for pair in getattr(args, "remote_env", ()):
        if not pair.partition("=")[0] or "=" not in pair:
            raise UsageError("Unmatched argument format: remote-env must match <name>=<value>")
    return args


def make_parser(program: str, doc: str, options: Mapping[str, Option]) -> argparse.ArgumentParser:
    """Return what parses these options, once `split_words` has spelled them out."""
    parser = _Parser(prog=program, description=f"{doc[0].upper()}{doc[1:]}.", allow_abbrev=False)
    for name, option in options.items():
        _add(parser, name, option)
    return parser


def _add(parser: argparse.ArgumentParser, name: str, option: Option) -> None:
    words: dict[str, object] = {"help": option.doc or None, "default": option.default}
    if option.flag:
        words |= {"type": _boolean, "metavar": "true|false"}
    elif option.many:
        words |= {"action": "append", "default": []}
    elif option.choices:
        words |= {"choices": option.choices}
    parser.add_argument(f"--{name}", **words)  # type: ignore[arg-type]  # argparse's own words


def _boolean(text: str) -> bool:
    return text == "true"


def kebab(name: str) -> str:
    """Return an option's name as it is declared; yargs takes it in camel case too.

    >>> kebab("workspaceFolder"), kebab("workspace-folder")
    ('workspace-folder', 'workspace-folder')
    """
    return re.sub(r"(?<=[a-z0-9])[A-Z]", lambda found: f"-{found[0].lower()}", name)


def _spell(word: str, options: Mapping[str, Option]) -> str:
    """Return a word with the name of an option as it is declared."""
    name, equals, value = word.removeprefix("--").partition("=")
    return f"--{kebab(name)}{equals}{value}" if word.startswith("--") and kebab(name) in options else word


def split_words(words: Sequence[str], options: Mapping[str, Option]) -> tuple[list[str], tuple[str, ...]]:
    """Return the options, switches spelled with their value, and what follows the first word that is none of them.

    >>> split_words(["--prebuild", "--config", "c", "ls", "--all"], {"prebuild": FLAG, "config": Option()})
    (['--prebuild=true', '--config', 'c'], ('ls', '--all'))
    """
    own: list[str] = []
    queue = list(words)
    letters = {f"-{option.alias}": f"--{name}" for name, option in options.items() if option.alias}
    while queue and queue[0].startswith("-") and queue[0] != "--":
        word = queue.pop(0)
        word = _spell(letters.get(word, word), options)
        option = options.get(word.removeprefix("--"))
        if option is None:
            own.append(word)
        elif option.flag:
            value = queue.pop(0) if queue and queue[0] in {"true", "false"} else "true"
            own.append(f"{word}={value}")
        else:
            own += [word, *([queue.pop(0)] if queue else [])]
    return own, tuple(queue[1:] if queue and queue[0] == "--" else queue)
