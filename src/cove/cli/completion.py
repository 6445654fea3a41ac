"""`cove completion`: a shell's script, and the answers that it asks for at each Tab."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from cove.errors import UsageError

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator, Sequence

    from cove.cli.candidates import Candidates

SHELLS = ("bash", "zsh", "fish")

BASH = r"""# bash completion for cove: in ~/.bashrc, eval "$(cove completion bash)"
_cove() {
    local line
    COMPREPLY=()
    while IFS= read -r line; do
        case $line in
        :folder)
            compopt -o filenames
            while IFS= read -r line; do COMPREPLY+=("$line"); done < <(compgen -d -- "$2")
            ;;
        :file)
            compopt -o filenames
            while IFS= read -r line; do COMPREPLY+=("$line"); done < <(compgen -f -- "$2")
            ;;
        *) COMPREPLY+=("${line%%$'\t'*}") ;;
        esac
    done < <("$1" completion -- "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
}
complete -F _cove cove
"""

ZSH = r"""#compdef cove
# zsh completion for cove: in ~/.zshrc after compinit, eval "$(cove completion zsh)"
_cove() {
    local line
    local -a described
    while IFS= read -r line; do
        case $line in
        :folder) _files -/ ;;
        :file) _files ;;
        *) described+=("${${line%%$'\t'*}//:/\\:}:${line#*$'\t'}") ;;
        esac
    done < <(${(Q)words[1]} completion -- "${(@Q)words[2,CURRENT]}" 2>/dev/null)
    (( ! $#described )) || _describe cove described
}
if [ "$funcstack[1]" = _cove ]; then _cove "$@"; else compdef _cove cove; fi
"""

FISH = r"""# fish completion for cove: cove completion fish > ~/.config/fish/completions/cove.fish
function __cove_complete
    set -l words (commandline -opc)
    set -l current (commandline -ct)
    for line in ($words[1] completion -- $words[2..-1] "$current" 2>/dev/null)
        switch $line
            case :folder
                __fish_complete_directories "$current"
            case :file
                __fish_complete_path "$current"
            case '*'
                printf '%s\n' $line
        end
    end
end
complete -c cove -f -a '(__cove_complete)'
"""

SCRIPTS = dict(zip(SHELLS, (BASH, ZSH, FISH), strict=True))


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's words."""
    parser.add_argument("shell", nargs="?", choices=SHELLS, help="print the script that this shell reads")


def run(args: argparse.Namespace) -> int:
    """Print a shell's script; or, for the words after `--`, what may stand for the last of them."""
    if args.inner is not None:
        lines = "".join(f"{line}\n" for line in complete(args.inner or ("",)))
        sys.stdout.write(lines)
    elif args.shell:
        sys.stdout.write(SCRIPTS[args.shell])
    else:
        raise UsageError(
            "whose script? bash, zsh and fish are known", hint='For instance: eval "$(cove completion bash)"'
        )
    return 0


def complete(words: Sequence[str]) -> Iterator[str]:
    """Yield one line for each candidate, `WORD<Tab>WHAT IT DOES`, or `:file` and `:folder` for the shell's own."""
    *before, word = (word for word in words if word != "=")  # bash takes `--option=value` apart
    found = _choose_reference(before[1:], word) if before[:1] == ["devcontainer"] else _choose(before, word)
    names = _workspaces(word) if found.kind == "workspace" else {}
    yield from (f"{name}\t{' '.join(doc.split())}" for name, doc in {**found.words, **names}.items())
    if found.kind and not names:
        yield ":file" if found.kind == "file" else ":folder"


def _choose(before: Sequence[str], word: str) -> Candidates:
    from cove.cli import COMMANDS
    from cove.cli.candidates import choose_candidates
    from cove.cli.parser import make_parser

    return choose_candidates(make_parser(before), COMMANDS, before, word)


def _choose_reference(before: Sequence[str], word: str) -> Candidates:
    """Return what may stand in `cove devcontainer …`, whose options are the reference CLI's."""
    from cove.cli.candidates import Candidates, choose_candidates
    from cove.cli.devcontainer import COMMANDS, load_command
    from cove.cli.devcontainer.options import make_parser, split_words

    name, *said = before or ("",)
    if name not in COMMANDS:
        fitting = {} if name else {one: doc for one, doc in COMMANDS.items() if one.startswith(word)}
        return Candidates(fitting)
    options = load_command(name).OPTIONS
    own, rest = split_words(said, options)
    if rest or "--" in said:
        return Candidates(kind="file")
    return choose_candidates(make_parser(name, COMMANDS[name], options), {}, own, word)


def _workspaces(beginning: str) -> dict[str, str]:
    """Return the names of workspaces that `up` has left a record of, with their folders; no engine is asked."""
    from cove.host.machine import read_machine
    from cove.workspace.records import read_records

    return {
        record.name: record.folder
        for record in read_records(read_machine())
        if record.name.startswith(beginning)
    }
