from __future__ import annotations

import itertools
import os
import stat
from hashlib import sha256

import pytest

from cove.engines.base import EngineInfo
from cove.engines.build import write_build_files
from cove.engines.cli import CliEngine
from cove.engines.dialect import DOCKER, PODMAN
from cove.errors import BuildError, ConfigurationError, EngineError, Refused
from cove.spec.run import BuildRequest, Certificates
from cove.testing import FakeRunner

BUILDKIT = DOCKER._replace(buildkit=True, certificate_way="secret")
ID = "sha256:" + "ab" * 32


def engine(dialect, runner, machine) -> CliEngine:
    info = EngineInfo(dialect.name, "1", rootless=False, remote=False, buildkit=dialect.buildkit)
    return CliEngine(dialect, info, runner, machine)


def after(option: str, argv: tuple[str, ...]) -> str:
    return argv[argv.index(option) + 1]


@pytest.fixture
def context(tmp_path):
    folder = tmp_path / "ctx"
    folder.mkdir()
    (folder / "Dockerfile").write_text("FROM scratch\n")
    return folder


class Builder:
    """Stands for a builder: looks at the files it is given and names an image."""

    def __init__(self, image: str = ID) -> None:
        self.image = image
        self.seen: dict[str, str] = {}
        self.modes: set[int] = set()

    def __call__(self, command) -> None:
        dockerfile = after("--file", command.argv)
        for path in (dockerfile, f"{dockerfile}.dockerignore"):
            if os.path.exists(path):
                with open(path) as file:
                    self.seen[os.path.basename(path)] = file.read()
                self.modes.add(stat.S_IMODE(os.stat(path).st_mode))
        with open(after("--iidfile", command.argv), "w") as file:
            file.write(self.image)


@pytest.mark.parametrize("image", [ID, ID.removeprefix("sha256:")])
def test_the_image_is_the_one_the_builder_names(machine, context, image: str) -> None:
    runner = FakeRunner().answer("podman build", effect=Builder(image), stdout="STEP 1/1: FROM scratch\n")
    lines: list[str] = []
    request = BuildRequest(str(context), str(context / "Dockerfile"))
    assert engine(PODMAN, runner, machine).build(request, lines.append) == ID
    assert lines == ["STEP 1/1: FROM scratch"]
    assert after("--file", runner.argvs[0]) == str(context / "Dockerfile")
    assert not os.path.exists(after("--iidfile", runner.argvs[0]))


def test_a_rewritten_dockerfile_lies_outside_the_context_and_is_private(machine, context) -> None:
    (context / "Dockerfile.dockerignore").write_text("secret\n")
    builder = Builder()
    runner = FakeRunner().answer("docker build", effect=builder)
    request = BuildRequest(str(context), str(context / "Dockerfile"), dockerfile_text="FROM other\n")
    engine(BUILDKIT, runner, machine).build(request, print)
    assert builder.seen == {"Dockerfile": "FROM other\n", "Dockerfile.dockerignore": "secret\n"}
    assert builder.modes == {0o600}
    written = after("--file", runner.argvs[0])
    assert not written.startswith(str(context))
    assert not os.path.exists(written)


def test_podman_is_told_where_the_ignore_file_is(context, tmp_path) -> None:
    ignore = context / "Dockerfile.dockerignore"
    ignore.write_text("x")
    request = BuildRequest(str(context), str(context / "Dockerfile"), dockerfile_text="FROM x")
    files = write_build_files(str(tmp_path), request, ignore_flag=True)
    assert (files.dockerfile, files.ignorefile) == (f"{tmp_path}/Dockerfile", str(ignore))
    plain = write_build_files(str(tmp_path), request._replace(dockerfile_text=""), ignore_flag=True)
    assert (plain.dockerfile, plain.ignorefile) == (request.dockerfile, "")


