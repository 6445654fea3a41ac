"""Features on an image: what is built, when it is not, and whose failure it was."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

import pytest

from cove.errors import BuildError
from cove.spec.feature_install import Users
from cove.spec.features import FeatureManifest, LocalReference
from cove.spec.order import Resolved, Wanted
from cove.workspace.bases import BuildOptions
from cove.workspace.feature_image import hash_folder, name_failure, render_tag, stage
from cove.workspace.features import Installation
from cove.workspace.image import prepare_image, remote_user

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from cove.testing import FakeEngine
    from cove.workspace.read import Reading
    from cove.workspace.session import Session

USERS = Users("root", "root", "dev")


@pytest.fixture
def hello(tmp_path: Path) -> Path:
    folder = tmp_path / "digits" / "hello"
    (folder / "sub").mkdir(parents=True)
    manifest = {"id": "hello", "version": "1.0.0", "privileged": True, "postCreateCommand": "hello"}
    (folder / "devcontainer-feature.json").write_text(json.dumps(manifest))
    (folder / "install.sh").write_text("#!/bin/sh\n")
    (folder / "sub" / "link").symlink_to("../install.sh")
    return folder


def installation(folder: Path, **options: str) -> Installation:
    node = Resolved(
        Wanted("./hello", dict(options)),
        LocalReference(str(folder)),
        FeatureManifest("hello", documentation="https://d"),
    )
    return Installation((node,), (str(folder),))


CONFIG = """{"image": "debian", "remoteUser": "dev", "features": {"./hello": {}}, "postCreateCommand": "mine",
"updateRemoteUserUID": false}"""


def test_an_image_with_features(
    session: Session, engine: FakeEngine, read: Callable[..., Reading], hello: Path
) -> None:
    engine.add_image("debian", user="app", labels={"devcontainer.metadata": '[{"capAdd": ["SYS_PTRACE"]}]'})
    reading = read(CONFIG)
    image = prepare_image(session, reading, name="digits")
    (build,) = engine.builds
    assert build.tags[0].startswith("localhost/cove/digits-")
    assert ":features-" in build.tags[0]
    assert image.reference == build.tags[0]
    assert "FROM debian\nUSER root\n" in build.dockerfile_text
    assert build.dockerfile_text.endswith("USER app\n")
    assert [layer.id or layer.remote_user or layer.cap_add for layer in image.layers] == [
        ("SYS_PTRACE",),
        "./hello",
        "dev",
    ]
    assert image.merged.privileged
    assert [len(commands) for commands in (image.merged.hooks["postCreateCommand"],)] == [2]
    assert remote_user(image) == "dev"
    assert not os.path.exists(build.context)  # its files were for the build alone

    assert prepare_image(session, reading, name="digits").reference == image.reference
    assert len(engine.builds) == 1
    (hello / "install.sh").write_text("#!/bin/sh\ntrue\n")
    assert prepare_image(session, reading, name="digits").reference != image.reference
    assert len(engine.builds) == 2


def test_what_is_published_has_its_names_and_its_label(
    session: Session, engine: FakeEngine, read: Callable[..., Reading], hello: Path
) -> None:
    options = BuildOptions(publishing=True, tags=("team/digits:1",), push=True)
    prepare_image(
        session,
        read(
            CONFIG.replace('"image": "debian"', '"build": {"dockerfile": "Dockerfile"}'),
            Dockerfile="FROM debian\n",
        ),
        name="digits",
        options=options,
    )
    base, final = engine.builds
    assert (base.push, base.labels) == (False, {})
    assert base.tags[0].startswith("localhost/cove/")
    assert (final.push, final.tags, final.publishing) == (True, ("team/digits:1",), True)
    label = json.loads(final.labels["devcontainer.metadata"])
    assert [entry.get("id", entry.get("remoteUser")) for entry in label] == ["./hello", "dev"]


def test_the_files_of_a_build(hello: Path, tmp_path: Path) -> None:
    context = tmp_path / "context"
    context.mkdir()
    (hello / "install.sh").chmod(0o600)
    stage(installation(hello, greeting="hi"), USERS, str(context))
    place = context / "0-hello"
    assert sorted(path.name for path in place.iterdir()) == [
        "devcontainer-feature.json", "devcontainer-features-install.sh", "devcontainer-features.env", "install.sh", "sub",
    ]  # fmt: skip
    assert (place / "devcontainer-features.env").read_text() == "GREETING=hi\n"
    assert {path.stat().st_mode & 0o777 for path in place.iterdir()} == {0o755}
    assert {path.lstat().st_mtime for path in (place, *place.rglob("*"))} == {946684800.0}


def test_the_same_has_the_same_name_and_what_differs_another(hello: Path) -> None:
    plain = render_tag("sha256:1", installation(hello), USERS)
    assert plain == render_tag("sha256:1", installation(hello), USERS)
    others = {
        render_tag("sha256:2", installation(hello), USERS),
        render_tag("sha256:1", installation(hello, version="2"), USERS),
        render_tag("sha256:1", installation(hello), USERS._replace(remote="other")),
    }
    before = hash_folder(str(hello))
    (hello / "new").write_text("")
    assert hash_folder(str(hello)) != before
    others.add(render_tag("sha256:1", installation(hello), USERS))
    assert len(others | {plain}) == 5


def test_a_failure_has_the_features_name(hello: Path) -> None:
    said = "almost\nThe Feature hello (./hello) could not be installed."
    error = name_failure(BuildError("RUN failed", detail=said), installation(hello))
    assert error.message == "the Feature ./hello could not be installed"
    assert error.hint.startswith("Its documentation: https://d")
    assert error.detail == said
    other = BuildError("no space", detail="no space left on device")
    assert name_failure(other, installation(hello)) is other
