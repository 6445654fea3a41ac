"""The gateway's own pages: one style, light and dark, nothing from elsewhere.

Everything shown is escaped; the Content-Security-Policy lets run only what carries the page's own nonce.
"""

from __future__ import annotations

import secrets
from html import escape
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import quote

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cove.gateway.views import WorkspaceView

STYLE = """
:root { color-scheme: light dark; --ink: #1d2530; --soft: #5c6875; --paper: #f6f7f9; --card: #fff;
  --line: #dfe4ea; --deep: #0b6e8a; --on-deep: #fff; --good: #1a8a5a; --busy: #b26a00; --bad: #b3352b; }
@media (prefers-color-scheme: dark) { :root { --ink: #e4e9ef; --soft: #93a0ae; --paper: #12171d; --card: #1a2129;
  --line: #2b353f; --deep: #4fb8d4; --on-deep: #06222b; --good: #4cc38a; --busy: #e0a44a; --bad: #f0796d; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink);
  font: 15px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "DejaVu Sans", sans-serif; }
main { max-width: 56rem; margin: 0 auto; padding: 3rem 1.25rem 4rem; }
header { display: flex; align-items: center; gap: .7rem; margin-bottom: 2rem; }
header svg { width: 2rem; height: 2rem; color: var(--deep); }
header b { font-size: 1.35rem; letter-spacing: -.01em; }
header span { color: var(--soft); }
h1 { font-size: 1.5rem; line-height: 1.25; margin: 0 0 .5rem; letter-spacing: -.01em; }
p { margin: 0 0 1rem; max-width: 42rem; }
ul { list-style: none; margin: 0; padding: 0; display: grid; gap: .75rem; }
li, .card { background: var(--card); border: 1px solid var(--line); border-radius: .75rem; padding: 1rem 1.25rem; }
li { display: flex; align-items: center; gap: 1rem; flex-wrap: wrap; }
li > div { flex: 1 1 20rem; min-width: 0; }
li h2 { margin: 0; font-size: 1.05rem; display: flex; align-items: baseline; gap: .6rem; flex-wrap: wrap; }
.state { font-size: .8rem; font-weight: 500; color: var(--soft); white-space: nowrap; }
.state::before { content: ""; display: inline-block; width: .55rem; height: .55rem; border-radius: 50%;
  background: var(--soft); margin-right: .35rem; }
.running::before { background: var(--good); } .failed::before { background: var(--bad); }
.building::before { background: var(--busy); animation: pulse 1.2s ease-in-out infinite; }
@keyframes pulse { 50% { opacity: .25; } }
@media (prefers-reduced-motion: reduce) { .building::before { animation: none; } }
.facts { color: var(--soft); font-size: .88rem; overflow-wrap: anywhere; }
.ports a { color: var(--deep); } .ports a.quiet { color: var(--soft); }
.bars { color: var(--deep); font-family: "DejaVu Sans Mono", ui-monospace, Menlo, monospace; letter-spacing: -.05em; }
.problem { color: var(--bad); font-size: .88rem; margin-top: .35rem; overflow-wrap: anywhere; }
.problem code { color: var(--ink); display: inline-block; }
.button { border: 0; font: inherit; cursor: pointer; text-decoration: none; font-weight: 600;
  background: var(--deep); color: var(--on-deep);
  padding: .45rem 1rem; border-radius: .5rem; }
.button:hover { filter: brightness(1.08); } .button[hidden] { display: none; }
.button:focus-visible { outline: 2px solid var(--ink); outline-offset: 2px; }
code, pre { font: .88rem/1.5 ui-monospace, "Cascadia Mono", Menlo, "DejaVu Sans Mono", monospace; }
code { background: var(--line); padding: .12rem .4rem; border-radius: .3rem; overflow-wrap: anywhere; }
pre { margin: 1rem 0 0; padding: 1rem 1.25rem; background: var(--card); border: 1px solid var(--line);
  border-radius: .75rem; max-height: 60vh; overflow: auto; white-space: pre-wrap; overflow-wrap: anywhere; }
pre .begin { font-weight: 600; } pre .end { color: var(--good); } pre .warn, pre .note { color: var(--busy); }
pre .bad { color: var(--bad); font-weight: 600; }
.quiet { color: var(--soft); }
.actions { margin-top: 1rem; }
"""