def test_values_of_arguments_are_in_no_argv_and_hidden_when_shown(machine, context) -> None:
    runner = FakeRunner().answer("docker build", effect=Builder())
    request = BuildRequest(
        str(context), str(context / "Dockerfile"), secret_args={"HTTP_PROXY": "http://u:pw@p"}
    )
    engine(BUILDKIT, runner, machine).build(request, print)
    (command,) = runner.commands
    assert "http://u:pw@p" not in command.argv
    assert command.env["HTTP_PROXY"] == "http://u:pw@p"
    assert "http://u:pw@p" in command.secrets


def test_a_failed_build(machine, context) -> None:
    runner = FakeRunner().answer(
        "docker build", stdout="Step 1/1 : RUN false\nreturned a non-zero code: 1\n", code=1
    )
    runner.answer("docker version")
    with pytest.raises(
        BuildError, match=r"Dockerfile: docker \(legacy builder\) could not .* `RUN false`"
    ) as caught:
        engine(DOCKER, runner, machine).build(BuildRequest(str(context), str(context / "Dockerfile")), print)
    assert caught.value.detail == "returned a non-zero code: 1"


def test_an_engine_that_goes_away_while_it_builds_is_no_fault_of_the_dockerfile(machine, context) -> None:
    runner = FakeRunner().answer("docker build", stdout="no image ID", code=1)
    runner.answer("docker version", stderr="Cannot connect to the Docker daemon at unix:///s.", code=1)
    with pytest.raises(EngineError, match="docker does not answer"):
        engine(DOCKER, runner, machine).build(BuildRequest(str(context), str(context / "Dockerfile")), print)


def test_a_builder_that_names_no_image(machine, context) -> None:
    runner = FakeRunner().answer("docker build")
    with pytest.raises(BuildError, match="names no image"):
        engine(DOCKER, runner, machine).build(BuildRequest(str(context), str(context / "Dockerfile")), print)


def test_a_context_that_is_not_there(machine, context) -> None:
    with pytest.raises(ConfigurationError, match="/nosuch: the build context is not a folder"):
        engine(DOCKER, FakeRunner(), machine).build(BuildRequest("/nosuch", "/nosuch/Dockerfile"), print)


def test_a_recipe_without_files_gets_an_empty_context(machine, tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".dockerignore").write_text("*\n")
    contexts: list[tuple[str, list[str]]] = []
    builder = Builder()

    def build(command) -> None:
        builder(command)
        contexts.append((command.argv[-1], os.listdir(command.argv[-1])))

    runner = FakeRunner().answer("podman build", effect=build)
    engine(PODMAN, runner, machine).build(BuildRequest("", "", dockerfile_text="FROM x\n"), print)
    ((path, inside),) = contexts
    assert inside == []
    assert path != str(tmp_path)
    assert "--ignorefile" not in runner.argvs[0]


def test_each_tag_is_pushed(machine, context) -> None:
    runner = FakeRunner().answer("docker build", effect=Builder()).answer("docker push")
    request = BuildRequest(str(context), str(context / "Dockerfile"), tags=("h/a:1", "h/b:1"), push=True)
    engine(BUILDKIT, runner, machine).build(request, print)
    assert runner.argvs[1:] == [("docker", "push", "h/a:1"), ("docker", "push", "h/b:1")]


# -- publishing --------------------------------------------------------------------------------------------------------


def publishing(context) -> BuildRequest:
    return BuildRequest(
        str(context),
        str(context / "Dockerfile"),
        tags=("h/a:1",),
        push=True,
        publishing=True,
        secret_args={"HTTP_PROXY": "http://user:pw@proxy:3128", "NO_PROXY": ".example.org"},
        certificates=Certificates("/home/me/ca.pem"),
    )


def test_the_legacy_builder_may_not_publish_with_certificates(machine, context) -> None:
    with pytest.raises(Refused, match="legacy builder would keep") as caught:
        engine(DOCKER, FakeRunner(), machine).build(publishing(context), print)
    assert "buildx" in caught.value.hint


