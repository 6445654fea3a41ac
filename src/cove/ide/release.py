"""The editor as one archive: code-server's standalone release, or a file or address that the person names."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from cove.errors import ConfigurationError, NetworkError
from cove.host import files
from cove.host.archive import extract_archive
from cove.ide import code_server

if TYPE_CHECKING:
    from collections.abc import Callable

    from cove.host.http import HttpClient

MEGABYTE = 1_000_000
STEP_BYTES = 25 * MEGABYTE


def is_address(source: str) -> bool:
    """Whether a source is a web address rather than a file."""
    return source.startswith(("http://", "https://"))


def resolve_source(source: str, home: str) -> str:
    """Return a named source's address or absolute path. Raises ConfigurationError when the file is missing."""
    if is_address(source):
        return source
    path = os.path.abspath(source.replace("~", home, 1) if source.startswith("~/") else source)
    if not os.path.isfile(path):
        raise ConfigurationError(
            "there is no such file to take the editor from",
            path=path,
            hint="--ide-source takes a .tar.gz: a standalone release of code-server, or a bundle of cove's.",
        )
    return path


def release_name(arch: str) -> str:
    """Return the file name of the standalone release."""
    return f"{code_server.NAME}-{code_server.VERSION}-linux-{arch}.tar.gz"


def take_release(
    folder: str, arch: str, base: str, client: HttpClient, on_progress: Callable[[str], None]
) -> None:
    """Fetch the standalone release below `base` and lay it out in `folder`.

    Its SHA-256 is the pinned one, else the published one: a file `….sha256` or `SHA256SUMS` beside it, or what the
    release's own page says. Without any the release is not used. Raises NetworkError.
    """
    name = release_name(arch)
    url = f"{(base or code_server.RELEASE_URL).rstrip('/')}/v{code_server.VERSION}/{name}"
    digest = code_server.PINNED_SHA256.get(name) or fetch_published_digest(url, client, official=not base)
    if not digest:
        raise NetworkError(
            f"{urlsplit(url).netloc} has {name} but says no SHA-256 for it",
            hint=f"Put the digest beside it as {name}.sha256.",
        )
    take_address(folder, url, client, on_progress, sha256=digest)


def fetch_published_digest(url: str, client: HttpClient, *, official: bool) -> str:
    """Return the SHA-256 that is published for a file, or an empty text. Raises NetworkError if nobody answers."""
    name = url.rpartition("/")[2]
    if official:
        answer = client.request("GET", f"{code_server.RELEASE_API_URL}/v{code_server.VERSION}")
        return parse_release_digest(answer.body, name) if answer.ok else ""
    for beside in (f"{url}.sha256", f"{url.rpartition('/')[0]}/SHA256SUMS"):
        answer = client.request("GET", beside)
        if answer.ok and (digest := parse_checksums(answer.body.decode("utf-8", "replace"), name)):
            return digest
    return ""


def parse_release_digest(body: bytes, name: str) -> str:
    """Return a file's SHA-256 from GitHub's release document: `assets[].digest` is `sha256:HEX`; empty if absent."""
    try:
        document = json.loads(body)
    except ValueError:
        return ""
    assets = document.get("assets", []) if isinstance(document, dict) else []
    found = [asset.get("digest") for asset in assets if isinstance(asset, dict) and asset.get("name") == name]
    return str(found[0]).removeprefix("sha256:") if found and found[0] else ""


def parse_checksums(text: str, name: str) -> str:
    """Return a file's SHA-256 from sha256sum's output (`HEX  name`, `HEX *name`) or a bare digest; else empty."""
    for line in text.splitlines():
        digest, _, rest = line.strip().partition(" ")
        if len(digest) == 64 and set(digest.lower()) <= set("0123456789abcdef"):
            mentioned = os.path.basename(rest.strip().lstrip("*"))
            if mentioned in {"", name}:
                return digest.lower()
    return ""


def take_address(
    folder: str, url: str, client: HttpClient, on_progress: Callable[[str], None], *, sha256: str = ""
) -> None:
    """Fetch an archive and lay it out in `folder`. The address may end in `#sha256=HEX`. Raises NetworkError."""
    address, _, fragment = url.partition("#")
    wanted = sha256 or (fragment.removeprefix("sha256=") if fragment.startswith("sha256=") else "")
    host = urlsplit(address).netloc.rpartition("@")[2]
    told = 0

    def tell(received: int, expected: int) -> None:
        nonlocal told
        if received - told >= STEP_BYTES:
            told = received
            of = f" of {expected // MEGABYTE}" if expected else ""
            on_progress(f"editor: {received // MEGABYTE}{of} MB from {host}")

    on_progress(f"editor: fetching it from {host}")
    archive = f"{folder}/.archive"
    client.download(address, archive, sha256=wanted, on_progress=tell)
    take_file(folder, archive, on_progress)
    os.unlink(archive)


def take_file(folder: str, archive: str, on_progress: Callable[[str], None]) -> None:
    """Lay out an archive in `folder`: a bundle as it is, a standalone release as `bin/node` and `code-server/`.

    Raises ArchiveError when it is damaged, ConfigurationError when it is neither.
    """
    on_progress("editor: unpacking")
    unpacked = f"{folder}/.unpacked"
    extract_archive(archive, unpacked)
    tops = os.listdir(unpacked)
    top = f"{unpacked}/{tops[0]}" if len(tops) == 1 and os.path.isdir(f"{unpacked}/{tops[0]}") else unpacked
    if os.path.isfile(f"{top}/bin/node") and os.path.isdir(f"{top}/code-server"):
        os.rename(f"{top}/bin", f"{folder}/bin")
        os.rename(f"{top}/code-server", f"{folder}/code-server")
    elif os.path.isfile(f"{top}/lib/node") and os.path.isfile(f"{top}/out/node/entry.js"):
        os.mkdir(f"{folder}/bin")
        os.rename(f"{top}/lib/node", f"{folder}/bin/node")
        os.rename(top, f"{folder}/code-server")
    else:
        raise ConfigurationError(
            "holds neither a standalone release of code-server (lib/node, out/node/entry.js) nor a bundle of cove's",
            path=archive,
        )
    files.remove_tree(unpacked)
