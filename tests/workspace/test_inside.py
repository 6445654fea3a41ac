"""Entering a running container."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from cove.errors import ConfigurationError
from cove.settings.settings import Settings
from cove.spec.layer import Layer
from cove.spec.merge import merge_layers
from cove.workspace.inside import ask_who, enter

if TYPE_CHECKING:
    from collections.abc import Callable

    from cove.engines.base import ContainerInfo
    from cove.testing import FakeEngine
    from cove.workspace.hooks import Inside
    from cove.workspace.read import Reading
    from cove.workspace.records import Record
    from cove.workspace.session import Session


FENCE = "--cove-environment--\n"
PROBED = f"dev\n1000\n1000\n/home/dev\n/bin/bash\n{FENCE}{FENCE}PATH=/usr/bin\0\n{FENCE}{FENCE}PATH=/usr/bin\0\n{FENCE}"


def come_in(
    session: Session, reading: Reading, container: ContainerInfo, layer: Layer
) -> tuple[Inside, Record]:
    """Ask who is there, and enter."""
    merged = merge_layers([layer])
    remote = ask_who(session, container.id, merged, container.user)
    return enter(session, reading, container, merged, "digits", remote)


def test_the_users_environment_is_the_shells_the_hosts_and_the_configurations(
    session: Session, engine: FakeEngine, read: Callable[..., Reading]
) -> None:
    session.proxies = {"http_proxy": "http://proxy", "https_proxy": "http://ada:secret@proxy"}
    layer = Layer(remote_env={"EDITOR": None, "PATH": "/own:${containerEnv:PATH}"}, remote_user="dev")
    container = engine.add_container()
    inside, record = come_in(session, read('{"image": "a"}'), container, layer)
    assert inside.env == record.env == {"https_proxy": "http://ada:secret@proxy", "PATH": "/own:/usr/bin"}
    assert (inside.home, inside.folder, inside.created) == (
        "/home/dev",
        "/workspaces/digits",
        container.created,
    )
    assert (record.name, record.user, record.shell, record.container) == (
        "digits",
        "dev",
        "/bin/bash",
        container.id,
    )
    assert record.started == container.started


@pytest.mark.parametrize(
    ("layer", "expected"),
    [
        (Layer(), "www"),
        (Layer(container_user="box"), "box"),
        (Layer(container_user="box", remote_user="dev"), "dev"),
    ],
)
def test_who_is_asked_for(
    session: Session, engine: FakeEngine, read: Callable[..., Reading], layer: Layer, expected: str
) -> None:
    inside, _ = come_in(session, read('{"image": "a"}'), engine.add_container(user="www"), layer)
    assert (engine.execs[0].user, inside.user) == (expected, expected)


def test_a_user_the_image_lacks(session: Session, engine: FakeEngine, read: Callable[..., Reading]) -> None:
    engine.runner.answer("docker exec", code=126, stderr="unable to find user dev: no matching entries")
    with pytest.raises(ConfigurationError, match="the image has no user `dev`"):
        come_in(session, read('{"image": "a"}'), engine.add_container(), Layer(remote_user="dev"))


def test_mirrors_are_the_users_variables(
    session: Session, engine: FakeEngine, read: Callable[..., Reading]
) -> None:
    index = "https://ada:s3cret@mirror/simple"
    session.settings = Settings(pypi_index=index, apt_proxy="http://ada:s3cret@cache:3142")
    container = engine.add_container()
    inside, _ = come_in(session, read('{"image": "a"}'), container, Layer(remote_env={"UV_INDEX_URL": None}))
    assert inside.env["PIP_INDEX_URL"] == inside.env["UV_DEFAULT_INDEX"] == index
    assert "UV_INDEX_URL" not in inside.env


def test_a_variable_of_the_containers_can_be_taken_away(
    session: Session, engine: FakeEngine, read: Callable[..., Reading]
) -> None:
    probed = PROBED.replace("PATH=/usr/bin\0", "PATH=/usr/bin\0LANG=C\0", 1)
    engine.runner.answer("docker exec", stdout=probed)
    layer = Layer(remote_env={"EDITOR": None, "LANG": None})
    inside, _ = come_in(session, read('{"image": "a"}'), engine.add_container(), layer)
    assert inside.env == {"LANG": None}


def test_what_the_image_says_of_an_index_stays(
    session: Session, engine: FakeEngine, read: Callable[..., Reading]
) -> None:
    session.settings = Settings(npm_registry="https://mirror/npm")
    probed = PROBED.replace("PATH=/usr/bin\0", "PATH=/usr/bin\0npm_config_registry=https://own\0", 1)
    engine.runner.answer("docker exec /bin/sh -c", stdout=probed)
    inside, _ = come_in(session, read('{"image": "a"}'), engine.add_container(), Layer())
    assert "npm_config_registry" not in inside.env
    assert inside.env["YARN_NPM_REGISTRY_SERVER"] == "https://mirror/npm"