LOGO = (
    '<svg viewBox="0 0 32 32" fill="none" stroke="currentColor" stroke-width="2.6" stroke-linecap="round" aria-hidden="true">'
    '<path d="M26 9.5A12 12 0 1 0 26 22.5"/><path d="M12 16q2.7-3 5.3 0t5.3 0 5.3 0"/></svg>'
)
ICON = LOGO.replace("<svg ", '<svg xmlns="http://www.w3.org/2000/svg" color="#2196b5" ')

LIST_SCRIPT = """
const list = document.getElementById("list"), base = document.body.dataset.base;
async function renew() {
  if (!document.hidden) {
    try {
      const answer = await fetch(`${base}/_cove/list`);
      if (answer.ok) list.innerHTML = await answer.text();
      else if (answer.status === 401) location.reload();
    } catch {}
  }
  setTimeout(renew, 3000);
}
setTimeout(renew, 3000);
"""

SHOW_EVENT = """
function show(event) {
  const line = document.createElement("div");
  line.className = event.event === "end" && event.failed ? "bad" : event.event;
  const took = event.seconds === undefined ? "" : ` (${event.seconds.toFixed(1)} s)`;
  const mark = { begin: "▸ ", end: event.failed ? "✗ " : "✓ ", warn: "⚠ ", note: "· " }[event.event] ?? "  ";
  line.textContent = mark + event.text + took;
  log.append(line);
}
"""

BUILD_SCRIPT = (
    SHOW_EVENT
    + """
const log = document.getElementById("log"), state = document.getElementById("state");
const base = document.body.dataset.base;
let from = 0, failures = 0;
async function follow() {
  try {
    const answer = await fetch(`${base}/_cove/progress?from=${from}`);
    if (!answer.ok) throw new Error(answer.status);
    const news = await answer.json();
    if (news.from < from) log.replaceChildren();
    from = news.from;
    failures = 0;
    const atEnd = log.scrollHeight - log.scrollTop - log.clientHeight < 40;
    for (const event of news.events) show(event);
    if (atEnd) log.scrollTop = log.scrollHeight;
    state.textContent = news.text;
    if (news.ready) return location.reload();
  } catch { if (++failures > 20) return (state.textContent = "The gateway does not answer any more."); }
  setTimeout(follow, 700);
}
follow();
"""
)

START_SCRIPT = (
    SHOW_EVENT
    + """
const log = document.getElementById("log"), state = document.getElementById("state");
const base = document.body.dataset.base, { folder, auto } = log.dataset;
const buttons = document.querySelectorAll("button");
let from = 0, failures = 0;
function fail(why) {
  state.textContent = "";
  const told = !why.refused && log.textContent.includes(why.message);  // what the build itself has said is not said again
  for (const [kind, text] of [["bad", told ? "" : `✗ ${why.message}`], ["line", told ? "" : why.detail], ["begin", why.hint]])
    if (text) show({ event: "text", text }), (log.lastChild.className = kind);
  log.scrollTop = log.scrollHeight;
  for (const button of buttons) button.hidden = button.dataset.trust && !why.refused;
  buttons[0].textContent = "Try again";
}
async function ask(options, query = "") {
  const answer = await fetch(`${base}/_cove/up${query}`, options);
  if (!answer.ok) throw new Error(await answer.text());
  return answer.json();
}
async function start(trust) {
  for (const button of buttons) button.hidden = true;
  log.replaceChildren();
  state.textContent = "The editor opens here as soon as it runs.";
  from = failures = 0;
  try {
    const begun = await ask({ method: "POST", body: JSON.stringify({ folder, trust }) });
    follow(begun.id);
  } catch (error) { fail({ message: error.message }); }
}
async function follow(id) {
  try {
    const news = await ask({}, `?id=${id}&from=${from}`);
    failures = 0;
    if (news.from < from) log.replaceChildren();
    from = news.from;
    const atEnd = log.scrollHeight - log.scrollTop - log.clientHeight < 40;
    for (const event of news.events) show(event);
    if (atEnd) log.scrollTop = log.scrollHeight;
    if (news.name) return location.replace(`${base}/w/${news.name}/`);
    if (news.failure) return fail(news.failure);
  } catch (error) {
    if (++failures > 20) return fail({ message: `It does not answer any more: ${error.message}` });
  }
  setTimeout(follow, 700, id);
}
for (const button of buttons) button.addEventListener("click", () => start(Boolean(button.dataset.trust)));
if (auto) start(false);
"""
)

