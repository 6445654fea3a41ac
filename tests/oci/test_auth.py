"""The dialogue of a login, without a network."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from cove.errors import NetworkError
from cove.oci.auth import Answer, Ask, Challenge, Login, authorised, parse_challenge, parse_token, token_url

if TYPE_CHECKING:
    from collections.abc import Callable

URL = "https://ghcr.io/v2/a/manifests/1"
BEARER = 'Bearer realm="https://ghcr.io/token",service="ghcr.io",scope="repository:a:pull"'
ADA = Login("ada", "secret")


def talk(login: Login | None, reply: Callable[[Ask], Answer]) -> tuple[list[Ask], Answer, str]:
    dialogue = authorised(Ask(URL, {"accept": "x"}), login)
    asks = [next(dialogue)]
    while True:
        try:
            asks.append(dialogue.send(reply(asks[-1])))
        except StopIteration as end:
            return asks, *end.value


def test_nobody_asks_for_a_login() -> None:
    asks, answer, value = talk(ADA, lambda _: Answer(200, {}, b"m"))
    assert (len(asks), answer.body, value) == (1, b"m", "")
    assert "authorization" not in asks[0].headers


def registry(ask: Ask) -> Answer:
    if ask.url.startswith("https://ghcr.io/token"):
        return Answer(200, {}, b'{"access_token": "t"}')
    if ask.headers.get("authorization") == "Bearer t":
        return Answer(200, {}, b"m")
    return Answer(401, {"www-authenticate": BEARER}, b"")


@pytest.mark.parametrize(("login", "sent"), [(None, {}), (ADA, {"authorization": ADA.render()})])
def test_a_token(login: Login | None, sent: dict[str, str]) -> None:
    asks, answer, value = talk(login, registry)
    assert answer.status == 200
    assert value == "Bearer t"
    assert asks[1] == Ask("https://ghcr.io/token?service=ghcr.io&scope=repository%3Aa%3Apull", sent)
    assert asks[2].headers == {"accept": "x", "authorization": "Bearer t"}


def test_basic() -> None:
    def reply(ask: Ask) -> Answer:
        return Answer(
            200 if "authorization" in ask.headers else 401, {"www-authenticate": 'Basic realm="r"'}, b""
        )

    asks, answer, value = talk(ADA, reply)
    assert (answer.status, value, len(asks)) == (200, "Basic YWRhOnNlY3JldA==", 2)
    asks, answer, value = talk(None, reply)
    assert (answer.status, value, len(asks)) == (401, "", 1)


def test_a_login_that_is_refused() -> None:
    def reply(ask: Ask) -> Answer:
        if "/token" in ask.url:
            return Answer(403, {}, b"")
        return Answer(401, {"www-authenticate": BEARER}, b"")

    asks, answer, value = talk(ADA, reply)
    assert (answer.status, value, len(asks)) == (401, "", 2)


@pytest.mark.parametrize("realm", ["http://evil.example/token", "ftp://ghcr.io/", ""])
def test_no_login_goes_where_it_could_be_read(realm: str) -> None:
    with pytest.raises(NetworkError, match="not encrypted"):
        token_url(URL, Challenge("bearer", {"realm": realm}))


def test_a_registry_on_loopback_may_have_its_tokens_there() -> None:
    realm = "http://127.0.0.1:5001/auth?x=1"
    found = token_url("http://127.0.0.1:5000/v2/", Challenge("bearer", {"realm": realm, "service": "s"}))
    assert found == "http://127.0.0.1:5001/auth?x=1&service=s"
    assert token_url("http://127.0.0.1:5000/v2/", Challenge("bearer", {"realm": realm})) == realm


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'{"token": 3}'])
def test_no_token_in_the_answer(body: bytes) -> None:
    with pytest.raises(NetworkError, match=r"ghcr\.io was asked for a token and sent none"):
        parse_token(Answer(200, {}, body), URL)


def test_challenges() -> None:
    assert parse_challenge("") == Challenge("", {})
    assert parse_challenge('Basic realm="x"') == Challenge("basic", {"realm": "x"})
    assert parse_challenge(BEARER).fields["scope"] == "repository:a:pull"


@pytest.mark.parametrize(
    ("challenge", "asked"), [('Bearer realm="https://r.example/token",scope="push"', 3), ("", 1)]
)
def test_what_was_for_reading_does_not_do_for_writing(challenge: str, asked: int) -> None:
    dialogue = authorised(Ask("https://r.example/v2/", {"authorization": "Bearer old"}, "POST", b"x"), None)
    asks = [next(dialogue)]
    answers = iter(
        [
            Answer(403, {"www-authenticate": challenge}, b""),
            Answer(200, {}, b'{"token": "new"}'),
            Answer(202, {}, b""),
        ]
    )
    used = ""
    for answer in answers:
        try:
            asks.append(dialogue.send(answer))
        except StopIteration as end:
            _, used = end.value
            break
    assert len(asks) == asked
    assert asks[-1] == Ask("https://r.example/v2/", {"authorization": used}, "POST", b"x")
