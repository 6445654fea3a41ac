"""The editor as one archive, from a site on loopback or a file."""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
from typing import TYPE_CHECKING

import pytest

from cove.errors import ConfigurationError, NetworkError
from cove.host.archive import ArchiveError
from cove.host.http import HttpClient
from cove.ide import code_server, release

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import Site

NAME = release.release_name("amd64")
PATH = f"/v{code_server.VERSION}/{NAME}"


def make_archive(*names: str) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        for name in names:
            info = tarfile.TarInfo(name)
            info.size, info.mode = 4, 0o755
            archive.addfile(info, io.BytesIO(b"file"))
    return buffer.getvalue()


STANDALONE = make_archive("code-server-4-linux-amd64/lib/node", "code-server-4-linux-amd64/out/node/entry.js")


def take(tmp_path: Path, site: Site, said: list[str] | None = None) -> None:
    client = HttpClient({}, attempts=1)
    release.take_release(str(tmp_path), "amd64", site.url, client, (said if said is not None else []).append)


@pytest.mark.parametrize("beside", ["sha256", "sums"])
def test_a_release_is_checked_and_laid_out(site: Site, tmp_path: Path, beside: str) -> None:
    digest = hashlib.sha256(STANDALONE).hexdigest()
    site.pages[PATH] = STANDALONE
    if beside == "sha256":
        site.pages[f"{PATH}.sha256"] = digest.encode()
    else:
        site.pages[f"/v{code_server.VERSION}/SHA256SUMS"] = f"{'0' * 64}  other\n{digest} *{NAME}\n".encode()
    said: list[str] = []
    take(tmp_path, site, said)
    assert (tmp_path / "bin" / "node").read_text() == "file"
    assert (tmp_path / "code-server" / "out" / "node" / "entry.js").is_file()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["bin", "code-server"]
    assert any("127.0.0.1" in line for line in said)


def test_a_changed_release_is_refused(site: Site, tmp_path: Path) -> None:
    site.pages[PATH] = STANDALONE
    site.pages[f"{PATH}.sha256"] = b"0" * 64
    with pytest.raises(NetworkError, match="SHA-256"):
        take(tmp_path, site)
    assert list(tmp_path.iterdir()) == []


def test_a_release_without_a_digest_is_not_used(site: Site, tmp_path: Path) -> None:
    site.pages[PATH] = STANDALONE
    with pytest.raises(NetworkError, match="says no SHA-256"):
        take(tmp_path, site)
    assert PATH not in site.asked


def test_a_pinned_digest_outranks_the_published(
    site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(code_server, "PINNED_SHA256", {NAME: "0" * 64})
    site.pages[PATH] = STANDALONE
    site.pages[f"{PATH}.sha256"] = hashlib.sha256(STANDALONE).hexdigest().encode()
    with pytest.raises(NetworkError, match="SHA-256"):
        take(tmp_path, site)


def test_an_address_may_carry_its_digest(site: Site, tmp_path: Path) -> None:
    site.pages["/x.tar.gz"] = STANDALONE
    client = HttpClient({}, attempts=1)
    with pytest.raises(NetworkError, match="SHA-256"):
        release.take_address(str(tmp_path), f"{site.url}/x.tar.gz#sha256={'0' * 64}", client, print)
    digest = hashlib.sha256(STANDALONE).hexdigest()
    release.take_address(str(tmp_path), f"{site.url}/x.tar.gz#sha256={digest}", client, print)
    assert (tmp_path / "bin" / "node").is_file()


def test_a_bundle_is_taken_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "bundle.tar.gz"
    path.write_bytes(
        make_archive("cove-ide/bin/node", "cove-ide/code-server/out/x", "cove-ide/inside/old.sh")
    )
    out = tmp_path / "out"
    out.mkdir()
    release.take_file(str(out), str(path), print)
    assert sorted(found.name for found in out.iterdir()) == ["bin", "code-server"]


def test_other_archives_are_refused(tmp_path: Path) -> None:
    (tmp_path / "other.tar.gz").write_bytes(make_archive("project/README"))
    with pytest.raises(ConfigurationError, match=r"other\.tar\.gz: holds neither"):
        release.take_file(str(tmp_path), str(tmp_path / "other.tar.gz"), print)
    (tmp_path / "text.tar.gz").write_text("no archive")
    with pytest.raises(ArchiveError, match=r"text\.tar\.gz"):
        release.take_file(str(tmp_path), str(tmp_path / "text.tar.gz"), print)


def test_sources(tmp_path: Path) -> None:
    (tmp_path / "x.tar.gz").touch()
    assert release.resolve_source("~/x.tar.gz", str(tmp_path)) == f"{tmp_path}/x.tar.gz"
    assert release.resolve_source("https://x/y.tar.gz", "/") == "https://x/y.tar.gz"
    with pytest.raises(ConfigurationError, match="no such file") as caught:
        release.resolve_source(f"{tmp_path}/absent.tar.gz", "/")
    assert "--ide-source" in caught.value.hint


@pytest.mark.parametrize(
    ("text", "digest"),
    [
        ("a" * 64, "a" * 64),
        ("A" * 64 + "  " + NAME, "a" * 64),
        ("b" * 64 + "  other\n" + "a" * 64 + "  ./dist/" + NAME, "a" * 64),
        ("a" * 63, ""),
        ("<html>not found</html>", ""),
        ("z" * 64, ""),
        ("", ""),
    ],
)
def test_parse_checksums(text: str, digest: str) -> None:
    assert release.parse_checksums(text, NAME) == digest


def test_parse_release_digest() -> None:
    document = {"assets": [{"name": "x", "digest": "sha256:1"}, {"name": NAME, "digest": "sha256:2"}, 3]}
    assert release.parse_release_digest(json.dumps(document).encode(), NAME) == "2"
    for body in (b"", b"[]", b"{}", b'{"assets": [{"name": "y"}]}'):
        assert release.parse_release_digest(body, NAME) == ""
