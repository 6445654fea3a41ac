"""Manifests and blobs of a registry. Source: the OCI Distribution Specification."""

from __future__ import annotations

import hashlib
import json
import re
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urlsplit

from cove.errors import ConfigurationError, NetworkError
from cove.oci.auth import Answer, Ask, authorised
from cove.settings.mirrors import rewrite_reference
from cove.spec.features import DIGEST

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from cove.host.http import HttpClient
    from cove.oci.auth import Login
    from cove.spec.features import OciReference

MANIFEST_TYPE = "application/vnd.oci.image.manifest.v1+json"
IMAGE_TYPES = (
    MANIFEST_TYPE,
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.docker.distribution.manifest.v2+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
)
"""What an image may be: for one platform, or a list of those."""
MANIFEST_BYTES = 4 << 20
DOCKER_HUB_HOST = "registry-1.docker.io"
"""Where Docker Hub's images are asked for; its name is that of a web site."""
LOOPBACK = re.compile(r"(localhost|127\.\d+\.\d+\.\d+|\[::1\])(:\d+)?")
WANTS_TLS = re.compile(rb"HTTPS|SSL")
"""What servers say to who speaks plain HTTP at a port of TLS, with status 400: those written in Go, nginx, Apache."""


class Manifest(NamedTuple):
    """A manifest, as far as a Feature or a Template needs it."""

    digest: str
    layer: str
    """The digest of its first layer."""
    annotations: Mapping[str, str]
    document: Mapping[str, Any] = {}
    """As the registry sent it."""


class Registry:
    """Asks registries, logged in where they want that; a login is asked for once per name and kept in memory."""

    def __init__(
        self,
        client: HttpClient,
        read_login: Callable[[str], Login | None],
        mirrors: Mapping[str, str] | None = None,
    ) -> None:
        """`mirrors` are registries, and where to ask instead: `mirror:5000/path`."""
        self._mirrors = mirrors or {}
        self._client = client
        self._read_login = read_login
        self._values: dict[str, str] = {}
        """`Authorization` by resource."""
        self._secure: set[str] = set()
        """Registries on loopback, asked in plain HTTP at first, that want TLS."""

    def fetch_manifest(self, reference: OciReference) -> Manifest:
        """Return the manifest of a tag or digest.

        Raises ConfigurationError when the registry has none, NetworkError when it cannot be asked, refuses, or what it
        sends is not what its digest says.
        """
        reference = self._located(reference)
        version = reference.digest or reference.tag
        url = f"{base_url(reference)}/manifests/{version}"
        answer = self._get(reference, url, {"accept": MANIFEST_TYPE})
        _check(answer, reference, version)
        digest = f"sha256:{hashlib.sha256(answer.body).hexdigest()}"
        if reference.digest and digest != reference.digest:
            raise _changed(reference, reference.digest, digest)
        return parse_manifest(answer.body, digest, reference)

    def fetch_document(self, reference: OciReference, kind: str, version: str) -> Mapping[str, Any]:
        """Return a JSON object of an image: `kind` is `manifests` or `blobs`, `version` a tag or digest.

        Raises as `fetch_manifest`.
        """
        reference = self._located(reference)
        headers = {"accept": ", ".join(IMAGE_TYPES)} if kind == "manifests" else {}
        answer = self._get(reference, f"{base_url(reference)}/{kind}/{version}", headers)
        _check(answer, reference, version)
        digest = f"sha256:{hashlib.sha256(answer.body).hexdigest()}"
        if version.startswith("sha256:") and digest != version:
            raise _changed(reference, version, digest)
        try:
            document = json.loads(answer.body)
        except ValueError:
            document = None
        if not isinstance(document, dict):
            raise NetworkError(
                f"what {reference.registry} has as {reference.path} is no image", hint="Check the name."
            )
        return document

    def fetch_blob(self, reference: OciReference, digest: str, target: str) -> None:
        """Fetch a blob to a file that appears only when it has that digest. Raises NetworkError."""
        reference = self._located(reference)
        value = self._values.get(reference.resource, "")
        self._client.download(
            self.secured(f"{base_url(reference)}/blobs/{digest}"),
            target,
            sha256=digest.removeprefix("sha256:"),
            headers={"authorization": value} if value else {},
        )

    def fetch_tags(self, reference: OciReference) -> list[str]:
        """Return the tags of a name, as the registry lists them. Raises as `fetch_manifest`."""
        reference = self._located(reference)
        answer = self._get(reference, f"{base_url(reference)}/tags/list", {})
        _check(answer, reference, "any version")
        try:
            tags = json.loads(answer.body)["tags"]
        except (ValueError, TypeError, KeyError):
            tags = None
        return [tag for tag in tags if isinstance(tag, str)] if isinstance(tags, list) else []

    def _located(self, reference: OciReference) -> OciReference:
        """Return where to ask for it: its registry, or that one's mirror."""
        registry, _, path = rewrite_reference(reference.resource, self._mirrors).partition("/")
        return reference._replace(
            registry=DOCKER_HUB_HOST if registry == "docker.io" else registry, path=path
        )

    def _get(self, reference: OciReference, url: str, headers: Mapping[str, str]) -> Answer:
        return self.send(reference, Ask(url, headers))

    def send(self, reference: OciReference, ask: Ask) -> Answer:
        """Send a request about a name as whoever we are in its registry, and return any answer. Raises NetworkError."""
        if value := self._values.get(reference.resource):
            ask = ask._replace(headers={**ask.headers, "authorization": value})
        dialogue = authorised(ask, self._read_login(reference.registry))
        ask = next(dialogue)
        while True:
            try:
                ask = dialogue.send(self.send_unknown(ask))
            except StopIteration as end:
                answer, self._values[reference.resource] = end.value
                return answer  # type: ignore[no-any-return]  # StopIteration does not know its value's type

    def send_unknown(self, ask: Ask) -> Answer:
        """Send a request as nobody in particular, and return any answer. Raises NetworkError."""
        url = self.secured(ask.url)
        found = self._client.request(
            ask.method, url, headers=ask.headers, body=ask.body, limit=MANIFEST_BYTES
        )
        if found.status == 400 and url.startswith("http:") and self._wants_tls(ask.method, url, found.body):
            self._secure.add(urlsplit(url).netloc)
            return self.send_unknown(ask)
        return Answer(found.status, found.headers, found.body)

    def _wants_tls(self, method: str, url: str, body: bytes) -> bool:
        if method == "HEAD":  # whose answer has no words
            body = self._client.request("GET", url, limit=MANIFEST_BYTES).body
        return bool(WANTS_TLS.search(body))

    def secured(self, url: str) -> str:
        """Return the address, in TLS where its registry wants that."""
        parts = urlsplit(url)
        return parts._replace(scheme="https").geturl() if parts.netloc in self._secure else url


