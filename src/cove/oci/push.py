"""Pushing to a registry: blobs that are missing, then the manifest under each tag. Source: OCI Distribution Specification."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING
from urllib.parse import urljoin, urlsplit

from cove.errors import NetworkError
from cove.host.http import check_redirect
from cove.oci.auth import Ask
from cove.oci.registry import base_url
from cove.spec.artifact import CONFIG, MANIFEST_TYPE, render_digest

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cove.oci.auth import Answer
    from cove.oci.registry import Registry
    from cove.spec.artifact import Artifact
    from cove.spec.features import OciReference


def push_artifact(
    registry: Registry, reference: OciReference, artifact: Artifact, tags: Sequence[str]
) -> str:
    """Put an artifact there under these tags, and return its digest; what is there already is not sent again.

    Raises NetworkError when the registry cannot be asked or refuses. The tags come last, so nothing of it is seen before
    all of it is there.
    """
    manifests = f"{base_url(reference)}/manifests"
    there = registry.send(reference, Ask(f"{manifests}/{artifact.digest}", {"accept": MANIFEST_TYPE}, "HEAD"))
    if there.status != 200:
        for blob in (CONFIG, artifact.layer):
            _push_blob(registry, reference, blob)
    headers = {"content-type": MANIFEST_TYPE}
    for tag in tags:
        answer = registry.send(reference, Ask(f"{manifests}/{tag}", headers, "PUT", artifact.manifest))
        _check(answer, 201, f"the manifest of {reference.resource}:{tag}", reference)
    return artifact.digest


def _push_blob(registry: Registry, reference: OciReference, blob: bytes) -> None:
    digest = render_digest(blob)
    base = base_url(reference)
    if registry.send(reference, Ask(f"{base}/blobs/{digest}", {}, "HEAD")).status == 200:
        return
    base = registry.secured(base)
    begun = registry.send(reference, Ask(f"{base}/blobs/uploads/", {}, "POST", b""))
    _check(begun, 202, f"an upload to {reference.resource}", reference)
    location = begun.headers.get("location", "")
    if not location:
        raise NetworkError(f"{reference.registry} takes an upload and does not say where")
    url = upload_url(f"{base}/blobs/uploads/", location, digest)
    ask = Ask(url, {"content-type": "application/octet-stream"}, "PUT", blob)
    # A storage of its own lets in whom it sent here: a login at the registry is none of its business.
    elsewhere = urlsplit(url)[:2] != urlsplit(base)[:2]
    answer = registry.send_unknown(ask) if elsewhere else registry.send(reference, ask)
    _check(answer, 201, f"a blob of {reference.resource}", reference)


def upload_url(asked: str, location: str, digest: str) -> str:
    """Return where a blob goes, from what the registry said. Raises NetworkError for a place without encryption.

    >>> upload_url("https://r/v2/a/blobs/uploads/", "/v2/a/blobs/uploads/7?state=x", "sha256:0")
    'https://r/v2/a/blobs/uploads/7?state=x&digest=sha256:0'
    """
    url = urljoin(asked, location)
    check_redirect(asked, url)
    return f"{url}{'&' if urlsplit(url).query else '?'}digest={digest}"


def _check(answer: Answer, wanted: int, what: str, reference: OciReference) -> None:
    if answer.status == wanted:
        return
    if answer.status in {401, 403}:
        raise NetworkError(
            f"{reference.registry} refuses {what}",
            hint=f"Log in with `docker login {reference.registry}`, as somebody who may write there.",
            detail=parse_reasons(answer.body),
        )
    raise NetworkError(
        f"{reference.registry} answered {answer.status} for {what}",
        hint="Try again later; what has arrived is not sent again.",
        detail=parse_reasons(answer.body),
    )


def parse_reasons(body: bytes) -> str:
    """Return what a registry says of an error, in its words; empty where it says nothing."""
    try:
        errors = json.loads(body)["errors"]
        return "\n".join(f"{error['code']}: {error.get('message', '')}" for error in errors)
    except (ValueError, TypeError, KeyError, AttributeError):
        return ""
