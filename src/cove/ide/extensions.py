"""Extensions for a workspace: from .vsix files and a gallery, with all they need. One that cannot be had is a warning."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple

from cove.errors import CoveError, NetworkError
from cove.host import files
from cove.ide import code_server
from cove.ide.equivalents import EQUIVALENTS, NEEDLESS
from cove.ide.gallery import (
    EXTENSION_ID,
    OPEN_VSX,
    choose_release,
    fits_engine,
    parse_answer,
    render_query,
    version_key,
)
from cove.ide.store import MAKING, read_store, store_vsix

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from cove.host.http import HttpClient
    from cove.host.machine import Machine
    from cove.ide.gallery import Gallery, Release
    from cove.ide.store import StoredExtension

    OnProgress = Callable[[str], None]

ANSWER_BYTES = 64 << 20
DOWNLOADS = 4
CONNECT_SECONDS = 6.0


class Collected(NamedTuple):
    """What could be had, and a sentence for what could not."""

    stored: tuple[StoredExtension, ...]
    warnings: tuple[str, ...]


class Wanted(NamedTuple):
    """One entry of a list of extensions: an id, perhaps with its version, or a file."""

    id: str = ""
    version: str = ""
    path: str = ""


def collect_extensions(
    wanted: Sequence[str],
    machine: Machine,
    *,
    gallery: Gallery = OPEN_VSX,
    base: str,
    arch: str = "",
    code_version: str = code_server.CODE_VERSION,
    offline: bool = False,
    ca_files: tuple[str, ...] = (),
    on_progress: OnProgress,
) -> Collected:
    """Return these extensions and all they need, from the store, from files (relative to `base`), from the gallery.

    An entry is `publisher.name`, `publisher.name@1.2.3`, the path of a .vsix, or `-publisher.name`, which strikes the
    id from the list. An id without a version is content with what the store has, so nothing is asked when nothing is
    missing.
    """
    from cove.host.http import HttpClient

    store = f"{machine.directories.cache}/extensions"
    os.makedirs(store, mode=0o755, exist_ok=True)
    os.chmod(store, 0o755)  # noqa: S103 - containers of any uid read it; the cache above it is private
    client = HttpClient(machine.env, ca_files=ca_files, connect_seconds=CONNECT_SECONDS, attempts=2)
    platform = f"linux-{code_server.NODE_ARCHES.get(arch or machine.arch, 'x64')}"
    collecting = _Collecting(store, gallery, platform, code_version, None if offline else client, on_progress)
    with files.locked(f"{store}/.lock", on_wait=lambda: on_progress("extensions: waiting for another cove")):
        for left in os.listdir(store):
            if left.startswith(MAKING):
                files.remove_tree(f"{store}/{left}")
        collecting.run(parse_wanted(wanted, base))
    return Collected(tuple(collecting.found.values()), tuple(collecting.warnings))


def parse_wanted(entries: Iterable[str], base: str) -> list[Wanted]:
    """Return a list's entries, each id once, the last one counting; struck ones are left out."""
    kept: dict[str, Wanted] = {}
    for entry in entries:
        text = entry.strip()
        if text.startswith("-"):
            kept.pop(text[1:].lower(), None)
        elif text.lower().endswith(".vsix"):
            path = os.path.normpath(os.path.join(base, text))
            kept[path] = Wanted(path=path)
        elif text:
            name, _, version = text.partition("@")
            kept[name.lower()] = Wanted(name.lower(), "" if version in {"latest", "prerelease"} else version)
    return list(kept.values())