def parse_manifest(body: bytes, digest: str, reference: OciReference) -> Manifest:
    """Return what a manifest says. Raises NetworkError when it is none with a layer."""
    try:
        document = json.loads(body)
        layer = document["layers"][0]["digest"]
        annotations = document.get("annotations") or {}
    except (ValueError, TypeError, KeyError, IndexError, AttributeError):
        document, layer, annotations = {}, "", {}
    if not isinstance(layer, str) or not DIGEST.fullmatch(layer):
        raise NetworkError(
            f"what {reference.registry} has as {reference.path} is no Feature: its manifest names no layer",
            hint="Check the name.",
        )
    known = annotations if isinstance(annotations, dict) else {}
    texts = {key: value for key, value in known.items() if isinstance(value, str)}
    return Manifest(digest, layer, texts, document)


def base_url(reference: OciReference) -> str:
    """Return where everything of a name is."""
    scheme = "http" if LOOPBACK.fullmatch(reference.registry) else "https"
    return f"{scheme}://{reference.registry}/v2/{reference.path}"


def _check(answer: Answer, reference: OciReference, version: str) -> None:
    what = f"{reference.resource}{'@' if version.startswith('sha256:') else ':'}{version}"
    if answer.status == 404:
        raise ConfigurationError(
            f"{reference.registry} has no {what}",
            hint="Check the name and the version; a private one needs a login.",
        )
    if answer.status in {401, 403}:
        raise NetworkError(
            f"{reference.registry} refuses {what}",
            hint=f"Log in with `docker login {reference.registry}` or `podman login {reference.registry}`, or check the name.",
        )
    if answer.status != 200:
        raise NetworkError(
            f"{reference.registry} answered {answer.status} for {what}", hint="Try again later."
        )


def _changed(reference: OciReference, wanted: str, found: str) -> NetworkError:
    return NetworkError(
        f"what {reference.registry} sent as {reference.path} is not what was locked: its digest is {found}, not {wanted}",
        hint="Nothing of it was kept. If the change is wanted, remove the entry from devcontainer-lock.json.",
    )
