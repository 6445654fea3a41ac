"""Logging in to a registry. Pure: the dialogue is a generator that yields requests and is sent the answers.

Source: Docker's "Token Authentication Specification" (Distribution), RFC 7235.
"""

from __future__ import annotations

import base64
import json
import re
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urlencode, urlsplit

from cove.errors import NetworkError

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping

FIELD = re.compile(r'(\w+)="([^"]*)"')


class Login(NamedTuple):
    """What a person is known by at a registry."""

    user: str
    password: str

    def render(self) -> str:
        """Return the value of `Authorization`."""
        return "Basic " + base64.b64encode(f"{self.user}:{self.password}".encode()).decode()


class Ask(NamedTuple):
    """A request that is to be sent."""

    url: str
    headers: Mapping[str, str]
    method: str = "GET"
    body: bytes | None = None


class Answer(NamedTuple):
    """What came back; header names are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Challenge(NamedTuple):
    """What a registry wants of one who is not logged in."""

    scheme: str
    """`basic`, `bearer`; empty when it does not say."""
    fields: Mapping[str, str] = {}


def parse_challenge(header: str) -> Challenge:
    """Return what a `WWW-Authenticate` header says.

    >>> parse_challenge('Bearer realm="https://ghcr.io/token",service="ghcr.io"').fields["realm"]
    'https://ghcr.io/token'
    """
    scheme, _, rest = header.strip().partition(" ")
    return Challenge(scheme.lower(), dict(FIELD.findall(rest)))


def authorised(ask: Ask, login: Login | None) -> Generator[Ask, Answer, tuple[Answer, str]]:
    """Send a request as whoever we are, and return its answer and the `Authorization` that it took (empty: none).

    Raises NetworkError when the registry sends us elsewhere for a token without encryption, or gives none.
    """
    answer = yield ask
    challenge = parse_challenge(answer.headers.get("www-authenticate", ""))
    # 403 with a challenge: what we were given for reading does not do for writing.
    if answer.status != 401 and not (answer.status == 403 and challenge.scheme):
        return answer, ask.headers.get("authorization", "")
    value = ""
    if challenge.scheme == "basic" and login:
        value = login.render()
    elif challenge.scheme == "bearer":
        token = yield Ask(token_url(ask.url, challenge), {"authorization": login.render()} if login else {})
        value = f"Bearer {parse_token(token, ask.url)}" if token.status == 200 else ""
    if not value:
        return answer, ""
    answer = yield ask._replace(headers={**ask.headers, "authorization": value})
    return answer, value


def token_url(asked: str, challenge: Challenge) -> str:
    """Return where a token is to be had. Raises NetworkError for a place that would see the login unencrypted."""
    realm = challenge.fields.get("realm", "")
    registry, place = urlsplit(asked), urlsplit(realm)
    if place.scheme != "https" and not (place.scheme == "http" and registry.scheme == "http"):
        raise NetworkError(
            f"{registry.netloc} sends logins to {realm or 'nowhere'}, which is not encrypted; not followed"
        )
    query = {key: challenge.fields[key] for key in ("service", "scope") if key in challenge.fields}
    return f"{realm}{'&' if place.query else '?'}{urlencode(query)}" if query else realm


def parse_token(answer: Answer, asked: str) -> str:
    """Return the token of an answer. Raises NetworkError when there is none in it."""
    try:
        document = json.loads(answer.body)
        token = document.get("token") or document.get("access_token")
    except (ValueError, AttributeError):
        token = None
    if not isinstance(token, str):
        raise NetworkError(f"the registry {urlsplit(asked).netloc} was asked for a token and sent none")
    return token
