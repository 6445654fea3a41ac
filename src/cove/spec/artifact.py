"""What of a Feature, a Template or a collection lies in a registry: its name there, its manifest, its annotations.

Source: the specification's "Features distribution"; OCI Image Specification, "Image Manifest".
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, NamedTuple

from cove.errors import ConfigurationError
from cove.spec.collection import COLLECTION, PATH, parse_resource, render_json
from cove.spec.features import DIGEST, OciReference

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cove.spec.collection import Kind
    from cove.spec.jsonc import JsonValue

MANIFEST_TYPE = "application/vnd.oci.image.manifest.v1+json"
CONFIG_TYPE = "application/vnd.devcontainers"
TAR_TYPE = "application/vnd.devcontainers.layer.v1+tar"
COLLECTION_TYPE = "application/vnd.devcontainers.collection.layer.v1+json"
CONFIG = b"{}"
METADATA = "dev.containers.metadata"
"""The annotation that holds a manifest's text, so that nobody has to fetch the archive to read it."""
GITHUB, GITHUB_TYPE = "ghcr.io", "com.github.package.type"


class Artifact(NamedTuple):
    """A manifest, and what it holds."""

    manifest: bytes
    layer: bytes

    @property
    def digest(self) -> str:
        """The manifest's."""
        return render_digest(self.manifest)


def render_digest(content: bytes) -> str:
    """Return the digest of bytes, as registries name it."""
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def parse_published(text: str) -> OciReference | None:
    """Return what a person names, or None where it is no name of something in a registry.

    >>> parse_published("ghcr.io/devcontainers/features/Go:1")
    OciReference(registry='ghcr.io', path='devcontainers/features/go', tag='1', digest='')
    """
    resource = parse_resource(text)
    registry, _, path = resource.partition("/")
    if not (set(registry) & set(".:") or registry == "localhost"):
        return None
    version = text.lower()[len(resource) :]
    if version.startswith("@"):
        return OciReference(registry, path, digest=version[1:]) if DIGEST.fullmatch(version[1:]) else None
    return OciReference(registry, path, version[1:] or "latest")


def name_published(registry: str, namespace: str, name: str) -> OciReference:
    """Return where one of a collection is to be published. Raises ConfigurationError for what no registry takes."""
    found = parse_published(f"{registry}/{namespace}/{name}")
    if found is None:
        raise ConfigurationError(
            f"Could not parse provided identifier: '{registry}/{namespace}/{name}'",
            hint="A namespace is OWNER/REPOSITORY; letters are lower case in a registry.",
        )
    return found


def name_collection(registry: str, namespace: str) -> OciReference:
    """Return where the file of a whole collection is to be published. Raises ConfigurationError."""
    if not PATH.fullmatch(namespace.lower()):
        raise ConfigurationError(
            f"Could not parse provided collection identifier with registry '{registry}' and namespace '{namespace}'",
            hint="A namespace is OWNER/REPOSITORY.",
        )
    return OciReference(registry.lower(), namespace.lower())


def render_archive_artifact(
    archive: bytes, file_name: str, document: Mapping[str, JsonValue], kind: Kind, registry: str
) -> Artifact:
    """Return a packed Feature or Template as a registry takes it."""
    annotations = {METADATA: render_json(document)}
    if registry == GITHUB:
        annotations[GITHUB_TYPE] = f"devcontainer_{kind.word}"
    return Artifact(_render_manifest(archive, TAR_TYPE, file_name, annotations), archive)


def render_collection_artifact(text: str, registry: str) -> Artifact:
    """Return devcontainer-collection.json as a registry takes it."""
    annotations = {GITHUB_TYPE: "devcontainer_collection"} if registry == GITHUB else None
    layer = text.encode()
    return Artifact(_render_manifest(layer, COLLECTION_TYPE, COLLECTION, annotations), layer)


def _render_manifest(
    layer: bytes, media_type: str, title: str, annotations: Mapping[str, str] | None
) -> bytes:
    document: dict[str, object] = {
        "schemaVersion": 2,
        "mediaType": MANIFEST_TYPE,
        "config": {"mediaType": CONFIG_TYPE, "digest": render_digest(CONFIG), "size": len(CONFIG)},
        "layers": [
            {
                "mediaType": media_type,
                "digest": render_digest(layer),
                "size": len(layer),
                "annotations": {"org.opencontainers.image.title": title},
            }
        ],
    }
    return render_json(document | ({"annotations": annotations} if annotations else {})).encode()
