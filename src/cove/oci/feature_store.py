"""Features on this machine: fetched once, kept by digest, each a folder with its devcontainer-feature.json.

`cache/features/HEX/`, where HEX begins the SHA-256 of a registry's manifest, or of a tarball; `HEX.json` is the manifest.
"""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any, NamedTuple

from cove.errors import ConfigurationError
from cove.host import files
from cove.host.archive import extract_archive
from cove.spec.features import MANIFEST, LocalReference, TarballReference, missing_manifest, parse_manifest

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cove.host.http import HttpClient
    from cove.oci.registry import Manifest, Registry
    from cove.spec.features import FeatureManifest, OciReference, Reference
    from cove.spec.lock import Locked

UNPACKED_BYTES = 1 << 30
MANIFEST_BYTES = 4 << 20


class Fetched(NamedTuple):
    """A Feature that is here."""

    reference: Reference
    digest: str
    """`sha256:…`; empty for a local one."""
    folder: str
    manifest: FeatureManifest


class FeatureStore:
    """Fetches Features into a folder; what is locked and here already asks nobody."""

    def __init__(self, folder: str, registry: Registry, client: HttpClient) -> None:
        self._folder = folder
        self._registry = registry
        self._client = client

    def fetch(self, reference: Reference, locked: Locked | None) -> Fetched:
        """Return a Feature, fetched if need be, of the release that is locked.

        Raises ConfigurationError when there is none or it is no Feature, NetworkError when it cannot be fetched or is not
        what was locked, ArchiveError when its archive is damaged or dangerous.
        """
        match reference:
            case LocalReference(folder):
                return self._read(reference, "", folder)
            case TarballReference():
                return self._fetch_tarball(reference, locked.integrity if locked else "")
            case _:
                digest = reference.digest or (locked.integrity if locked else "")
                return self._fetch_oci(reference._replace(digest=digest), reference)

    def _fetch_oci(self, pinned: OciReference, asked: OciReference) -> Fetched:
        digest = pinned.digest
        if not (digest and os.path.isdir(self._place(digest))):
            manifest = self._registry.fetch_manifest(pinned)
            digest = manifest.digest
            self._keep_manifest(manifest)
            if not os.path.isdir(self._place(digest)):
                making = self._making(digest)
                try:
                    archive = f"{making}/feature.tgz"
                    self._registry.fetch_blob(pinned, manifest.layer, archive)
                    self._keep(archive, making, digest)
                finally:
                    files.remove_tree(making)
        return self._read(asked, digest, self._place(digest))

    def read_manifest(self, reference: OciReference, digest: str) -> Mapping[str, Any]:
        """Return the registry's manifest of a Feature that is here; asked for again where it was not kept.

        Raises as `fetch`.
        """
        try:
            with open(f"{self._place(digest)}.json", encoding="utf-8") as file:
                found: Mapping[str, Any] = json.load(file)
        except (OSError, ValueError):
            manifest = self._registry.fetch_manifest(reference._replace(digest=digest))
            self._keep_manifest(manifest)
            found = manifest.document
        return found

    def _keep_manifest(self, manifest: Manifest) -> None:
        path = f"{self._place(manifest.digest)}.json"
        if not os.path.exists(path):
            files.write_atomic(path, json.dumps(manifest.document))

    def _fetch_tarball(self, reference: TarballReference, integrity: str) -> Fetched:
        if integrity and os.path.isdir(self._place(integrity)):
            return self._read(reference, integrity, self._place(integrity))
        making = self._making("tarball")
        try:
            archive = f"{making}/feature.tgz"
            download = self._client.download(reference.url, archive, sha256=integrity.removeprefix("sha256:"))
            digest = f"sha256:{download.sha256}"
            self._keep(archive, making, digest)
        finally:
            files.remove_tree(making)
        return self._read(reference, digest, self._place(digest))

    def _place(self, digest: str) -> str:
        return f"{self._folder}/{digest.removeprefix('sha256:')[:32]}"

    def _making(self, digest: str) -> str:
        path = f"{self._folder}/.making-{digest[-12:]}-{os.urandom(4).hex()}"
        os.makedirs(path, mode=0o700)
        return path

    def _keep(self, archive: str, making: str, digest: str) -> None:
        """Unpack an archive beside the store and move it in whole; another cove may have been quicker."""
        extract_archive(archive, f"{making}/content", limit=UNPACKED_BYTES)
        try:
            os.rename(f"{making}/content", self._place(digest))
        except OSError:
            if not os.path.isdir(self._place(digest)):
                raise

    def _read(self, reference: Reference, digest: str, folder: str) -> Fetched:
        path = f"{folder}/{MANIFEST}"
        text = files.read_bounded(path, limit=MANIFEST_BYTES)
        if text is None:
            raise missing_manifest(reference, path)
        if not os.path.isfile(f"{folder}/install.sh"):
            raise ConfigurationError(f"the Feature {reference.resource} has no install.sh", path=path)
        return Fetched(reference, digest, folder, parse_manifest(text.decode("utf-8", "replace"), path))
