"""The host's way to the network: which proxy, and which authorities are trusted."""

from __future__ import annotations

import contextlib
import os
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from cove.errors import NetworkError

if TYPE_CHECKING:
    from collections.abc import Mapping

CA_VARIABLES = ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")
"""Where a host names its own authorities: OpenSSL's variable, that of requests, curl's. The first wins."""
ADDED_VARIABLE = "NODE_EXTRA_CA_CERTS"
"""Names authorities besides those; who called the reference CLI, which runs on Node, has it."""
CA_PLACES = (
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
)
"""Debian's, Fedora's, SUSE's, Alpine's and macOS's: for a Python whose own build looks elsewhere."""


def render_login(user: str | None, password: str | None) -> str:
    """Return `user:password` as a proxy wants it, from the percent-encoded parts of its URL."""
    from urllib.parse import unquote

    return f"{unquote(user or '')}:{unquote(password or '')}"


def choose_proxy(url: str, env: Mapping[str, str]) -> str:
    """Return the proxy's URL for an address by HTTPS_PROXY, HTTP_PROXY, ALL_PROXY, NO_PROXY; empty for none.

    The lower-case spelling wins, as with curl; a proxy without a scheme is an http one.
    """
    parts = urlsplit(url)
    host = (parts.hostname or "").lower()
    port = parts.port or {"http": 80, "https": 443}.get(parts.scheme, 0)
    if bypasses_proxy(host, port, _variable(env, "no_proxy")):
        return ""
    proxy = _variable(env, f"{parts.scheme}_proxy") or _variable(env, "all_proxy")
    return proxy if not proxy or "://" in proxy else f"http://{proxy}"


def _variable(env: Mapping[str, str], name: str) -> str:
    return (env.get(name) or env.get(name.upper()) or "").strip()


def bypasses_proxy(host: str, port: int, no_proxy: str) -> bool:
    """Whether NO_PROXY names this host: `*`, `name`, `.domain` (and what is below), `name:port`, a network.

    A name also stands for what is below it, as with curl and requests. Loopback never goes through a proxy.
    """
    if host in {"localhost", "::1"} or host.startswith("127."):
        return True
    return any(_names(entry.strip().lower(), host, port) for entry in no_proxy.split(",") if entry.strip())


def _names(entry: str, host: str, port: int) -> bool:
    if entry == "*":
        return True
    if "/" in entry:
        return _in_network(host, entry)
    name, _, wanted = entry.rpartition(":") if entry.count(":") == 1 else (entry, "", "")
    if wanted and wanted != str(port):
        return False
    name = name.removeprefix("*").strip("[]").lstrip(".")
    return host == name or host.endswith(f".{name}")


def _in_network(host: str, network: str) -> bool:
    import ipaddress

    try:
        return ipaddress.ip_address(host) in ipaddress.ip_network(network, strict=False)
    except ValueError:
        return False


def read_authorities(env: Mapping[str, str], ca_files: tuple[str, ...] = ()) -> object:
    """Return a TLS context that trusts what this host trusts, and `ca_files` besides. Raises NetworkError."""
    import ssl

    context = ssl.create_default_context(
        cafile=choose_authorities(env, ssl.get_default_verify_paths().cafile)
    )
    if os.path.isfile(added := env.get(ADDED_VARIABLE, "")):
        with contextlib.suppress(OSError, ssl.SSLError):  # Node too goes on without a file it cannot read
            context.load_verify_locations(cafile=added)
    for path in ca_files:
        try:
            context.load_verify_locations(cafile=path)
        except (OSError, ssl.SSLError) as error:
            raise NetworkError(f"{path} holds no certificates that can be read: {error}") from error
    return context


def choose_authorities(env: Mapping[str, str], built_in: str | None) -> str | None:
    """Return the PEM file to trust: one that a variable names, Python's own, or the system's."""
    named = [env[name] for name in CA_VARIABLES if env.get(name)]
    return next(
        (path for path in (*named, built_in or "", *CA_PLACES) if path and os.path.isfile(path)), None
    )
