"""From a configuration, an image and facts to the container we want."""

from __future__ import annotations

import json

import pytest

from cove.engines.base import ImageInfo
from cove.host.machine import Owner
from cove.spec.certificates import CERTIFICATES_AT
from cove.spec.config import parse_configuration
from cove.spec.layer import Layer
from cove.spec.merge import merge_layers
from cove.spec.run import Certificates, GpuGrant, Mount
from cove.spec.variables import Scope
from cove.workspace.address import Address
from cove.workspace.image import Image
from cove.workspace.plan import KEEP_ALIVE, Facts, plan_container, private_environment
from cove.workspace.read import Reading

FOLDER = "/home/ada/digits"
INFO = ImageInfo(
    id="sha256:1",
    user="",
    env={"PATH": "/bin", "PIP_CERT": "/own.pem"},
    labels={},
    entrypoint=("/entry",),
    command=("serve",),
    workdir="",
    arch="amd64",
    size=1,
)


def reading(text: str = '{"image": "debian"}') -> Reading:
    configuration = parse_configuration(text, path=f"{FOLDER}/.devcontainer.json", folder=FOLDER)
    return Reading(
        address=Address("abc123", FOLDER, f"{FOLDER}/.devcontainer.json"),
        written=configuration,
        configuration=configuration,
        scope=Scope({}, FOLDER, "/workspaces/digits", "id"),
        workspace_folder="/workspaces/digits",
        workspace_mount=Mount("bind", FOLDER, "/workspaces/digits"),
        owner=Owner(1000, 1000),
    )


def image(*layers: Layer) -> Image:
    return Image("debian", INFO, layers, merge_layers(layers), "debian", {})


FACTS = Facts(name="digits", owner_uid=1000, digests={"/a": "1"})


def test_labels_are_the_references_and_coves() -> None:
    labels = plan_container(reading(), image(Layer(remote_user="dev")), FACTS).labels
    assert labels["devcontainer.local_folder"] == FOLDER
    assert labels["devcontainer.config_file"] == f"{FOLDER}/.devcontainer.json"
    assert json.loads(labels["devcontainer.metadata"]) == [{"remoteUser": "dev"}]
    assert (labels["cove.id"], labels["cove.name"], labels["cove.owner"]) == ("abc123", "digits", "1000")
    assert json.loads(labels["cove.config"]) == {"/a": "1"}


@pytest.mark.parametrize(
    ("layer", "entrypoint", "command"),
    [
        (Layer(), "/bin/sh", ("-c", KEEP_ALIVE, "-")),
        (Layer(override_command=True), "/bin/sh", ("-c", KEEP_ALIVE, "-")),
        (Layer(override_command=False), None, ()),
        (
            Layer(override_command=False, entrypoint="/feature.sh"),
            "/bin/sh",
            ("-c", '/feature.sh\nexec "$@"', "-", "/entry", "serve"),
        ),
        (
            Layer(entrypoint="/feature.sh"),
            "/bin/sh",
            ("-c", '/feature.sh\nexec "$@"', "-", "/bin/sh", "-c", KEEP_ALIVE, "-"),
        ),
    ],
)
def test_main_process(layer: Layer, entrypoint: str | None, command: tuple[str, ...]) -> None:
    request = plan_container(reading(), image(layer), FACTS)
    assert (request.entrypoint, request.command) == (entrypoint, command)


def test_authorities_and_proxies_come_from_the_host_unless_the_image_says_otherwise() -> None:
    proxies = {"http_proxy": "http://proxy:3128", "https_proxy": "http://ada:secret@proxy:3128"}
    facts = FACTS._replace(certificates=Certificates("/ca.pem", "/extra.pem"), proxies=proxies)
    request = plan_container(reading(), image(Layer(container_env={"CURL_CA_BUNDLE": "/mine"})), facts)
    assert request.env["SSL_CERT_FILE"] == CERTIFICATES_AT
    assert request.env["CURL_CA_BUNDLE"] == "/mine"
    assert "PIP_CERT" not in request.env
    assert request.env["http_proxy"] == "http://proxy:3128"
    assert "secret" not in str(request)
    assert private_environment(proxies) == {"https_proxy": "http://ada:secret@proxy:3128"}
    assert [mount.source for mount in request.mounts] == [FOLDER, "/ca.pem", "/extra.pem"]
    assert all(mount.read_only for mount in request.mounts[1:])


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ('"appPort": 3000', ("127.0.0.1:3000:3000",)),
        ('"appPort": ["8000", "9000:9001"]', ("127.0.0.1:8000:8000", "9000:9001")),
    ],
)
def test_app_ports_stay_on_loopback(written: str, expected: tuple[str, ...]) -> None:
    request = plan_container(reading(f'{{"image": "debian", {written}}}'), image(Layer()), FACTS)
    assert request.publish == expected


def test_gpus_among_run_args_are_a_wish_and_the_grant_fulfils_it() -> None:
    asked = reading('{"image": "debian", "runArgs": ["--ipc", "host", "--gpus=all"]}')
    grant = GpuGrant(devices=("nvidia.com/gpu=GPU-a",), env={"NVIDIA_VISIBLE_DEVICES": "void"}, label="GPU-a")
    wish = plan_container(asked, image(), FACTS._replace(gpus=grant, gpus_shared=True))
    assert wish.extra == ("--ipc", "host")
    assert wish.gpus == grant
    assert (wish.labels["cove.gpus"], wish.labels["cove.gpus.shared"]) == ("GPU-a", "true")
    assert wish.env["NVIDIA_VISIBLE_DEVICES"] == "void"
    assert "cove.gpus" not in plan_container(asked, image(), FACTS).labels


def test_which_gpus_cove_decides_and_what_of_their_driver_the_image_may_say() -> None:
    env = {"NVIDIA_VISIBLE_DEVICES": "all", "NVIDIA_DRIVER_CAPABILITIES": "all"}
    made_for_cuda = image()._replace(info=INFO._replace(env=env))
    grant = GpuGrant(env={"NVIDIA_VISIBLE_DEVICES": "void", "NVIDIA_DRIVER_CAPABILITIES": "compute,utility"})
    wish = plan_container(reading(), made_for_cuda, FACTS._replace(gpus=grant))
    assert wish.env["NVIDIA_VISIBLE_DEVICES"] == "void"
    assert "NVIDIA_DRIVER_CAPABILITIES" not in wish.env