class _Collecting:
    """One list of extensions on its way into the store."""

    def __init__(
        self,
        store: str,
        gallery: Gallery,
        platform: str,
        code_version: str,
        client: HttpClient | None,
        on_progress: OnProgress,
    ) -> None:
        self.store = store
        self.gallery = gallery
        self.platform = platform
        self.code_version = code_version
        self.client = client
        self.on_progress = on_progress
        self.found: dict[str, StoredExtension] = {}
        self.warnings: list[str] = []
        self.asked: set[str] = set()

    def run(self, wanted: list[Wanted]) -> None:
        """Collect round by round: what a round finds may need more."""
        while wanted:
            self.asked |= {entry.id for entry in wanted if entry.id}
            missing = [entry for entry in wanted if not self.take(entry)]
            follow = self.fetch(missing) if missing else []
            needed = [need for found in self.found.values() for need in found.needs if need not in self.asked]
            wanted = [*follow, *(Wanted(need) for need in dict.fromkeys(needed))]

    def take(self, entry: Wanted) -> bool:
        """Take an entry from a file or the store; False if only the gallery can have it."""
        if entry.path:
            self.take_file(entry.path)
            return True
        if entry.id in NEEDLESS:
            self.warnings.append(f"extension {entry.id} was left out: {NEEDLESS[entry.id]}")
            return True
        if not EXTENSION_ID.fullmatch(entry.id):
            self.warnings.append(f"extension {entry.id!r} was left out: that is not `publisher.name`")
            return True
        if entry.id in self.found:
            return True
        if stored := self.choose_stored(entry):
            self.found[stored.id] = stored
        return stored is not None

    def take_file(self, path: str) -> None:
        try:
            stored = store_vsix(path, self.store)
        except CoveError as error:
            self.warnings.append(f"extension {os.path.basename(path)} was left out: {error}")
            return
        if not fits_engine(stored.engine, self.code_version):
            self.warnings.append(
                f"extension {stored.id} was left out: it wants VS Code {stored.engine}, "
                f"and the editor is {self.code_version}"
            )
            return
        self.found[stored.id] = stored
        self.asked.add(stored.id)

    def choose_stored(self, entry: Wanted) -> StoredExtension | None:
        """Return the newest stored version that runs here."""
        fitting = [
            stored
            for stored in read_store(self.store, entry.id)
            if stored.platform in {self.platform, "universal"}
            and fits_engine(stored.engine, self.code_version)
            and entry.version in {"", stored.version}
        ]
        return max(fitting, key=lambda stored: version_key(stored.version), default=None)

    def fetch(self, missing: list[Wanted]) -> list[Wanted]:
        """Fetch entries from the gallery; return the open equivalents to try in the next round."""
        from concurrent.futures import ThreadPoolExecutor

        names = ", ".join(entry.id for entry in missing)
        if self.client is None:
            self.warnings.append(
                f"extensions left out, since cove is offline and has not stored them: {names}"
            )
            return []
        try:
            releases, follow = self.ask(missing, self.client)
        except CoveError as error:
            self.warnings.append(f"extensions left out: {names} ({error})")
            return []
        with ThreadPoolExecutor(DOWNLOADS) as pool:
            for job in [pool.submit(self.fetch_one, release, self.client) for release in releases]:
                job.result()
        return follow

    def ask(self, missing: list[Wanted], client: HttpClient) -> tuple[list[Release], list[Wanted]]:
        """Ask the gallery once for all; return what to download, and equivalents for what it does not have."""
        self.on_progress(f"extensions: asking for {', '.join(entry.id for entry in missing)}")
        answer = client.request(
            "POST",
            f"{self.gallery.service_url}/extensionquery",
            headers={
                "content-type": "application/json",
                "accept": "application/json;api-version=3.0-preview.1",
            },
            body=render_query(entry.id for entry in missing),
            limit=ANSWER_BYTES,
        )
        if not answer.ok:
            raise NetworkError(f"{self.gallery.service_url} answered {answer.status}")
        known = parse_answer(answer.body)
        releases: list[Release] = []
        follow: list[Wanted] = []
        for entry in missing:
            offered = known.get(entry.id, ())
            chosen = choose_release(
                offered, platform=self.platform, code_version=self.code_version, version=entry.version
            )
            if chosen:
                releases.append(chosen)
            elif not offered and (instead := EQUIVALENTS.get(entry.id)):
                self.warnings.append(f"extension {entry.id} is not to be had; {instead} takes its place")
                follow += [] if instead in self.asked else [Wanted(instead)]
            else:
                self.warnings.append(f"extension {entry.id} was left out: {self.why_not(entry, offered)}")
        return releases, follow

    def why_not(self, entry: Wanted, offered: Sequence[Release]) -> str:
        """Say why none of the offered versions will do."""
        if not offered:
            return f"{self.gallery.service_url} does not have it"
        if entry.version and entry.version not in {release.version for release in offered}:
            return f"there is no version {entry.version} of it"
        if not any(release.platform in {self.platform, "universal"} for release in offered):
            return f"it is not made for {self.platform}"
        return f"all its versions want a newer VS Code than {self.code_version}"

    def fetch_one(self, release: Release, client: HttpClient) -> None:
        """Download one release into the store; a failure is a warning."""
        temporary = f"{self.store}/{MAKING}{os.urandom(6).hex()}.vsix"
        try:
            self.on_progress(f"extensions: fetching {release.id} {release.version}")
            client.download(release.url, temporary)
            stored = store_vsix(temporary, self.store, platform=release.platform, expected=release.id)
        except CoveError as error:
            self.warnings.append(f"extension {release.id} was left out: {error}")
        else:
            self.found[stored.id] = stored
        finally:
            if os.path.exists(temporary):
                os.unlink(temporary)
