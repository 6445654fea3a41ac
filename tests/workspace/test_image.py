"""From a configuration to an image that is ready to run."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from cove.errors import ConfigurationError, EngineError, NetworkError
from cove.host.machine import Owner
from cove.spec.layer import Layer
from cove.spec.merge import merge_layers
from cove.spec.run import Certificates
from cove.workspace.bases import BuildOptions
from cove.workspace.consent import Consent
from cove.workspace.image import Image, is_root, prepare_image, remote_user, wants_uid_update

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from cove.testing import FakeEngine
    from cove.workspace.read import Reading
    from cove.workspace.session import Session

BUILD = '{"build": {"dockerfile": "Dockerfile", "args": {"V": "12"}, "target": "dev", "options": ["--network=none"]}'
DOCKERFILE = "ARG V=11\nFROM debian:$V AS dev\nRUN make\nFROM alpine\n"


@pytest.fixture
def prepare(session: Session) -> Callable[..., Image]:
    def run(reading: Reading, **options: object) -> Image:
        given = BuildOptions(**options) if options else None  # type: ignore[arg-type]  # as each test says
        return prepare_image(session, reading, name="digits", options=given)

    return run


def info_of(engine: FakeEngine, **fields: object) -> Image:
    layer = Layer(**fields)  # type: ignore[arg-type]  # as each test says
    return Image("i", engine.add_image("i"), (layer,), merge_layers([layer]), "i", {})


# -- whose image


@pytest.mark.parametrize(
    ("user", "expected"),
    [("", True), ("root", True), ("0", True), ("0:0", True), ("dev", False), ("1000", False)],
)
def test_is_root(user: str, expected: bool) -> None:
    assert is_root(user) is expected


@pytest.mark.parametrize(
    ("layer", "images_own", "expected"),
    [
        (Layer(), "", "root"),
        (Layer(), "www", "www"),
        (Layer(container_user="box"), "www", "box"),
        (Layer(container_user="box", remote_user="dev"), "www", "dev"),
    ],
)
def test_remote_user(engine: FakeEngine, layer: Layer, images_own: str, expected: str) -> None:
    image = Image("i", engine.add_image("i", user=images_own), (layer,), merge_layers([layer]), "i", {})
    assert remote_user(image) == expected


@pytest.mark.parametrize(
    ("update", "user", "uid", "expected"),
    [
        (None, "dev", 1000, True),
        (True, "dev", 1000, True),
        (False, "dev", 1000, False),
        (None, "root", 1000, False),
        (None, "1000", 1000, False),
        (None, "dev", 0, False),
    ],
)
def test_uid_update(engine: FakeEngine, update: bool | None, user: str, uid: int, expected: bool) -> None:
    image = info_of(engine, update_remote_user_uid=update)
    assert wants_uid_update(image, user, Owner(uid, uid)) is expected


# -- pulled or built


def test_an_image_of_root_is_taken_as_it_is(
    engine: FakeEngine, read: Callable[..., Reading], prepare: Callable[..., Image]
) -> None:
    image = prepare(read('{"image": "debian"}'))
    assert (image.reference, image.origin, image.substitutes) == ("debian", "debian", {})
    assert engine.calls == ["pull debian"]


def test_a_build_gets_what_the_file_says_and_the_host_has(
    session: Session, engine: FakeEngine, read: Callable[..., Reading], prepare: Callable[..., Image]
) -> None:
    session.certificates, session.proxies = Certificates("/ca.pem"), {"http_proxy": "http://ada:secret@proxy"}
    reading = read(f"{BUILD}}}", Dockerfile=DOCKERFILE)
    image = prepare(reading, no_cache=True)
    (request,) = engine.builds
    tag = f"localhost/cove/digits-{reading.address.id}:image"
    assert (request.tags, image.reference, image.origin) == ((tag,), tag, "Dockerfile")
    assert (request.context, request.dockerfile) == (
        reading.address.folder,
        f"{reading.address.folder}/Dockerfile",
    )
    assert (request.args, request.target, request.options) == ({"V": "12"}, "dev", ("--network=none",))
    assert (request.no_cache, request.certificates) == (True, session.certificates)
    assert (request.secret_args, request.publishing, request.labels) == (session.proxies, False, {})
    assert "--mount=type=secret,id=cove-ca" in request.dockerfile_text
    assert engine.calls == ["pull debian:12", f"build {tag}"]  # alpine is not of this target


def test_a_builder_that_mounts_nothing_copies_the_authorities(
    session: Session, engine: FakeEngine, read: Callable[..., Reading], prepare: Callable[..., Image]
) -> None:
    session.certificates, engine.certificate_way = Certificates("/ca.pem"), "copy"
    prepare(read(Dockerfile="FROM debian\nRUN make\n"))
    assert "COPY --from=localhost/certificates:ca.pem" in engine.builds[0].dockerfile_text


def test_a_builder_that_mounts_nothing_gets_no_cache_mounts(
    engine: FakeEngine, read: Callable[..., Reading], prepare: Callable[..., Image]
) -> None:
    engine.certificate_way = "copy"
    prepare(read(Dockerfile="FROM debian\nRUN --mount=type=cache,target=/c make\n"))
    assert engine.builds[0].dockerfile_text == "FROM debian\nARG PIP_NO_CACHE_DIR=1 UV_NO_CACHE=1\nRUN make\n"


def test_what_is_inferred_is_told_and_built(
    session: Session, engine: FakeEngine, read: Callable[..., Reading], prepare: Callable[..., Image]
) -> None:
    reading = read(**{"requirements.txt": "six"})
    image = prepare(reading)
    assert image.origin == "requirements.txt"
    assert image.merged.remote_user == "dev"
    assert "  packages from requirements.txt" in session.progress.notes
    assert "COPY requirements.txt" in engine.builds[0].dockerfile_text
    assert engine.builds[0].context == reading.address.folder


def test_a_substitute_stands_in_the_text_that_is_built(
    session: Session, engine: FakeEngine, read: Callable[..., Reading], prepare: Callable[..., Image]
) -> None:
    engine.add_image("localhost/cove/base/debian:12")
    engine.failures["pull"] = NetworkError("away")
    reading = read(f"{BUILD}}}", Dockerfile=DOCKERFILE)
    image = prepare(reading)
    assert image.substitutes == {"debian:12": "localhost/cove/base/debian:12"}
    assert "FROM localhost/cove/base/debian:12 AS dev" in engine.builds[0].dockerfile_text
    with open(f"{reading.address.folder}/Dockerfile") as file:
        assert file.read() == DOCKERFILE


@pytest.mark.parametrize(
    ("config", "files", "message"),
    [
        ('{"build": {"dockerfile": "Nowhere"}}', {}, "the Dockerfile .*/digits/Nowhere does not exist"),
        ('{"build": {"dockerfile": "Dockerfile"}}', {"Dockerfile": "RUN x"}, "Dockerfile:1"),
    ],
)
def test_refused(
    read: Callable[..., Reading],
    prepare: Callable[..., Image],
    config: str,
    files: dict[str, str],
    message: str,
) -> None:
    with pytest.raises(ConfigurationError, match=message):
        prepare(read(config, **files))


def test_an_image_that_vanished(
    engine: FakeEngine,
    read: Callable[..., Reading],
    prepare: Callable[..., Image],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(engine, "inspect_image", lambda _: None)
    with pytest.raises(EngineError, match="the image debian has vanished"):
        prepare(read('{"image": "debian"}'))


# -- layers


def test_the_images_layers_come_before_the_configurations(
    engine: FakeEngine, read: Callable[..., Reading], prepare: Callable[..., Image]
) -> None:
    label = '[{"remoteUser": "root", "containerEnv": {"A": "image", "B": "${localWorkspaceFolder}"}}]'
    engine.add_image("mine", labels={"devcontainer.metadata": label})
    reading = read('{"image": "mine", "containerEnv": {"A": "file"}}')
    image = prepare(reading)
    assert image.merged.container_env == {"A": "file", "B": reading.address.folder}
    assert image.layers[0].container_env == {"A": "image", "B": "${localWorkspaceFolder}"}


def test_a_label_that_cannot_be_read_is_told_and_passed_over(
    session: Session, engine: FakeEngine, read: Callable[..., Reading], prepare: Callable[..., Image]
) -> None:
    engine.add_image("mine", labels={"devcontainer.metadata": "{oops"})
    image = prepare(read('{"image": "mine", "remoteUser": "root"}'))
    assert len(image.layers) == 1
    assert session.progress.warnings[0].startswith(
        "the base image's metadata is ignored: label devcontainer.metadata"
    )


# -- users


def test_a_named_user_gets_the_owners_ids_once(
    session: Session, engine: FakeEngine, read: Callable[..., Reading], prepare: Callable[..., Image]
) -> None:
    engine.add_image("mine", user="www")
    reading = read('{"image": "mine", "remoteUser": "dev"}')
    image = prepare(reading)
    (request,) = engine.builds
    assert request.dockerfile_text.startswith("FROM mine\nUSER 0\n")
    assert request.dockerfile_text.endswith('"dev", "1000", "1000"]\nUSER www\n')
    assert request.tags == (image.reference,)
    assert image.reference.startswith(f"localhost/cove/digits-{reading.address.id}:user-")
    assert prepare(reading).reference == image.reference
    assert len(engine.builds) == 1
    engine.add_image("mine", user="www")  # another image of that name
    assert prepare(reading).reference != image.reference


def test_a_bare_dockerfile_of_root_gets_a_user(
    session: Session, engine: FakeEngine, read: Callable[..., Reading], prepare: Callable[..., Image]
) -> None:
    image = prepare(read(Dockerfile="FROM debian\n"))
    assert [request.tags[0].rpartition(":")[2][:5] for request in engine.builds] == ["image", "user-"]
    assert '"dev", "1000", "1000"' in engine.builds[1].dockerfile_text
    assert (remote_user(image), image.layers[-1].remote_user) == ("dev", "dev")


@pytest.mark.parametrize(
    ("files", "owner", "rootless", "note"),
    [
        ({"Dockerfile": "FROM debian\n"}, Owner(0, 0), False, "the folder belongs to root"),
        ({"Dockerfile": "FROM debian\n"}, Owner(1000, 1000), True, "docker runs rootless"),
        ({"Dockerfile": "FROM debian\nUSER www\n"}, Owner(1000, 1000), True, "docker runs rootless"),
        ({"Dockerfile": "FROM debian\nUSER 1000\n"}, Owner(1000, 1000), False, ""),
    ],
)
def test_no_user_layer(
    session: Session,
    engine: FakeEngine,
    read: Callable[..., Reading],
    prepare: Callable[..., Image],
    files: dict[str, str],
    owner: Owner,
    rootless: bool,
    note: str,
) -> None:
    engine.told = engine.told._replace(rootless=rootless)
    prepare(read(**files)._replace(owner=owner))
    assert len(engine.builds) == 1
    assert any(said.startswith(note) for said in session.progress.notes) is bool(note)


def test_a_configuration_of_root_keeps_root(
    engine: FakeEngine, read: Callable[..., Reading], prepare: Callable[..., Image]
) -> None:
    image = prepare(read('{"build": {"dockerfile": "Dockerfile"}}', Dockerfile="FROM debian\n"))
    assert (remote_user(image), len(engine.builds)) == ("root", 1)


# -- for others

OF_BASE = '[{"remoteUser":"www"}]'
PUBLISHED = '[{"remoteUser":"www"},{"containerEnv":{"A":"${localWorkspaceFolder}"}}]'


@pytest.mark.parametrize("config", ['"image": "mine"', '"build": {"dockerfile": "Dockerfile"}'])
def test_a_published_image_carries_the_label_and_nothing_of_this_machine(
    session: Session,
    engine: FakeEngine,
    read: Callable[..., Reading],
    prepare: Callable[..., Image],
    config: str,
) -> None:
    session.certificates, engine.certificate_way = Certificates("/ca.pem"), "copy"
    engine.add_image("mine", labels={"devcontainer.metadata": OF_BASE})
    reading = read(
        f'{{{config}, "containerEnv": {{"A": "${{localWorkspaceFolder}}"}}}}',
        Dockerfile="FROM mine\nRUN make\n",
    )
    image = prepare(
        reading, publishing=True, push=True, tags=("registry/a:1", "registry/a:2"), platform="linux/arm64"
    )
    (request,) = engine.builds
    assert json.loads(request.labels["devcontainer.metadata"]) == json.loads(PUBLISHED)
    assert (request.tags, image.reference) == (("registry/a:1", "registry/a:2"), "registry/a:1")
    assert (request.push, request.publishing, request.platform) == (True, True, "linux/arm64")
    assert "certificates" not in request.dockerfile_text


def test_the_label_of_a_substitute_is_carried_on(
    engine: FakeEngine, read: Callable[..., Reading], prepare: Callable[..., Image]
) -> None:
    engine.add_image("localhost/cove/base/debian:12", labels={"devcontainer.metadata": OF_BASE})
    prepare(read(Dockerfile="FROM debian:12\n"), publishing=True, tags=("mine",))
    assert engine.builds[0].labels == {"devcontainer.metadata": OF_BASE}


def test_what_is_pushed_stands_on_no_substitute(
    session: Session, engine: FakeEngine, read: Callable[..., Reading], prepare: Callable[..., Image]
) -> None:
    session.consent = Consent(packages=True)
    engine.add_image("localhost/cove/base/debian:12")
    engine.failures["pull"] = NetworkError("away")
    with pytest.raises(NetworkError):
        prepare(read('{"image": "debian:12"}'), publishing=True, push=True, tags=("registry/a",))


def test_features_are_for_the_services_user(
    session: Session, engine: FakeEngine, read: Callable[..., Reading], tmp_path: Path
) -> None:
    engine.add_image("debian")
    files = {
        "c.yml": "services: {app: {image: debian, user: ada}}\n",
        "greet/devcontainer-feature.json": '{"id": "greet"}',
        "greet/install.sh": "",
    }
    for name, text in files.items():
        (tmp_path / "digits" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "digits" / name).write_text(text)
    reading = read('{"dockerComposeFile": "c.yml", "service": "app", "features": {"./greet": {}}}')
    image = prepare_image(session, reading, name="n")
    assert image.info.user == "ada"
    (request,) = engine.builds[:1]
    assert "USER root" in request.dockerfile_text
