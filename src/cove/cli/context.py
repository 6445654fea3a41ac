"""From a command's words to the session its verb works with."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from cove.host.machine import read_machine
from cove.host.proc import HostRunner
from cove.workspace.consent import Consent
from cove.workspace.session import Session, read_settings

if TYPE_CHECKING:
    import argparse
    from collections.abc import Mapping


def open_session(args: argparse.Namespace, **changes: Any) -> Session:
    """Return the session: settings from file, environment and options; progress and consents from the options.

    `changes` are settings that the command's own options override, None meaning: not given.
    """
    machine = read_machine()
    given = {key: value for key, value in changes.items() if value is not None}
    if engine := getattr(args, "engine", None):
        given["engine"] = engine
    settings = read_settings(machine)._replace(**given)
    consent = Consent(
        packages=getattr(args, "yes", False),
        trust=getattr(args, "trust", False),
        force=getattr(args, "force", False),
        ask=ask_person if sys.stdin.isatty() and sys.stderr.isatty() else None,
    )
    return Session(machine, HostRunner(), settings=settings, progress=_progress(args), consent=consent)


def ask_person(question: str) -> bool:
    """Put a question to the person at the terminal; only `y` or `yes` is consent."""
    sys.stderr.write(f"{question} [y/N] ")
    sys.stderr.flush()
    return sys.stdin.readline().strip().lower() in {"y", "yes"}


def _progress(args: argparse.Namespace) -> Progress:
    from cove.workspace.progress import Progress

    progress = Progress()
    quiet = getattr(args, "quiet", False)
    log_format = getattr(args, "log_format", "text")
    if not quiet or log_format == "json":
        from cove.cli.progress import choose_listener

        if listener := choose_listener(log_format=log_format, quiet=quiet):
            progress.listeners.append(listener)
    return progress


def print_result(args: argparse.Namespace, document: Mapping[str, object], text: str) -> None:
    """Print a command's result to stdout: one JSON object with --json, else its text."""
    if getattr(args, "json", False):
        import json

        print(json.dumps(document, ensure_ascii=False))
    elif text:
        print(text)


if TYPE_CHECKING:
    from cove.workspace.progress import Progress
