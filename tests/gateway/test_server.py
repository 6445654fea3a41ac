from __future__ import annotations

from pathlib import Path

import pytest

from cove.errors import UsageError
from cove.gateway.server import check_listen, open_loopback, open_unix, read_list, read_number, read_secret
from cove.gateway.views import Listen


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.5", "example.org", ""])  # noqa: S104 - refused
@pytest.mark.parametrize("auth", ["none", "token"])
def test_beyond_this_machine_is_refused(host: str, auth: str) -> None:
    with pytest.raises(UsageError, match="TLS"):
        check_listen(Listen(host=host, port=8080, auth=auth))  # type: ignore[arg-type]


@pytest.mark.parametrize("listen", [Listen(), Listen(host="::1"), Listen(socket="/x"), Listen(auth="none")])
def test_this_machine_is_fine(listen: Listen) -> None:
    check_listen(listen)


def test_a_port_is_taken_on_both_loopbacks_or_on_none() -> None:
    links = open_loopback(0)
    port = links[0].getsockname()[1]
    assert all(link.getsockname()[1] == port for link in links)
    with pytest.raises(OSError, match="in use"):
        open_loopback(port)
    if len(links) == 2:
        links[0].close()  # someone else on the other loopback would be given the tokens
        with pytest.raises(OSError, match="in use"):
            open_loopback(port)
    for link in links:
        link.close()
    for link in open_loopback(port):
        link.close()


def test_a_unix_socket_is_its_owners_and_not_taken_from_another(tmp_path: Path) -> None:
    path = str(tmp_path / "s")
    link = open_unix(path)
    assert Path(path).stat().st_mode & 0o777 == 0o600
    link.listen()
    with pytest.raises(OSError, match="in use"):
        open_unix(path)
    link.close()
    open_unix(path).close()


def test_a_file_in_the_way_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "s"
    path.write_text("precious")
    with pytest.raises(OSError, match=r"."):
        open_unix(str(path))
    assert path.read_text() == "precious"


def test_the_secret_is_made_once_and_private(tmp_path: Path) -> None:
    path = tmp_path / "gateway" / "secret"
    secret = read_secret(str(path))
    assert len(secret) == 32
    assert read_secret(str(path)) == secret
    assert path.stat().st_mode & 0o777 == 0o600
    path.write_bytes(b"cut")
    assert len(read_secret(str(path))) == 32


@pytest.mark.parametrize(
    ("text", "number"), [("17000", 17000), ("17000\n", 17000), ("", 0), ("x", 0), ("70000", 0)]
)
def test_a_remembered_port(tmp_path: Path, text: str, number: int) -> None:
    (tmp_path / "port").write_text(text)
    assert read_number(str(tmp_path / "port")) == number
    assert read_number(str(tmp_path / "none")) == 0


def test_remembered_listeners(tmp_path: Path) -> None:
    for text, entries in (('[{"id": "x"}]', [{"id": "x"}]), ("{}", []), ("nonsense", [])):
        (tmp_path / "list").write_text(text)
        assert read_list(str(tmp_path / "list")) == entries
    assert read_list(str(tmp_path / "none")) == []
