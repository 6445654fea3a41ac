"""A real JupyterHub: its own proxy in front, a server for each user as that user of this machine, a login for anyone."""

from __future__ import annotations

import contextlib
import json
import secrets
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from testbed.command import Home
from testbed.engine import environment
from testbed.image import cache_folder
from testbed.jupyter import answers
from testbed.person import copy_bundle, open_socket
from testbed.process import running
from testbed.registry import free_port

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from testbed.engine import Engine
    from testbed.person import Person

CONFIG = """\
import json

facts = json.loads({facts!r})
c = get_config()  # noqa: F821 - traitlets gives it
c.JupyterHub.bind_url = facts["url"]
c.JupyterHub.hub_port = facts["hub_port"]
c.JupyterHub.hub_ip = "127.0.0.1"
c.JupyterHub.db_url = "sqlite:///:memory:"
c.JupyterHub.cookie_secret_file = facts["place"] + "/secret"
c.ConfigurableHTTPProxy.command = facts["proxy"]
c.ConfigurableHTTPProxy.api_url = f"http://127.0.0.1:{{facts['api_port']}}"
c.ConfigurableHTTPProxy.auth_token = facts["token"]
c.ConfigurableHTTPProxy.pid_file = facts["place"] + "/proxy.pid"
c.JupyterHub.authenticator_class = "dummy"
c.Authenticator.allowed_users = set(facts["people"])
c.JupyterHub.spawner_class = "jupyterhub.spawner.LocalProcessSpawner"
c.Spawner.cmd = facts["server"]
c.Spawner.default_url = "/lab"
c.Spawner.start_timeout = 180
c.Spawner.http_timeout = 180
c.Spawner.notebook_dir = "~"
c.Spawner.environment = {{
    name: (lambda spawner, name=name: facts["people"][spawner.user.name].get(name, ""))
    for name in next(iter(facts["people"].values()))
}}
c.LocalProcessSpawner.popen_kwargs = {{"cwd": "/"}}
"""


class Hub(NamedTuple):
    """Where it answers, with the slash at its end."""

    url: str
    log: Path


def http_proxy() -> list[str]:
    """Return the command of configurable-http-proxy, installed once into the tests' cache."""
    place = cache_folder() / "configurable-http-proxy"
    program = place / "node_modules" / ".bin" / "configurable-http-proxy"
    if not program.exists():
        place.mkdir(parents=True, exist_ok=True)
        words = ("npm", "install", "--no-audit", "--no-fund", "--silent", "configurable-http-proxy")
        subprocess.run(words, cwd=place, check=True)
    return [str(program)]


def share_jupyter(person: Person) -> dict[str, str]:
    """Return what leads the user's Python to JupyterLab's pages and the extensions' settings, where they may read them."""
    prefix, packages = Path(sys.prefix), Path(sysconfig.get_path("purelib"))
    site = Path(person.env["PYTHONPATH"].split(":")[1])
    place = site.parent / "jupyter"
    for found in packages.glob("*"):  # what an ordinary user of the tests has no use for was left out
        if found.name.startswith(("jupyter", "notebook")) and not (site / found.name).exists():
            shutil.copytree(found, site / found.name) if found.is_dir() else shutil.copy(found, site)
    for name in ("share/jupyter", "etc/jupyter"):
        if not (place / name).exists():
            shutil.copytree(prefix / name, place / name)
    return {
        "JUPYTERLAB_DIR": f"{place}/share/jupyter/lab",
        "JUPYTER_PATH": f"{place}/share/jupyter",
        "JUPYTER_CONFIG_PATH": f"{place}/etc/jupyter",
    }


@contextlib.contextmanager
def running_hub(place: Path, engine: Engine, people: Sequence[Person]) -> Iterator[Hub]:
    """Run it under `/at/work/` until the block ends; the first person may use the engine."""
    place.mkdir()
    open_socket(engine, people[0].gid)
    environments = {}
    for person in people:
        copy_bundle(person)
        leads = {name: value for name, value in engine.env.items() if not name.startswith("CONTAINERS_")}
        environments[person.name] = {
            **person.env,
            **leads,
            "COVE_ENGINE": engine.name,
            **Home(person.folder, free_port()).env,
            **share_jupyter(person),
        }
    port = free_port()
    facts = {
        "url": f"http://127.0.0.1:{port}/at/work/",
        "hub_port": free_port(),
        "api_port": free_port(),
        "place": str(place),
        "proxy": http_proxy(),
        "token": secrets.token_hex(16),
        "people": environments,
        "server": [people[0].python, "-m", "jupyterhub.singleuser"],
    }
    config = place / "hub.py"
    config.touch(mode=0o600)
    config.write_text(CONFIG.format(facts=json.dumps(facts)))
    log = place / "log"
    url = str(facts["url"])
    argv = [sys.executable, "-m", "jupyterhub", "-f", str(config)]
    with running(argv, log=log, env=environment({}), ready=lambda: answers(f"{url}hub/login"), patience=120):
        yield Hub(url, log)
