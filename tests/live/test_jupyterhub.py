"""cove in a real JupyterHub: one user works, another user of the hub and of the machine gets nothing."""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from testbed.browser import PATIENCE_MS, run_in_palette
from testbed.hub import running_hub
from testbed.person import ordinary_person
from testbed.workspace import BASE, write_files

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import BrowserContext, Page
    from testbed.engine import Engine
    from testbed.hub import Hub
    from testbed.person import Person
    from testbed.slot import Slot

pytestmark = [
    pytest.mark.full("jupyterhub"),
    pytest.mark.parametrize("engine", ["docker"], indirect=True),
]
LONG_MS = 5 * PATIENCE_MS
SNOOP = """\
import http.client, json, os, socket, sys

asked = json.load(open(sys.argv[1]))
got = []


def attempt(name, act):
    try:
        found = act()
    except OSError:
        return
    got.append([name, repr(found)[:80]])


def call(path):
    with socket.socket(socket.AF_UNIX) as link:
        link.connect(path)


def read(path):
    with open(path, "rb") as file:
        return file.read(100)


for path in asked["sockets"]:
    attempt(path, lambda: call(path))
for path in asked["files"]:
    attempt(path, lambda: read(path))
for pid in asked["pids"]:
    for name in ("environ", "mem"):
        attempt(f"/proc/{pid}/{name}", lambda: read(f"/proc/{pid}/{name}"))
    for name in ("fd", "cwd", "root"):
        attempt(f"/proc/{pid}/{name}", lambda: os.listdir(f"/proc/{pid}/{name}/"))
answers = []
for port in asked["ports"]:
    for path in asked["paths"]:
        link = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        try:
            link.request("GET", path)
            answer = link.getresponse()
            answers.append([port, path, answer.status, answer.read(20000).decode("utf-8", "replace")])
        except (OSError, http.client.HTTPException):
            pass
        finally:
            link.close()
said = " ".join(open(f"/proc/{pid}/cmdline").read() for pid in asked["pids"] if os.path.exists(f"/proc/{pid}/cmdline"))
print(json.dumps({"got": got, "answers": answers, "cmdlines": said}))
"""


@pytest.fixture
def second_user(slot: Slot, ordinary_user: Person) -> Iterator[Person]:
    """Another user of the machine and of the hub."""
    with ordinary_person(slot, suffix="b") as person:
        yield person


@pytest.fixture
def hub(
    engine: Engine, base_image: str, ordinary_user: Person, second_user: Person, tmp_path: Path
) -> Iterator[Hub]:
    with running_hub(tmp_path / "hub", engine, (ordinary_user, second_user)) as hub:
        yield hub


def sign_in(page: Page, hub: Hub, name: str) -> None:
    """Log in and wait for JupyterLab."""
    page.goto(f"{hub.url}hub/login", timeout=PATIENCE_MS)
    page.fill("input[name=username]", name)
    page.fill("input[name=password]", "any")
    page.click("input[type=submit], button[type=submit]")
    try:
        page.wait_for_selector(".jp-Launcher-body", timeout=LONG_MS)
    except Exception:
        print(page.url, page.inner_text("body")[:500], hub.log.read_text(errors="replace")[-6000:])
        raise


