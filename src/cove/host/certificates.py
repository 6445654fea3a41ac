"""What this host trusts and how it reaches the network: to be handed on to builds and containers."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

from cove.errors import ConfigurationError
from cove.spec.run import Certificates

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from cove.host.machine import Machine

PEM = re.compile(
    r"-----BEGIN (?:TRUSTED )?CERTIFICATE-----\s.*?-----END (?:TRUSTED )?CERTIFICATE-----", re.DOTALL
)

BUNDLE_VARIABLES = ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "NODE_EXTRA_CA_CERTS")
"""Where a person says which authorities to trust, strongest first."""

SYSTEM_BUNDLES = (
    "/etc/ssl/certs/ca-certificates.crt",  # Debian, Ubuntu, Arch, Alpine
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",  # Fedora, RHEL
    "/etc/ssl/ca-bundle.pem",  # SUSE
    "/etc/ssl/cert.pem",  # macOS, Alpine
)
STOCK_FOLDERS = ("/usr/share/ca-certificates",)
"""What the package ca-certificates brings, one file an authority (Debian, Ubuntu, Alpine)."""
LOCAL_FOLDERS = (
    "/usr/local/share/ca-certificates",  # Debian, Ubuntu, Alpine
    "/etc/pki/ca-trust/source/anchors",  # Fedora, RHEL
    "/usr/share/pki/ca-trust-source/anchors",
    "/etc/pki/trust/anchors",  # SUSE
    "/etc/ca-certificates/trust-source/anchors",  # Arch
)
"""Where administrators put authorities of their own."""

PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "FTP_PROXY", "ALL_PROXY", "NO_PROXY")
LOOPBACK = re.compile(
    r"^(?:[a-z0-9+.-]+://)?(?:[^@/]*@)?(?:localhost|127\.[0-9.]+|\[::1\]|::1)(?::|/|$)", re.IGNORECASE
)

TRUST_SCRIPT = r"""set -eu
umask 022
extra=$1
[ -s "$extra" ] || exit 0
id=$(cksum < "$extra" | tr -s ' ' '-')
split() {  # each authority a file of its own: the tools below read one a file
    awk -v to="$1" '/-----BEGIN/ {n++; file = to "/cove-" n ".crt"} n {print > file} /-----END/ {close(file)}' "$extra"
}
install_to() {
    mkdir -p "$1"
    if [ "$(cat "$1/.cove" 2>/dev/null || :)" = "$id" ]; then exit 0; fi
    rm -f "$1"/cove-*.crt
    split "$1"
}
if command -v update-ca-certificates >/dev/null 2>&1; then
    if [ -d /etc/pki/trust/anchors ]; then to=/etc/pki/trust/anchors; else to=/usr/local/share/ca-certificates; fi
    install_to "$to"
    printf %s "$id" > "$to/.cove"
    bundle=/etc/ssl/certs/ca-certificates.crt
    if [ -s "$bundle" ]; then
        # What nearly everything reads knows them at once; hashing some 140 names anew takes seconds, beside the rest.
        cat "$extra" >> "$bundle"
        nice -n 19 update-ca-certificates >/dev/null 2>&1 </dev/null &
    else
        update-ca-certificates >/dev/null 2>&1 || update-ca-certificates >&2
    fi
elif command -v update-ca-trust >/dev/null 2>&1; then
    to=/etc/pki/ca-trust/source/anchors
    install_to "$to"
    update-ca-trust extract >&2
    printf %s "$id" > "$to/.cove"
else
    for bundle in /etc/ssl/certs/ca-certificates.crt /etc/pki/tls/certs/ca-bundle.crt /etc/ssl/ca-bundle.pem \
        /etc/ssl/cert.pem; do
        [ -f "$bundle" ] || continue
        grep -qF "# cove $id" "$bundle" && exit 0
        new=$bundle.cove.$$
        { sed '/^# cove [0-9-]*$/,/^# cove end$/d' "$bundle"; echo "# cove $id"; cat "$extra"; echo; echo "# cove end"; } \
            > "$new"
        cat "$new" > "$bundle"
        rm -f "$new"
        exit 0
    done
    mkdir -p /etc/ssl/certs
    { echo "# cove $id"; cat "$extra"; echo; echo "# cove end"; } > /etc/ssl/certs/ca-certificates.crt
fi
"""
"""POSIX sh for a running container, as root: adds the authorities of the PEM file `$1` to the system store.

