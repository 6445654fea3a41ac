import pytest

from cove.gateway.admission import Visit, parse_visit, why_foreign
from cove.gateway.origins import Host

HOST = Host("a.localhost", "1")
OWN = "http://a.localhost:1"


def visit(method: str = "GET", **headers: str) -> Visit:
    return parse_visit(method, "/", {name.replace("_", "-"): value for name, value in headers.items()}, HOST)


def test_who_is_a_browser() -> None:
    assert visit(User_Agent="Mozilla/5.0 (X11)").browser
    assert visit(User_Agent="curl/8", Sec_Fetch_Mode="cors").browser
    assert not visit(User_Agent="curl/8").browser


@pytest.mark.parametrize(
    ("found", "navigation", "in_tab"),
    [
        (visit(), True, True),
        (
            visit(Sec_Fetch_Mode="navigate", Sec_Fetch_Dest="document", Sec_Fetch_Site="cross-site"),
            True,
            True,
        ),
        (visit(Sec_Fetch_Mode="navigate", Sec_Fetch_Dest="iframe", Sec_Fetch_Site="same-site"), True, False),
        (
            visit(Sec_Fetch_Mode="navigate", Sec_Fetch_Dest="iframe", Sec_Fetch_Site="cross-site"),
            False,
            False,
        ),
        (visit(Sec_Fetch_Mode="cors", Sec_Fetch_Dest="empty"), False, False),
        (visit("POST", Sec_Fetch_Mode="navigate", Sec_Fetch_Dest="document"), False, False),
        (visit(Upgrade="websocket", Connection="Upgrade"), False, False),
    ],
)
def test_what_becomes_a_page(found: Visit, *, navigation: bool, in_tab: bool) -> None:
    assert (found.navigation, found.in_tab) == (navigation, in_tab)


@pytest.mark.parametrize(
    ("found", "foreign"),
    [
        (visit(), False),
        (visit(Origin=OWN), False),
        (visit(Origin="http://b.localhost:1"), True),
        (visit("POST", Origin="http://3000.a.localhost:1", Sec_Fetch_Site="same-site"), True),
        (visit("POST", Origin="null", Sec_Fetch_Site="same-origin"), False),
        (visit("POST", Origin="null", Sec_Fetch_Site="cross-site"), True),
        (visit(Upgrade="WebSocket", Connection="keep-alive, Upgrade"), True),
        (visit(Upgrade="WebSocket", Connection="Upgrade", Origin=OWN), False),
        (visit(Upgrade="websocket", Connection="Upgrade", Origin="null", Sec_Fetch_Site="same-origin"), True),
    ],
)
def test_who_asks(found: Visit, *, foreign: bool) -> None:
    assert bool(why_foreign(found)) is foreign


def test_behind_a_front_the_origin_is_the_fronts() -> None:
    found = visit(Origin="https://hub.example")
    assert why_foreign(found)
    assert not why_foreign(found._replace(outer_host="hub.example"))
