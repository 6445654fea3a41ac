import re

import pytest

from cove.gateway import pages
from cove.gateway.views import WorkspaceView

EVIL = '<img src=x onerror="alert(1)">'
VIEW = WorkspaceView("0123456789ab", "digits", f"/home/{EVIL}", "running", EVIL, detail=EVIL)


@pytest.mark.parametrize(
    "page",
    [
        pages.list_page([VIEW, VIEW._replace(state="stopped"), VIEW._replace(state=EVIL)], EVIL),
        pages.login_page(EVIL, used=True),
        pages.building_page(VIEW._replace(name=EVIL), EVIL),
        pages.stopped_page(VIEW, ""),
        pages.waiting_page(VIEW, 3000, EVIL),
        pages.error_page(404, EVIL, EVIL, EVIL),
    ],
    ids=["list", "login", "building", "stopped", "waiting", "error"],
)
def test_nothing_shown_becomes_markup_and_nothing_comes_from_elsewhere(page: pages.Page) -> None:
    assert "<img" not in page.html
    assert 'alert(1)">' not in page.html
    assert not re.search(r"(src|href)=.?https?:", page.html)
    [nonce] = set(re.findall(r"nonce-([\w-]+)", page.headers["Content-Security-Policy"]))
    assert page.html.count(f'nonce="{nonce}"') == page.html.count("<style") + page.html.count("<script")
    assert not re.search(r"\son\w+=", page.html.replace("&quot;", "").replace(" onerror=", ""))


def test_each_page_has_a_nonce_of_its_own() -> None:
    assert pages.login_page("", used=False).headers != pages.login_page("", used=False).headers


def test_the_list_offers_what_can_be_done() -> None:
    running = pages.render_list([VIEW], "")
    assert 'href="/w/digits/"' in running
    stopped = pages.render_list([VIEW._replace(state="stopped", folder="/home/ana/digits")], "")
    assert "href" not in stopped
    assert "cove up /home/ana/digits" in stopped
    assert "cove up PATH" in pages.render_list([], "")
    ports = VIEW._replace(ports={"6006": "TensorBoard", "7": "", "8": EVIL}, listening=("6006",))
    shown = pages.render_list([ports], "")
    assert '<a href="/w/digits/proxy/6006/" target="_blank" rel="noopener">TensorBoard 6006</a>' in shown
    assert 'proxy/7/" target="_blank" rel="noopener" class="quiet"' in shown
    assert EVIL not in shown
    assert "proxy" not in pages.render_list([ports._replace(state="stopped")], "")
    assert "docker is away" in pages.render_list([], "docker is away")


def test_an_editor_that_does_not_answer_is_told_with_what_starts_it() -> None:
    page = pages.waiting_page(VIEW._replace(folder="/home/ana/digits"), 0, "no such file")
    assert "<code>cove up /home/ana/digits</code>" in page.html
    assert "cove logs --editor digits" in page.html
    assert "cove up" not in pages.waiting_page(VIEW, 3000, "refused").html