RETRY_SCRIPT = "setTimeout(() => location.reload(), 2500);"

STATES = {"running": "running", "building": "being built", "stopped": "stopped", "failed": "failed"}


class Page(NamedTuple):
    """A page ready to send."""

    status: int
    html: str
    headers: Mapping[str, str]


def render_page(title: str, body: str, *, status: int = 200, script: str = "", base: str = "") -> Page:
    """Return a whole page around a body of HTML."""
    nonce = secrets.token_urlsafe(16)
    policy = (
        f"default-src 'none'; style-src 'nonce-{nonce}'; script-src 'nonce-{nonce}'; connect-src 'self'; "
        "img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'self'"
    )
    html = (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)}</title>"
        f'<style nonce="{nonce}">{STYLE}</style></head><body data-base="{escape(base)}"><main>'
        f"<header>{LOGO}<b>cove</b></header>{body}</main>"
        + (f'<script nonce="{nonce}">{script}</script>' if script else "")
        + "</body></html>"
    )
    return Page(status, html, {**SAFE_HEADERS, "Content-Security-Policy": policy})


SAFE_HEADERS = {
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}


def render_list(
    views: Sequence[WorkspaceView], problem: str, *, base: str = "", can_start: bool = False
) -> str:
    """Return the workspaces as HTML, for the page and for its renewal; `can_start`: by a click."""
    trouble = f'<p class="card"><b>The engine does not answer.</b> {escape(problem)}</p>' if problem else ""
    if not views:
        return trouble + (
            '<div class="card"><h1>No workspace yet</h1><p>Open a folder that has a Dockerfile or a devcontainer.json:'
            "</p><code>cove up PATH</code></div>"
        )
    return f"{trouble}<ul>{''.join(_render_entry(view, base, can_start=can_start) for view in views)}</ul>"


def _render_entry(view: WorkspaceView, base: str, *, can_start: bool) -> str:
    state = view.state if view.state in STATES else "stopped"
    facts = " · ".join(escape(text) for text in (view.folder, view.engine, view.detail) if text)
    if state in {"running", "building"}:
        words = "Open" if state == "running" else "Watch"
        action = f'<a class="button" href="{escape(base)}/w/{escape(view.name)}/" target="_blank" rel="noopener">{words}</a>'
    elif can_start and view.folder:
        where = escape(f"{base}/open?folder={quote(view.folder)}")
        action = f'<a class="button" href="{where}" target="_blank" rel="noopener">Start</a>'
    else:
        action = f"<code>cove up {escape(view.folder)}</code>"
    bars = f' <span class="bars">{escape(view.bars)}</span>' if view.bars else ""
    gpus = f'<div class="facts">{escape(view.gpus)}{bars}</div>' if view.gpus else ""
    remedy = f" <code>{escape(view.remedy)}</code>" if view.remedy else ""
    problem = f'<div class="problem">{escape(view.problem)}{remedy}</div>' if view.problem else ""
    return (
        f'<li><div><h2>{escape(view.name)} <span class="state {state}">{STATES[state]}</span></h2>'
        f'<div class="facts">{facts}</div>{gpus}{_render_ports(view, base)}{problem}</div>{action}</li>'
    )


def _render_ports(view: WorkspaceView, base: str) -> str:
    """Return links to the ports of a workspace that runs; a declared one that does not listen is paler."""
    if not view.ports or view.state != "running":
        return ""
    idle = ' class="quiet" title="nothing listens there yet"'
    links = (
        f'<a href="{escape(base)}/w/{escape(view.name)}/proxy/{escape(port)}/" target="_blank" rel="noopener"'
        f"{'' if port in view.listening else idle}>{escape(f'{label} {port}' if label else port)}</a>"
        for port, label in view.ports.items()
    )
    return f'<div class="facts ports">Ports: {" · ".join(links)}</div>'


