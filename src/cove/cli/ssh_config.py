"""`cove ssh-config`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cove.cli.context import open_session, print_result

if TYPE_CHECKING:
    import argparse

    from cove.workspace.session import Session


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's words."""
    parser.add_argument("--print", action="store_true", dest="print_only", help="print it, and write nothing")
    parser.add_argument("--remove", action="store_true", help="take the line out of your configuration again")


def run(args: argparse.Namespace) -> int:
    """Let every SSH client know the workspaces, as NAME.cove."""
    from cove.ssh.client import config_path, own_program, person_config, write_client_config

    session = open_session(args)
    machine = session.machine
    if args.remove:
        return _remove(args, session)
    if args.print_only:
        from cove.ssh.client import client_config

        print(client_config(machine, own_program()), end="")
        return 0
    write_client_config(machine, own_program())
    included = include(session)
    line = f'Include "{config_path(machine)}"'
    document = {"config": config_path(machine), "included": included, "host": "*.cove"}
    text = (
        "Every workspace is a host now: ssh NAME.cove, and in any editor that goes by SSH."
        if included
        else f"Put this line at the top of {person_config(machine)}, or run it again with --yes:\n\n{line}"
    )
    print_result(args, document, text)
    return 0


def include(session: Session) -> bool:
    """Put the one line into the person's configuration, with their consent; return whether it is there."""
    from cove.ssh.client import (
        config_path,
        includes_ours,
        person_config,
        read_person_config,
        render_with_include,
        write_person_config,
    )

    machine, consent = session.machine, session.consent
    text, ours = read_person_config(machine), config_path(machine)
    if includes_ours(text, ours):
        return True
    question = f'Add one line at the top of {person_config(machine)}: Include "{ours}"?'
    if not (consent.packages or (consent.ask is not None and consent.ask(question))):
        return False
    write_person_config(machine, render_with_include(text, ours))
    return True


def _remove(args: argparse.Namespace, session: Session) -> int:
    from cove.ssh.client import (
        config_path,
        person_config,
        read_person_config,
        render_without_include,
        write_person_config,
    )

    text = read_person_config(session.machine)
    without = render_without_include(text, config_path(session.machine))
    if without != text:
        write_person_config(session.machine, without)
    found = "took the line out of" if without != text else "found no line of cove's in"
    print_result(
        args,
        {"removed": without != text},
        f"{found[0].upper()}{found[1:]} {person_config(session.machine)}.",
    )
    return 0
