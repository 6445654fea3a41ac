"""The environment that an image sets, read from its registry before anything of it is pulled (OCI Image Specification)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cove.errors import NetworkError
from cove.spec.features import OciReference

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cove.oci.registry import Registry


def parse_image_reference(text: str) -> OciReference:
    """Return where an image is: without a registry on Docker Hub, and there without a name in `library`.

    >>> parse_image_reference("debian:12")
    OciReference(registry='docker.io', path='library/debian', tag='12', digest='')
    >>> parse_image_reference("ghcr.io/a/b@sha256:00")[1:]
    ('a/b', 'latest', 'sha256:00')
    """
    name, _, digest = text.partition("@")
    first, slash, rest = name.partition("/")
    if not (slash and ("." in first or ":" in first or first == "localhost")):
        first, rest = "docker.io", name if slash else f"library/{name}"
    path, _, tag = rest.partition(":")
    return OciReference(first, path, tag or "latest", digest)


def fetch_image_env(registry: Registry, text: str, arch: str) -> dict[str, str]:
    """Return the environment of an image, of several the one for Linux on `arch`.

    Two or three small answers, whatever the image's size. Raises ConfigurationError, NetworkError.
    """
    reference = parse_image_reference(text)
    manifest = registry.fetch_document(reference, "manifests", reference.digest or reference.tag)
    if "manifests" in manifest:
        manifest = registry.fetch_document(reference, "manifests", _choose(manifest, arch, text))
    image = registry.fetch_document(reference, "blobs", _text(manifest, "config", "digest"))
    config = image.get("config")
    entries = config.get("Env") if isinstance(config, dict) else None
    pairs = (str(entry).partition("=") for entry in entries or ())
    return {name: value for name, _, value in pairs}


def _choose(index: Mapping[str, Any], arch: str, text: str) -> str:
    for entry in index["manifests"]:
        if _text(entry, "platform", "architecture") == arch and _text(entry, "platform", "os") == "linux":
            return _text(entry, "digest")
    raise NetworkError(f"{text} is not for Linux on {arch}", hint="Use another image or tag.")


def _text(document: object, *names: str) -> str:
    """Return a text deep in a document, empty where there is none."""
    for name in names:
        document = document.get(name) if isinstance(document, dict) else None
    return document if isinstance(document, str) else ""
