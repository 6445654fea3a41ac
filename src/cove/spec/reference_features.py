"""Features in the shape in which the reference CLI prints them: `featuresConfiguration`, and their part of a merge.

Source: the reference implementation's `read-configuration --include-features-configuration` (0.89).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from cove.spec.features import LAYER_KEYS, LocalReference, OciReference, TarballReference, parse_options
from cove.spec.narrow import Spot
from cove.spec.order import render_key
from cove.spec.reference import fold_old_members, pick

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cove.spec.features import Reference
    from cove.spec.jsonc import JsonValue
    from cove.spec.order import Resolved
    from cove.spec.reference import Document

_VERSION = re.compile(r"[:@][^/]*$")


class Installed(NamedTuple):
    """A Feature in its place of the order."""

    node: Resolved
    folder: str
    """Where its files are."""
    manifest: Mapping[str, JsonValue]
    """The registry's manifest; empty where it comes from none."""


def render_features(
    features: Sequence[Installed], wished: Mapping[str, JsonValue], folder: str
) -> Document | None:
    """Return `featuresConfiguration`: the Features in order; None where none is wished.

    `wished` are those of the configuration with their options as written, `folder` is where fetched ones are kept.
    """
    if not wished:
        return None
    said = _said(features, wished)
    sets = [
        _feature_set(one, said.get(render_key(one.node.wanted)), number)
        for number, one in enumerate(features)
    ]
    return {"featureSets": sets, "dstFolder": folder}


def _said(features: Sequence[Installed], wished: Mapping[str, JsonValue]) -> dict[str, JsonValue]:
    """Return the options of each wish as they were written, by the wish's key."""
    from cove.spec.order import Wanted

    pairs = [pair for one in features for pair in one.node.manifest.depends_on.items()]
    return {
        render_key(Wanted(name, parse_options(value, Spot()))): value
        for name, value in (*pairs, *wished.items())
    }


def _feature_set(one: Installed, value: JsonValue, number: int) -> Document:
    node = one.node
    default = {} if isinstance(node.reference, OciReference) else {"name": node.wanted.text}
    said: Document = {**default, "value": value, "included": True, **node.manifest.document}
    feature = fold_old_members(said) if said.get("extensions") or said.get("settings") else said
    found: Document = {
        "sourceInformation": _source(node.reference, node.wanted.text, one.manifest, node.digest),
        "features": [{**feature, "cachePath": one.folder, "consecutiveId": f"{node.manifest.id}_{number}"}],
        "internalVersion": "2",
    }
    return {**found, "computedDigest": node.digest} if node.digest else found


def _source(reference: Reference, text: str, manifest: Mapping[str, JsonValue], digest: str) -> Document:
    match reference:
        case LocalReference(folder):
            return {"type": "file-path", "resolvedFilePath": folder, "userFeatureId": text}
        case TarballReference(url):
            return {"type": "direct-tarball", "tarballUri": url, "userFeatureId": text}
        case _:
            return {
                "type": "oci",
                "manifest": dict(manifest),
                "manifestDigest": digest,
                "featureRef": render_oci_reference(reference),
                "userFeatureId": text,
                "userFeatureIdWithoutVersion": _VERSION.sub("", text),
            }


def render_oci_reference(reference: OciReference) -> Document:
    """Return a name in a registry taken apart, as the reference prints it."""
    namespace = reference.path.rpartition("/")[0]
    version = {"digest": reference.digest} if reference.digest else {"tag": reference.tag}
    return {
        "scheme": "http" if reference.registry.partition(":")[0] == "localhost" else "https",
        "id": reference.id,
        "owner": namespace.partition("/")[0],
        "namespace": namespace,
        "registry": reference.registry,
        "resource": reference.resource,
        "path": reference.path,
        "version": reference.digest or reference.tag,
        **version,
    }


def pick_entries(configuration: Document | None) -> list[Document]:
    """Return what the Features of a `featuresConfiguration` add to a merge, as entries of image metadata."""
    sets = configuration["featureSets"] if configuration else []
    return [
        {"id": one["sourceInformation"]["userFeatureId"], **pick(feature, LAYER_KEYS)}
        for one in sets
        for feature in one["features"]
    ]
