"""A workspace as a test meets it: its folder, the real command, what runs inside, what answers at its link."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
import zipfile
from http.cookiejar import CookieJar
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from testbed.command import Cove, Result

BASE = "debian:bookworm-slim"


def fetch(url: str, jar: CookieJar | None = None) -> tuple[int, str]:
    """Return status and text of a GET, redirects followed, cookies kept in the jar."""
    keeper = urllib.request.HTTPCookieProcessor(CookieJar() if jar is None else jar)
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), keeper)
    try:
        with opener.open(url, timeout=30) as answer:
            return answer.status, answer.read().decode("utf-8", "replace")
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode("utf-8", "replace")


def write_files(folder: Path, files: Mapping[str, object]) -> Path:
    """Write files below a folder, made if missing: a text as it is, anything else as JSON; return the folder."""
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content if isinstance(content, str) else json.dumps(content))
    return folder


def make_vsix(path: Path, name: str) -> None:
    """Write an extension that holds nothing but its description."""
    make_extension(path, name, {})


def make_extension(path: Path, name: str, files: Mapping[str, str], **more: object) -> None:
    """Write an extension with some files; `more` is for its description."""
    manifest = {
        "name": name,
        "publisher": "cove-test",
        "version": "1.2.3",
        "engines": {"vscode": "^1.80.0"},
        **more,
    }
    identity = f'<Identity Id="{name}" Version="1.2.3" Publisher="cove-test"/>'
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("extension.vsixmanifest", f"<PackageManifest>{identity}</PackageManifest>")
        archive.writestr("extension/package.json", json.dumps(manifest))
        for inner, text in files.items():
            archive.writestr(f"extension/{inner}", text)


class Workspace:
    """A folder and cove; `opened` is what the last `up --json` said."""

    def __init__(self, cove: Cove, folder: Path) -> None:
        self.cove = cove
        self.folder = folder
        self.opened: dict[str, Any] = {}
        self.said = ""

    def up(self, *words: str, env: Mapping[str, str] | None = None) -> dict[str, Any]:
        """Run `cove up --json` and return its object; what it wrote to stderr is in `said`."""
        done = self.cove("up", str(self.folder), "--json", *words, env=env).check()
        self.opened, self.said = done.json, done.stderr
        return self.opened

    def exec(self, *argv: str) -> Result:
        """Run a command inside."""
        return self.cove("exec", self.opened["name"], "--", *argv)

    def sh(self, script: str) -> str:
        """Run a shell script inside and return what it printed, without the last newline."""
        return self.exec("sh", "-c", script).check().stdout.rstrip("\n")

    def workbench(self) -> CookieJar:
        """Open the link as a browser does; fail unless the editor is there. Return the cookies."""
        jar = CookieJar()
        status, page = fetch(self.opened["url"], jar)
        assert status == 200, (status, page[:2000])
        assert "workbench" in page
        return jar
