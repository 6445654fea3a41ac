"""doctor: is this machine ready, and if not, what to do. What is looked at beside each other never fails as a whole."""

from __future__ import annotations

import os
import socket
from typing import TYPE_CHECKING

from cove.errors import CoveError, GpuError
from cove.workspace.check import (
    Check,
    judge_adaptations,
    judge_authorities,
    judge_bundle,
    judge_clock,
    judge_disk,
    judge_engine,
    judge_gateway,
    judge_gpus,
    judge_holder,
    judge_kernel,
    judge_site,
    judge_user_namespaces,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from cove.engines.base import Engine
    from cove.host.http import HttpClient
    from cove.workspace.session import Session

    Look = Callable[[Session], Sequence[Check]]

REGISTRY = "https://registry-1.docker.io/v2/"
SITE_SECONDS = 4.0
TRIAL_SECONDS = 60.0


def examine(
    session: Session, folder: str = "", *, config: str = "", more: Sequence[Look] = ()
) -> list[Check]:
    """Return what was found, in a stable order; with a folder, also what of this repository will work here.

    `more` are looks of the rooms above.
    """
    from concurrent.futures import ThreadPoolExecutor

    from cove.workspace.check_repository import look_at_repository

    looks: list[Look] = [
        look_at_engines,
        look_at_trials,
        look_at_host,
        look_at_network,
        look_at_gpus,
        look_at_editor,
        *more,
    ]
    if folder:
        looks.append(lambda session: look_at_repository(session, folder, config=config))
    with ThreadPoolExecutor(len(looks)) as pool:
        return [check for found in pool.map(lambda look: _safely(look, session), looks) for check in found]


def _safely(look: Look, session: Session) -> Sequence[Check]:
    """Return what was found; a look that cannot be had is told as one, and the others go on."""
    try:
        return look(session)
    except CoveError as error:
        name = (
            getattr(look, "__name__", "repository").removeprefix("look_at_").replace("<lambda>", "repository")
        )
        return [Check(name, "failed", error.message, error.hint, exit_code=error.exit_code)]


def look_at_engines(session: Session) -> list[Check]:
    """See which engines answer, what is done differently for them, and whether they have room."""
    engines, problem = _engines(session)
    infos = [engine.info() for engine in engines]
    checks = [judge_engine(infos, problem)]
    if infos:
        checks.append(judge_adaptations(infos))
    for engine in engines:
        storage = "" if engine.info().remote else engine.info().storage_folder
        if storage and os.path.isdir(storage):
            checks.append(judge_disk(f"{engine.name} storage", storage, _free(storage)))
    return checks


def _engines(session: Session) -> tuple[list[Engine], CoveError | None]:
    from cove.engines.choose import read_engines

    try:
        found: list[Engine] = (
            [session.engine]
            if session.settings.engine
            else list(read_engines(session.runner, session.machine)) or [session.engine]
        )
    except CoveError as error:
        return [], error
    return found, None


def look_at_host(session: Session) -> list[Check]:
    """See what the kernel allows, what of the network is the host's own, and whether caches have room."""
    from cove.host.kernel import read_kernel

    rootless = any(engine.info().rootless for engine in _engines(session)[0])
    cache = session.machine.directories.cache
    return [
        judge_kernel(read_kernel()),
        judge_user_namespaces(
            needed=rootless,
            most=int(_text("/proc/sys/user/max_user_namespaces") or 1),
            ranges=_has_range(_text("/etc/subuid"), session.machine.owner.uid),
        ),
        judge_authorities(own=_own_authorities(session), proxies=tuple(session.proxies)),
        judge_disk("cache", cache, _free(cache)),
    ]


def _has_range(text: str, uid: int) -> bool:
    import pwd

    try:
        name = pwd.getpwuid(uid).pw_name
    except KeyError:
        name = ""
    return any(line.partition(":")[0] in {name, str(uid)} for line in text.splitlines() if line)


def _own_authorities(session: Session) -> int:
    certificates = session.certificates
    return _text(certificates.extra).count("-----BEGIN") if certificates and certificates.extra else 0


def look_at_network(session: Session) -> list[Check]:
    """See whether the sites that cove may ask answer, through the host's proxies and with its authorities."""
    from cove.host.http import HttpClient
    from cove.ide.gallery import OPEN_VSX, parse_gallery

    client = HttpClient(
        session.machine.env,
        ca_files=tuple(session.settings.certificates),
        connect_seconds=SITE_SECONDS,
        read_seconds=SITE_SECONDS,
        attempts=1,
    )
    gallery = parse_gallery(session.settings.gallery) if session.settings.gallery else OPEN_VSX
    registry, skew = _visit(client, "registry", REGISTRY, needed_for="images of Docker Hub")
    extensions, other = _visit(client, "gallery", gallery.service_url, needed_for="extensions")
    return [registry, extensions, judge_clock(skew if skew is not None else other)]


def _visit(client: HttpClient, name: str, url: str, *, needed_for: str) -> tuple[Check, float | None]:
    import time
    from email.utils import parsedate_to_datetime

    try:
        answer = client.request("GET", url, limit=1 << 20)
    except CoveError as error:
        return judge_site(name, url, 0, error, needed_for=needed_for), None
    try:
        skew = time.time() - parsedate_to_datetime(answer.headers.get("date", "")).timestamp()
    except (TypeError, ValueError):
        skew = None
    return judge_site(name, url, answer.status, None, needed_for=needed_for), skew


def look_at_editor(session: Session) -> list[Check]:
    """See whether the editor's files are here."""
    from cove.workspace.editor import find_here

    settings = session.settings
    bundle = find_here(session)
    sources = {"ide_source": settings.ide_source, "ide_release_url": settings.ide_release_url}
    return [judge_bundle(f"{bundle.ide} {bundle.version}" if bundle else "", sources)]


def look_at_gpus(session: Session) -> list[Check]:
    """See what GPUs there are, and how each engine gives them."""
    from cove.gpu.hardware import read_inventory
    from cove.gpu.way import choose_way
    from cove.workspace.gpus import plan_engine_ways

    engines = _engines(session)[0]
    inventory = read_inventory(folder for engine in engines for folder in engine.info().cdi_folders)
    ways = {}
    for engine in engines if inventory.usable else []:
        try:
            way = choose_way(plan_engine_ways(session, engine.info()), inventory, inventory.usable[:1])
            ways[engine.name] = way.why
        except GpuError as error:
            ways[engine.name] = f"cannot: {error.message} → {error.hint}"
    return [*judge_gpus(inventory, ways), *_look_at_holders(session)]


def _look_at_holders(session: Session) -> list[Check]:
    """See whether the workspaces that hold GPUs still have them."""
    from cove.workspace.gpu_health import find_losses

    checks = []
    for engine in _engines(session)[0]:
        holders = [found for found in engine.containers({"cove.gpus": ""}, all_states=False) if found.gpus]
        losses = find_losses(engine, holders)
        checks += [
            judge_holder(
                found.labels.get("cove.name", "") or found.name, len(found.gpus), losses.get(found.id)
            )
            for found in holders
        ]
    return sorted(checks)


def look_at_trials(session: Session) -> list[Check]:
    """Build and run something tiny for real, on an image that is here; without one nothing is pulled for it."""
    engines = _engines(session)[0]
    if not engines:
        return []
    image = _any_image(session, engines[0])
    if not image:
        missing = "no image of a workspace is here to try with"
        return [Check("build", "unchecked", missing), Check("run", "unchecked", missing)]
    return [_try_build(engines[0], image), _try_run(session, engines[0], image)]


def _any_image(session: Session, engine: Engine) -> str:
    from cove.workspace.records import read_records

    names = [record.image for record in read_records(session.machine) if record.engine == engine.name]
    return next((name for name in names if engine.inspect_image(name)), "")


def _try_build(engine: Engine, image: str) -> Check:
    from cove.spec.run import BuildRequest

    text = f"FROM {image}\nRUN true\n"
    try:
        made = engine.build(
            BuildRequest(context="", dockerfile="", dockerfile_text=text, no_cache=True), _quiet
        )
    except CoveError as error:
        return Check("build", "failed", error.message, error.hint, exit_code=error.exit_code)
    engine.remove_image(made)
    return Check("build", "ok", f"{engine.name} builds on {image}")


def _try_run(session: Session, engine: Engine, image: str) -> Check:
    from cove.spec.run import RunRequest

    wish = RunRequest(image=image, entrypoint="/bin/sh", command=("-c", "exit 0"), remove=True)
    try:
        outcome = session.runner.run(engine.run_command(wish)._replace(timeout=TRIAL_SECONDS))
    except CoveError as error:
        return Check("run", "failed", error.message, error.hint, exit_code=4)
    if not outcome.ok:
        return Check(
            "run", "failed", outcome.last_lines(3), "See `cove logs`, or the engine's own log.", exit_code=4
        )
    return Check("run", "ok", f"{engine.name} runs {image}")


def look_at_port(port: int, running: str) -> Check:
    """See whether the web door is open, or its port free for it; `running` is its address."""
    with socket.socket() as probe:
        free = probe.connect_ex(("127.0.0.1", port)) != 0
    return judge_gateway(running=running, port=port, free=free)


def _free(path: str) -> int:
    while not os.path.isdir(path):
        path = os.path.dirname(path)
    found = os.statvfs(path)
    return found.f_bavail * found.f_frsize


def _quiet(_: str) -> None:
    """Let the lines of a trial go by."""


def _text(path: str) -> str:
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read(1 << 20)
    except OSError:
        return ""