Run again with the same file it does nothing; with another one, it replaces what it added. Without any tool for the
store, the bundle file itself is extended.
"""


# -- authorities -------------------------------------------------------------------------------------------------------


def read_certificates(machine: Machine, extra: Sequence[str] = ()) -> Certificates | None:
    """Return the authorities this host trusts, as PEM files that builds and containers can be shown.

    `extra` are paths of further PEM files, from the person's settings. None when the host trusts nothing beyond what
    its distribution ships: images bring that themselves. The files lie under the cache folder, named by their
    content, 0644, so that any user of a container can read them.

    Raises ConfigurationError for an `extra` file that is missing or holds no certificate.
    """
    given = [pem for path in extra for pem in _read_given(path)]
    system = next(filter(os.path.isfile, SYSTEM_BUNDLES), "")
    named = (path for variable in BUNDLE_VARIABLES if (path := machine.env.get(variable)))
    bundle = _read_pems(next(filter(os.path.isfile, named), system))
    # Without the stock set, the system's own bundle stands for it: what the administrator added is in `local`.
    stock = {pem for folder in STOCK_FOLDERS for pem in _read_folder(folder)} or set(_read_pems(system))
    local = [pem for folder in LOCAL_FOLDERS for pem in _read_folder(folder)]
    own = choose_own(bundle, stock, local, given)
    if not own:
        return None
    everything = dict.fromkeys((*bundle, *local, *given))
    return Certificates(bundle=_write_pems(machine, everything), extra=_write_pems(machine, own))


def choose_own(
    bundle: Sequence[str], stock: set[str], local: Sequence[str], given: Sequence[str]
) -> tuple[str, ...]:
    """Return the authorities that a stock image lacks: of the bundle, of the administrator's and of the person's."""
    beyond = [pem for pem in bundle if pem not in stock]
    return tuple(dict.fromkeys((*beyond, *local, *given)))


def parse_pems(text: str) -> list[str]:
    """Return the certificates of a PEM text, each without what stands around it, lines trimmed."""
    return ["\n".join(line.strip() for line in found.split("\n")) for found in PEM.findall(text)]


def _read_given(path: str) -> list[str]:
    place = os.path.expanduser(path)
    if not os.path.exists(place):
        raise ConfigurationError("this file of certificate authorities does not exist", path=path)
    found = _read_folder(place) if os.path.isdir(place) else _read_pems(place)
    if not found:
        raise ConfigurationError(
            "there is no certificate in it", path=path, hint="It must be PEM: `-----BEGIN CERTIFICATE-----` …"
        )
    return found


def _read_folder(folder: str) -> list[str]:
    """Return the certificates of all files below a folder, in a stable order."""
    paths = sorted(f"{place}/{name}" for place, _, names in os.walk(folder) for name in names)
    return [
        pem
        for path in paths
        if path.endswith((".crt", ".pem", ".cer", ".p11-kit"))
        for pem in _read_pems(path)
    ]


def _read_pems(path: str) -> list[str]:
    try:
        with open(path, encoding="ascii", errors="replace") as file:
            return parse_pems(file.read())
    except OSError:
        return []


def _write_pems(machine: Machine, pems: Iterable[str]) -> str:
    """Write certificates to a file named by its content, once; return its path."""
    import hashlib

    from cove.host.files import write_atomic

    text = "\n".join(pems) + "\n"
    path = f"{machine.directories.cache}/certificates/{hashlib.sha256(text.encode()).hexdigest()}.pem"
    if not os.path.exists(path):
        write_atomic(path, text, mode=0o644)
    return path


# -- proxies -----------------------------------------------------------------------------------------------------------


def read_proxies(machine: Machine) -> Mapping[str, str]:
    """Return the proxy variables of this host as containers should see them, each in both spellings.

    A proxy on this machine's loopback is left out: a container has a loopback of its own. `loopback_proxies` names
    those, for a warning.
    """
    found: dict[str, str] = {}
    for name in PROXIES:
        value = _either(machine.env, name)
        if value and not (name != "NO_PROXY" and LOOPBACK.match(value)):
            found[name] = found[name.lower()] = value
    return found if any(name != "NO_PROXY" for name in PROXIES if name in found) else {}


def loopback_proxies(machine: Machine) -> tuple[str, ...]:
    """Return the names of the proxy variables that point to this machine's own loopback."""
    named = (name for name in PROXIES if name != "NO_PROXY")
    return tuple(name for name in named if LOOPBACK.match(_either(machine.env, name)))


def _either(env: Mapping[str, str], name: str) -> str:
    """Return a variable in lower or upper case; most programs let the lower one win."""
    return env.get(name.lower()) or env.get(name) or ""
