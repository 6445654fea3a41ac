"""The checks of `./test`, one by one, and on each Python: `nox -s lint type test live lock`."""

from __future__ import annotations

import nox

PYTHONS = ("3.11", "3.12", "3.13", "3.14")
LOCKED = "requirements/test.txt"

nox.options.sessions = ("lint", "type", "test")
nox.options.reuse_existing_virtualenvs = True
nox.options.download_python = "never"


def install(session: nox.Session) -> None:
    """Install the locked requirements, and cove where it lies."""
    session.install("--require-hashes", "--requirement", LOCKED)
    session.install("--no-deps", "--editable", ".")


@nox.session
def lint(session: nox.Session) -> None:
    """Rules and layout of the code."""
    install(session)
    session.run("ruff", "check", ".")
    session.run("ruff", "format", "--check", ".")


@nox.session
def type(session: nox.Session) -> None:  # noqa: A001 - the session's name is what one types
    """Types, strictly."""
    install(session)
    session.run("mypy")


@nox.session(python=PYTHONS)
def test(session: nox.Session) -> None:
    """Everything that needs no engine and no browser."""
    install(session)
    session.run("pytest", "--ignore=tests/live", *session.posargs)


@nox.session
def live(session: nox.Session) -> None:
    """Real engines, registry and browser; as root."""
    install(session)
    session.run("pytest", "tests/live", *session.posargs)


@nox.session
def lock(session: nox.Session) -> None:
    """Renew the locked test requirements; add `-- --upgrade` for newer releases."""
    session.install("uv")
    groups = ("--all-extras", "--group", "test", "--group", "lint", "--group", "docs")
    shape = (
        "--universal",
        "--python-version",
        PYTHONS[0],
        "--generate-hashes",
        "--quiet",
        "--no-emit-index-url",
        # Else pip 23 looks for `coverage[toml]` apart from `coverage`, and finds a release that has no hash here.
        "--no-strip-extras",
    )
    said = ("--custom-compile-command", "nox -s lock")
    session.run(
        "uv", "pip", "compile", "pyproject.toml", *groups, *shape, *said, "-o", LOCKED, *session.posargs
    )
