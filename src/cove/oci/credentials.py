"""The logins that `docker login` and `podman login` keep, and the helpers they name."""

from __future__ import annotations

import base64
import binascii
import json
from typing import TYPE_CHECKING

from cove.host.proc import Command, CommandMissing, CommandTimeout
from cove.oci.auth import Login

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from cove.host.machine import Machine
    from cove.host.proc import Runner

HELPER_SECONDS = 30.0
DOCKER_HUB = ("docker.io", "index.docker.io", "registry-1.docker.io")
GITHUB = "ghcr.io"
AUTH_VARIABLE = "DEVCONTAINERS_OCI_AUTH"
TOKEN_USER = "<token>"  # noqa: S105 - the name by which helpers say that the secret is a token, not a secret
TOKEN_LOGIN = "00000000-0000-0000-0000-000000000000"  # noqa: S105 - as above: registries take any name with a token


def read_login(registry: str, machine: Machine, runner: Runner) -> Login | None:
    """Return the login for a registry (host and port), or None.

    Asked in this order: the reference CLI's variable DEVCONTAINERS_OCI_AUTH, docker's configuration with its credential
    helpers, podman's, and for GitHub's registry the variable GITHUB_TOKEN. What is kept for one registry is never
    given for another.
    """
    if login := parse_variable(machine.env.get(AUTH_VARIABLE, "")).get(registry):
        return login
    for document in _documents(machine):
        if login := _of_document(registry, document, machine, runner):
            return login
    token = machine.env.get("GITHUB_TOKEN")
    return Login("USERNAME", token) if token and registry == GITHUB else None


def parse_variable(text: str) -> dict[str, Login]:
    """Return the logins of DEVCONTAINERS_OCI_AUTH, by registry.

    >>> parse_variable("ghcr.io|ada|secret,localhost:5000|bob|pass")["ghcr.io"]
    Login(user='ada', password='secret')
    """
    entries = (entry.split("|", 2) for entry in text.split(","))
    return {entry[0]: Login(entry[1], entry[2]) for entry in entries if len(entry) == 3}


def _documents(machine: Machine) -> Iterator[Mapping[str, object]]:
    env, home = machine.env, machine.home
    paths = (
        f"{env.get('DOCKER_CONFIG') or f'{home}/.docker'}/config.json",
        env.get("REGISTRY_AUTH_FILE") or f"{env.get('XDG_RUNTIME_DIR', '/nowhere')}/containers/auth.json",
        f"{env.get('XDG_CONFIG_HOME') or f'{home}/.config'}/containers/auth.json",
    )
    for path in paths:
        try:
            with open(path, encoding="utf-8") as file:
                document = json.load(file)
        except (OSError, ValueError):
            continue
        if isinstance(document, dict):
            yield document


def _of_document(
    registry: str, document: Mapping[str, object], machine: Machine, runner: Runner
) -> Login | None:
    helpers = document.get("credHelpers")
    helper = helpers.get(registry) if isinstance(helpers, dict) else None
    for name in (helper, document.get("credsStore")):
        if isinstance(name, str) and name and (login := _of_helper(name, registry, machine, runner)):
            return login
    auths = document.get("auths")
    entries = auths if isinstance(auths, dict) else {}
    for key, entry in entries.items():
        if registry in parse_server(key) and isinstance(entry, dict):
            return _of_entry(entry)
    return None


def parse_server(key: str) -> set[str]:
    """Return the registries that an entry of `auths` is for: `https://index.docker.io/v1/` is Docker Hub."""
    host = key.removeprefix("https://").removeprefix("http://").partition("/")[0]
    return set(DOCKER_HUB) if host in DOCKER_HUB else {host}


def _of_entry(entry: Mapping[str, object]) -> Login | None:
    try:
        text = base64.b64decode(str(entry.get("auth") or ""), validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        return None
    user, colon, password = text.partition(":")
    if token := entry.get("identitytoken"):
        return Login(TOKEN_LOGIN, str(token))
    return Login(user, password.rstrip("\0")) if colon else None


def _of_helper(name: str, registry: str, machine: Machine, runner: Runner) -> Login | None:
    """Ask `docker-credential-NAME get`, which reads the server on standard input (docker-credential-helpers)."""
    server = "https://index.docker.io/v1/" if registry in DOCKER_HUB else registry
    env = {"PATH": machine.env.get("PATH", "")}
    command = Command(
        (f"docker-credential-{name}", "get"), env=env, stdin=server.encode(), timeout=HELPER_SECONDS
    )
    try:
        outcome = runner.run(command)
    except (CommandMissing, CommandTimeout):
        return None
    try:
        answer = json.loads(outcome.stdout) if outcome.ok else {}
    except ValueError:
        return None
    user, secret = answer.get("Username"), answer.get("Secret")
    if not isinstance(user, str) or not isinstance(secret, str) or not secret:
        return None
    return Login(TOKEN_LOGIN if user == TOKEN_USER else user, secret)