def list_page(
    views: Sequence[WorkspaceView], problem: str, *, base: str = "", can_start: bool = False
) -> Page:
    """Return the page of all workspaces."""
    entries = render_list(views, problem, base=base, can_start=can_start)
    return render_page(
        "Workspaces · cove",
        f'<h1>Workspaces</h1><div id="list">{entries}</div>',
        script=LIST_SCRIPT,
        base=base,
    )


def starting_page(folder: str, base: str, *, auto: bool) -> Page:
    """Return the page that brings a folder's workspace up and becomes its editor; at a click, if not by itself."""
    said = (
        "The editor opens here as soon as it runs."
        if auto
        else "Another page led here. Is this what you want?"
    )
    body = (
        f"<h1>{escape(folder.rstrip('/').rpartition('/')[2] or folder)} in VS Code</h1>"
        f'<p class="facts">{escape(folder)}</p><p class="quiet" id="state">{said}</p>'
        f'<pre id="log" aria-live="polite" data-folder="{escape(folder)}" data-auto="{"1" if auto else ""}"></pre>'
        f'<p class="actions"><button class="button"{" hidden" if auto else ""}>Build and open</button> '
        '<button class="button" data-trust="1" hidden>Trust this repository, and open it</button></p>'
    )
    return render_page(f"{folder.rpartition('/')[2]} · cove", body, script=START_SCRIPT, base=base)


def login_page(name: str, *, used: bool) -> Page:
    """Return the page for someone without a session; `used` when the link's token no longer opens anything."""
    why = "This link has been used, or is too old. " if used else ""
    command = f"cove open {name}".strip()
    body = (
        f"<h1>Not signed in</h1><p>{why}Each link signs in one browser, once. For a new one, run this where cove "
        f"runs:</p><code>{escape(command)}</code>"
    )
    return render_page("Not signed in · cove", body, status=401)


def building_page(view: WorkspaceView, base: str) -> Page:
    """Return the page that shows a build as it goes, then becomes the editor."""
    body = (
        f'<h1>{escape(view.name)} is being built</h1><p class="quiet" id="state">The editor opens here as soon as it '
        'runs.</p><pre id="log" aria-live="polite"></pre>'
    )
    return render_page(f"{view.name} · cove", body, status=503, script=BUILD_SCRIPT, base=base)


def stopped_page(view: WorkspaceView, base: str) -> Page:
    """Return the page of a workspace that does not run; it opens the editor once it does."""
    how = "did not start" if view.state == "failed" else "is stopped"
    body = (
        f"<h1>{escape(view.name)} {how}</h1><p>Start it where cove runs; this page then opens the editor.</p>"
        f'<code>cove up {escape(view.folder or view.name)}</code><p class="quiet" id="state"></p>'
        '<pre id="log" hidden></pre>'
    )
    return render_page(f"{view.name} · cove", body, status=503, script=BUILD_SCRIPT, base=base)


def waiting_page(view: WorkspaceView, port: int, reason: str) -> Page:
    """Return the page for something inside that does not answer; it tries again by itself."""
    what = (
        f"Nothing answers on port {port} of {view.name}"
        if port
        else f"The editor of {view.name} does not answer"
    )
    shown = (
        "<p>Is the program running, and does it listen on that port?</p>"
        if port
        else f"<p>This starts it again where cove runs; <code>cove logs --editor {escape(view.name)}</code> tells why it "
        f"ended:</p><code>cove up {escape(view.folder or view.name)}</code>"
    )
    body = f'<h1>{escape(what)}</h1>{shown}<p class="quiet">{escape(reason)}</p>'
    return render_page(f"{view.name} · cove", body, status=502, script=RETRY_SCRIPT)


def error_page(status: int, title: str, text: str, command: str = "") -> Page:
    """Return a page that says what is wrong and what to do."""
    code = f"<code>{escape(command)}</code>" if command else ""
    return render_page(
        f"{title} · cove", f"<h1>{escape(title)}</h1><p>{escape(text)}</p>{code}", status=status
    )