@pytest.mark.parametrize(
    ("history", "inspected", "named"),
    [
        ("|1 HTTP_PROXY=http://user:pw@proxy:3128 /bin/sh -c true", "[]", "HTTP_PROXY"),
        ("x", '[{"Config": {"Env": ["HTTP_PROXY=http://user:pw@proxy:3128"]}}]', "HTTP_PROXY"),
        ("|1 NO_PROXY=.example.org /bin/sh -c true", "[]", "NO_PROXY"),
        ("COPY /home/me/ca.pem /x", "[]", "the path of the certificate authorities"),
    ],
)
def test_an_image_that_kept_something_of_the_host_is_not_pushed(
    machine, context, history, inspected, named
) -> None:
    runner = (
        FakeRunner()
        .answer("docker build", effect=Builder())
        .answer("docker history", stdout=history)
        .answer("docker image inspect", stdout=inspected)
    )
    with pytest.raises(Refused, match=f"this machine's {named}"):
        engine(BUILDKIT, runner, machine).build(publishing(context), print)
    assert not [argv for argv in runner.argvs if "push" in argv]


def test_a_clean_image_is_pushed(machine, context) -> None:
    runner = (
        FakeRunner()
        .answer("docker build", effect=Builder())
        .answer("docker history", stdout="RUN curl http://data.example.org")
        .answer("docker image inspect", stdout="[]")
        .answer("docker push")
    )
    assert engine(BUILDKIT, runner, machine).build(publishing(context), print) == ID
    assert runner.argvs[-1] == ("docker", "push", "h/a:1")


# -- the image that carries the authorities ----------------------------------------------------------------------------


def test_certificate_image_is_named_by_its_content_and_made_once(machine, tmp_path) -> None:
    bundle = tmp_path / "ca.pem"
    bundle.write_text("PEM")
    seen: list[str] = []

    def build(command) -> None:
        with open(f"{command.argv[-1]}/ca.pem") as file:
            seen.append(file.read())
        Builder()(command)

    runner = (
        FakeRunner()
        .answer("docker image inspect", stdout="[]", stderr="Error: No such image: x", code=1)
        .answer("docker build", effect=build)
    )
    reference = engine(DOCKER, runner, machine).certificate_image(Certificates(str(bundle)))
    assert reference == f"localhost/cove/ca:{sha256(b'PEM').hexdigest()[:12]}"
    assert seen == ["PEM"]
    runner.answer("docker image inspect", stdout='[{"Id": "sha256:1"}]')
    assert engine(DOCKER, runner, machine).certificate_image(Certificates(str(bundle))) == reference
    assert seen == ["PEM"]


def test_podman_reads_labels_with_variables_from_a_file(machine, context) -> None:
    builder = Builder()
    runner = FakeRunner().answer("podman build", effect=builder)
    labels = {"m": '["$HOME"]', "n": "1"}
    request = BuildRequest(
        str(context), str(context / "Dockerfile"), tags=("a", "b"), args={"X": "1"}, labels=labels
    )
    assert engine(PODMAN, runner, machine).build(request, lambda _: None) == ID
    first, second = runner.argvs
    assert not {"--label", "--tag"} & set(first)
    assert [word for option, word in itertools.pairwise(second) if option == "--tag"] == ["a", "b"]
    assert builder.seen["Dockerfile"] == f'FROM {"ab" * 32}\nLABEL "m"="[\\"\\$HOME\\"]"\nLABEL "n"="1"\n'
    assert "X=1" not in second


def test_written_from_the_cache_what_was_built(machine, context) -> None:
    runner = FakeRunner()
    runner.answer(
        "docker build", effect=lambda command: Builder()(command) if "--iidfile" in command.argv else None
    )
    request = BuildRequest(
        str(context), str(context / "Dockerfile"), tags=("a",), no_cache=True, output="type=tar,dest=/o"
    )
    assert engine(BUILDKIT, runner, machine).build(request, lambda _: None) == ID
    first, second = runner.argvs
    assert "--output" not in first
    assert after("--output", second) == "type=tar,dest=/o"
    assert "--no-cache" not in second
