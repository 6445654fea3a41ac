"""Which proxy, which authorities."""

from __future__ import annotations

import ssl
from typing import TYPE_CHECKING

import pytest
from testbed.authority import make_authority

from cove.errors import NetworkError
from cove.host import route

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("url", "env", "proxy"),
    [
        ("https://a/", {}, ""),
        ("https://a/", {"HTTPS_PROXY": "http://p:1"}, "http://p:1"),
        ("https://a/", {"HTTPS_PROXY": "http://p:1", "https_proxy": "http://q:2"}, "http://q:2"),
        ("https://a/", {"HTTP_PROXY": "http://p:1"}, ""),
        ("http://a/", {"ALL_PROXY": "p:1"}, "http://p:1"),
        ("http://a.b/", {"HTTP_PROXY": "http://p", "NO_PROXY": "x, .b"}, ""),
        ("http://a.bb/", {"HTTP_PROXY": "http://p", "NO_PROXY": "b"}, "http://p"),
        ("http://a.b:81/", {"HTTP_PROXY": "http://p", "NO_PROXY": "a.b:80"}, "http://p"),
        ("http://a.b/", {"HTTP_PROXY": "http://p", "NO_PROXY": "a.b:80"}, ""),
        ("http://10.1.2.3/", {"HTTP_PROXY": "http://p", "NO_PROXY": "10.0.0.0/8"}, ""),
        ("http://11.1.2.3/", {"HTTP_PROXY": "http://p", "NO_PROXY": "10.0.0.0/8"}, "http://p"),
        ("http://a/", {"HTTP_PROXY": "http://p", "NO_PROXY": "*"}, ""),
        ("http://127.0.0.1/", {"HTTP_PROXY": "http://p"}, ""),
        ("http://[::1]:8/", {"HTTP_PROXY": "http://p"}, ""),
    ],
)
def test_choose_proxy(url: str, env: dict[str, str], proxy: str) -> None:
    assert route.choose_proxy(url, env) == proxy


def test_choose_authorities_prefers_the_variables(tmp_path: Path) -> None:
    (tmp_path / "a.pem").touch()
    env = {"SSL_CERT_FILE": str(tmp_path / "absent"), "CURL_CA_BUNDLE": str(tmp_path / "a.pem")}
    assert route.choose_authorities(env, "/built-in") == str(tmp_path / "a.pem")


def test_unreadable_authorities_are_named(tmp_path: Path) -> None:
    (tmp_path / "a.pem").write_text("no certificate")
    with pytest.raises(NetworkError, match=r"a\.pem"):
        route.read_authorities({}, (str(tmp_path / "a.pem"),))


def test_authorities_of_node_are_trusted_besides(tmp_path: Path) -> None:
    few = len(authorities({}))
    path = make_authority(tmp_path, ["127.0.0.1"])
    assert len(authorities({"NODE_EXTRA_CA_CERTS": str(path)})) == few + 1
    assert len(authorities({"NODE_EXTRA_CA_CERTS": str(tmp_path / "absent")})) == few
    path.write_text("nothing")
    assert len(authorities({"NODE_EXTRA_CA_CERTS": str(path)})) == few


def authorities(env: dict[str, str]) -> list[object]:
    context = route.read_authorities(env)
    assert isinstance(context, ssl.SSLContext)
    return list(context.get_ca_certs())