def test_one_works_and_the_other_gets_nothing(
    hub: Hub,
    ordinary_user: Person,
    second_user: Person,
    chromium: BrowserContext,
    pytestconfig: pytest.Config,
    tmp_path: Path,
) -> None:
    folder = ordinary_user.home / "tiny"
    write_files(folder, {"Dockerfile": f"FROM {BASE}\n", "mine.txt": "mine alone\n"})
    for path in (folder, *folder.iterdir()):
        os.chown(path, ordinary_user.uid, ordinary_user.gid)
    os.chmod(ordinary_user.home, 0o700)
    page = chromium.new_page()
    sign_in(page, hub, ordinary_user.name)
    own = f"{hub.url}user/{ordinary_user.name}/"
    page.goto(f"{own}cove/open/tiny", timeout=PATIENCE_MS)
    page.wait_for_url(f"{own}cove/w/tiny/**", timeout=LONG_MS)
    page.wait_for_selector(".explorer-folders-view .monaco-list-row", timeout=LONG_MS)
    run_in_palette(page, "Terminal: Create New Terminal")
    page.wait_for_selector(".xterm-screen", timeout=PATIENCE_MS)
    page.locator(".xterm-screen").first.click()
    page.wait_for_timeout(3000)
    page.keyboard.type("id -u > whose.txt; nohup python3 -m http.server 6006 >/dev/null 2>&1 &\n")
    for _ in range(120):
        if (folder / "whose.txt").exists() and (folder / "whose.txt").read_text().strip():
            break
        page.wait_for_timeout(500)
    assert (folder / "whose.txt").stat().st_uid == ordinary_user.uid
    shots = pytestconfig.rootpath / ".cache" / "screenshots"
    shots.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=str(shots / "jupyterhub-workbench.png"))
    page.goto(f"{own}cove/w/tiny/proxy/6006/", timeout=PATIENCE_MS)
    assert "mine.txt" in page.inner_text("body")

    refuse_locally(ordinary_user, second_user, tmp_path)

    chromium.clear_cookies()
    sign_in(page, hub, second_user.name)
    for route in (
        "cove/",
        "cove/w/tiny/",
        "cove/w/tiny/proxy/6006/",
        "cove/_cove/list",
        "proxy/6006/",
        "lab",
    ):
        answer = page.goto(f"{own}{route}", timeout=PATIENCE_MS)
        assert answer is not None
        assert answer.status == 403, (route, answer.status, page.url)
        assert "mine" not in page.content(), route
    page.goto(f"{hub.url}user/{second_user.name}/cove/", timeout=LONG_MS)
    assert "tiny" not in page.inner_text("body")


def refuse_locally(victim: Person, snoop: Person, place: Path) -> None:
    """Try sockets, files, ports and /proc as another user of the machine."""
    pids = processes_of(victim.uid)
    sockets, files = find_all(victim)
    ports = listening_ports(victim.uid)
    assert len(pids) >= 3, pids
    assert any("jupyter-server-proxy-" in path for path in sockets), sockets
    assert any(path.endswith("gateway.sock") for path in sockets), sockets
    assert any(path.endswith("gateway/secret") for path in files), files[:20]
    assert ports
    base = f"/at/work/user/{victim.name}"
    asked = {
        "sockets": sockets,
        "files": files,
        "pids": pids,
        "ports": ports,
        "paths": [
            "/",
            "/w/tiny/",
            "/proxy/6006/",
            f"{base}/cove/",
            f"{base}/cove/w/tiny/",
            f"{base}/api/contents",
        ],
    }
    question = place / "asked.json"
    question.write_text(json.dumps(asked))
    place.chmod(0o755)
    public = Path("/tmp") / f"asked-{os.getpid()}.json"
    try:
        public.write_text(json.dumps(asked))
        public.chmod(0o644)
        told = json.loads(snoop.run((snoop.python, "-c", SNOOP, str(public))).check().stdout)
    finally:
        public.unlink()
    assert told["got"] == []
    assert told["answers"], "somebody listens"
    for port, path, status, body in told["answers"]:
        assert status in {302, 401, 403, 404, 405, 421}, (port, path, status, body[:200])
        assert "mine.txt" not in body
        assert "workbench" not in body
    assert "cove_" not in told["cmdlines"], "no token in anybody's process list"


def processes_of(uid: int) -> list[int]:
    return [
        int(path.name)
        for path in Path("/proc").glob("[0-9]*")
        if path.exists() and path.stat().st_uid == uid and (path / "cmdline").read_bytes()
    ]


def find_all(person: Person) -> tuple[list[str], list[str]]:
    """Return the sockets and files of a user: below their folders, and of Jupyter's proxy in the temporary folder."""
    sockets, files = [], []
    roots = [
        person.folder / "h" / "state",
        person.folder / "r",
        person.home,
        *Path("/tmp").glob("jupyter-server-proxy-*"),
    ]
    for root in roots:
        for path in root.rglob("*"):
            mode = path.lstat().st_mode
            if path.lstat().st_uid != person.uid:
                continue
            if stat.S_ISSOCK(mode):
                sockets.append(str(path))
            elif stat.S_ISREG(mode):
                files.append(str(path))
    return sockets, files


def listening_ports(uid: int) -> list[int]:
    """Return the TCP ports that a user's processes listen on, on this host's IPv4."""
    found = []
    for line in Path("/proc/net/tcp").read_text().splitlines()[1:]:
        words = line.split()
        if words[3] == "0A" and int(words[7]) == uid:
            found.append(int(words[1].rpartition(":")[2], 16))
    return found
