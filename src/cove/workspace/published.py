"""What is published in a registry, read and written."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from cove.errors import ConfigurationError, NetworkError
from cove.oci.credentials import read_login
from cove.oci.push import push_artifact
from cove.oci.registry import Registry
from cove.spec.artifact import (
    CONFIG_TYPE,
    METADATA,
    name_collection,
    name_published,
    render_archive_artifact,
    render_collection_artifact,
)
from cove.spec.collection import render_collection
from cove.spec.versions import choose_tags, parse_version
from cove.workspace.features import open_registry

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cove.oci.registry import Manifest
    from cove.spec.artifact import Artifact
    from cove.spec.collection import Kind
    from cove.spec.features import OciReference
    from cove.workspace.collection import Packed
    from cove.workspace.session import Session


class Published(NamedTuple):
    """A manifest in a registry."""

    reference: OciReference
    manifest: Manifest

    @property
    def canonical_id(self) -> str:
        """Its name with the digest: the same thing for ever."""
        return f"{self.reference.resource}@{self.manifest.digest}"

    @property
    def metadata(self) -> str:
        """The text of the Feature's or Template's manifest; empty for those published long ago."""
        return self.manifest.annotations.get(METADATA, "")


class Place(NamedTuple):
    """Where a collection is published."""

    registry: str
    namespace: str


def fetch_published(registry: Registry, reference: OciReference) -> Published:
    """Return the manifest of a Feature or Template. Raises ConfigurationError when there is none, NetworkError."""
    found = registry.fetch_manifest(reference)
    config = found.document.get("config")
    if not isinstance(config, dict) or config.get("mediaType") != CONFIG_TYPE:
        raise NetworkError(
            f"what {reference.registry} has as {reference.path} is neither Feature nor Template",
            hint="Check the name.",
        )
    return Published(reference, found)


def publish_collection(
    session: Session, packed: Sequence[Packed], kind: Kind, place: Place
) -> dict[str, dict[str, object]]:
    """Publish what is not there yet, under the tags it is due, and tell of all in the collection's own file.

    Returns what was published, by id, in the reference's words. Raises ConfigurationError before anything is sent,
    NetworkError.
    """
    publishing = _Publishing(session, kind, place)
    for each in packed:
        version = str(each.document["version"])
        if parse_version(version) is None:
            raise ConfigurationError(
                f"Version {version} is not a valid semantic version",
                hint=f"Correct it in the {kind.manifest} of {each.id}.",
            )
        for name in (each.id, *_old_names(each)):
            name_published(*place, name)
    collection = name_collection(*place)
    result = {each.id: publishing.publish(each) for each in packed}
    session.progress.note("Publishing collection metadata...")
    text = render_collection(kind, [each.document for each in packed])
    artifact = render_collection_artifact(text, collection.registry)
    push_artifact(publishing.registry, collection, artifact, ("latest",))
    return result


def _old_names(packed: Packed) -> list[str]:
    names = packed.document.get("legacyIds")
    return [str(name) for name in names] if isinstance(names, list) else []


class _Publishing:
    """One collection on its way."""

    def __init__(self, session: Session, kind: Kind, place: Place) -> None:
        # The registry itself: what is written to a mirror, nobody else would see.
        _, client = open_registry(session)
        self.registry = Registry(client, lambda name: read_login(name, session.machine, session.runner))
        self._progress = session.progress
        self._kind = kind
        self._place = place

    def publish(self, packed: Packed) -> dict[str, object]:
        """Publish one under its name, and where that is new, under its old ones; return what was."""
        reference = name_published(*self._place, packed.id)
        artifact = render_archive_artifact(
            packed.archive, self._kind.archive(packed.id), packed.document, self._kind, reference.registry
        )
        version = str(packed.document["version"])
        tags = self._push(reference, artifact, version)
        if not tags:
            return {}
        result: dict[str, object] = {"publishedTags": tags, "digest": artifact.digest, "version": version}
        old = [
            name
            for name in _old_names(packed)
            if self._push(name_published(*self._place, name), artifact, version)
        ]
        return result | ({"publishedLegacyIds": old} if old else {})

    def _push(self, reference: OciReference, artifact: Artifact, version: str) -> list[str]:
        tags = choose_tags(version, self._tags(reference))
        if not tags:
            self._progress.warn(
                f"{reference.resource}: version {version} already exists, skipping {version}..."
            )
            return []
        with self._progress.step("publish", f"Publishing {reference.resource}, tags: {','.join(tags)}"):
            push_artifact(self.registry, reference, artifact, tags)
        return tags

    def _tags(self, reference: OciReference) -> list[str]:
        """Return the tags there are; a name that nobody has published yet has none."""
        try:
            return self.registry.fetch_tags(reference)
        except ConfigurationError:
            return []
