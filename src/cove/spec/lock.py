"""devcontainer-lock.json: which release of each Feature was used. Source: the specification's "Lockfiles"."""

from __future__ import annotations

import json
import posixpath
from typing import TYPE_CHECKING, NamedTuple

from cove.errors import ConfigurationError
from cove.spec.features import DIGEST, LocalReference, OciReference
from cove.spec.jsonc import parse_jsonc_object

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from cove.spec.order import Resolved


class Locked(NamedTuple):
    """One Feature in a lockfile."""

    version: str
    resolved: str
    """`REGISTRY/PATH@sha256:…`, or the tarball's address."""
    integrity: str
    """`sha256:…` of the manifest, or of the tarball."""


def lock_path(config_path: str) -> str:
    """Return where a configuration's lockfile is: beside it, hidden when it is."""
    folder, name = posixpath.split(config_path)
    return posixpath.join(
        folder, ".devcontainer-lock.json" if name.startswith(".") else "devcontainer-lock.json"
    )


def parse_lock(text: str, path: str) -> dict[str, Locked]:
    """Return what is locked, by the Feature's name in lower case; an empty file locks nothing.

    Raises ConfigurationError for what is no lockfile.
    """
    if not text.strip():
        return {}
    features = parse_jsonc_object(text, path).get("features", {})
    if not isinstance(features, dict):
        raise ConfigurationError("`features` must be an object", path=path)
    locked = {}
    for name, entry in features.items():
        said = entry if isinstance(entry, dict) else {}
        fields = [said.get(key) for key in Locked._fields]
        if not all(isinstance(field, str) for field in fields) or not DIGEST.fullmatch(
            str(said["integrity"])
        ):
            raise ConfigurationError(
                f"the entry of {name} is not one of a lockfile",
                path=path,
                hint="Remove the file: the next `cove up` writes it anew.",
            )
        locked[name.lower()] = Locked(*map(str, fields))
    return locked


def render_lock(order: Iterable[Resolved]) -> str:
    """Return the lockfile's text for these Features, local ones left out."""
    features: dict[str, Mapping[str, object]] = {}
    for node in sorted(order, key=lambda node: node.wanted.text.lower()):
        if isinstance(node.reference, LocalReference):
            continue
        oci = isinstance(node.reference, OciReference)
        entry: dict[str, object] = {
            "version": node.manifest.version,
            "resolved": f"{node.reference.resource}@{node.digest}" if oci else node.reference.resource,
            "integrity": node.digest,
        }
        if node.manifest.depends_on:
            entry["dependsOn"] = list(node.manifest.depends_on)
        features[node.wanted.text] = entry
    return json.dumps({"features": features}, indent=2, ensure_ascii=False) + "\n"
