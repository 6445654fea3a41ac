import pytest

from cove.gateway.auth import (
    MOST_TOKENS,
    SESSION_SECONDS,
    Keys,
    Tokens,
    add_token,
    cookie_name,
    cookie_values,
    split_token,
)

KEYS = Keys(b"k" * 32)


def test_a_session_opens_its_scope_until_it_ends() -> None:
    value = KEYS.session("w/1@17000", 1000.0)
    assert KEYS.expiry(value, "w/1@17000") == 1000 + SESSION_SECONDS
    assert KEYS.expiry(value, "w/2@17000") == 0
    assert KEYS.expiry(value, "w/1@17001") == 0
    assert Keys(b"x" * 32).expiry(value, "w/1@17000") == 0


@pytest.mark.parametrize("value", ["", ".", "ffffffff.", "zz.zz", "1.2.3", "\u00e9.\u00e9"])
def test_what_is_no_session(value: str) -> None:
    assert KEYS.expiry(value, "main@1") == 0


def test_the_end_of_a_session_is_signed_too() -> None:
    expiry, _, signature = KEYS.session("main@1", 0).partition(".")
    assert KEYS.expiry(f"{int(expiry, 16) + 1:x}.{signature}", "main@1") == 0


def test_labels_are_stable_and_tell_workspaces_apart() -> None:
    assert KEYS.label("digits", "a") == KEYS.label("digits", "a")
    assert KEYS.label("digits", "a") != KEYS.label("digits", "b")
    assert KEYS.label("digits", "a") != Keys(b"x" * 32).label("digits", "a")
    assert len(KEYS.label("x" * 40, "a")) <= 63


def test_a_token_opens_one_scope_once_for_a_while() -> None:
    tokens = Tokens()
    token = tokens.mint("w/1", 0, 60)
    assert not tokens.redeem(token, "w/2", 1)
    assert tokens.redeem(token, "w/1", 1)
    assert not tokens.redeem(token, "w/1", 1)
    assert not tokens.redeem(tokens.mint("w/1", 0, 60), "w/1", 60)
    assert not tokens.redeem("cove_guess", "w/1", 1)


def test_tokens_do_not_pile_up() -> None:
    tokens = Tokens()
    tokens._out = {bytes([1, *number.to_bytes(4, "big")]): ("x", 1e9) for number in range(MOST_TOKENS)}
    token = tokens.mint("main", 0, 60)
    assert len(tokens._out) == MOST_TOKENS
    assert tokens.redeem(token, "main", 1)


@pytest.mark.parametrize(
    ("path", "token", "rest"),
    [
        ("/?token=cove_x", "cove_x", "/"),
        ("/a?b=c&token=cove_x&d", "cove_x", "/a?b=c&d"),
        ("/a?token=cove_x&token=cove_y", "cove_y", "/a"),
        ("/lab?token=its-own", "", "/lab?token=its-own"),
        ("/lab?token=its-own&token=cove_x", "cove_x", "/lab?token=its-own"),
        ("/a?xtoken=cove_x", "", "/a?xtoken=cove_x"),
        ("/token=cove_x", "", "/token=cove_x"),
    ],
)
def test_coves_token_is_taken_out_of_a_path(path: str, token: str, rest: str) -> None:
    assert split_token(path) == (token, rest)


def test_a_token_goes_into_a_url() -> None:
    assert add_token("http://x/", "t") == "http://x/?token=t"
    assert add_token("http://x/?a=b", "t") == "http://x/?a=b&token=t"


def test_cookies_are_told_apart_by_port_and_workspace() -> None:
    assert cookie_name("17000", "main") == cookie_name("17000", "w/abc") == "cove_17000"
    assert cookie_name("", "one/0123456789abcdef") == "cove_0_0123456789ab"


def test_cookie_values() -> None:
    assert cookie_values("a=1; cove_1=x;cove_1=y=z; cove_10=n", "cove_1") == ["x", "y=z"]
    assert cookie_values("", "cove_1") == []
