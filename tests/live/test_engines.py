"""The engines room against real engines: docker with BuildKit, docker with its legacy builder, podman."""

from __future__ import annotations

import json
import os
import socket
import tarfile
import textwrap
from typing import TYPE_CHECKING

import pytest
from testbed.registry import free_port

from cove.engines.choose import read_engine
from cove.engines.substitute import build_substitute, plan_substitute
from cove.errors import BuildError, ConfigurationError, EngineError, NetworkError, Refused
from cove.host.certificates import TRUST_SCRIPT
from cove.host.machine import read_machine
from cove.host.proc import HostRunner
from cove.spec.dockerfile import parse_dockerfile, render_certificates
from cove.spec.run import BuildRequest, Certificates, ExecRequest, Mount, RunRequest

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from cove.engines.cli import CliEngine

METADATA = '[{"a": "b,cove.name=no"},\n {"remoteUser": "dev"}]'
PROXY = "http://proxyuser:s3cr3tword@proxy-4711.invalid:3128"
MARK = "QmVsb25ncyBvbmx5IHRvIHRoaXMgaG9zdA"
"""Stands in a certificate's text; what has it in it has the host's authorities in it."""


@pytest.fixture
def real(engine, cove_home) -> CliEngine:
    return read_engine(engine.name, HostRunner(), read_machine())


@pytest.fixture
def name(request) -> str:
    return f"cove-engines-{abs(hash(request.node.name)) % 10**8}"


@pytest.fixture
def running(real, base_image, name) -> Iterator[str]:
    """A container that sleeps."""
    real.run(RunRequest(base_image, name=name, init=True, command=("sleep", "300")))
    yield name
    real.remove(name)


def lines_of(text: str) -> str:
    return textwrap.dedent(text).lstrip()


def test_what_it_is_and_that_it_is_asked_once(real, engine, cove_home) -> None:
    info = real.info()
    assert info.name == engine.name
    assert info.buildkit is (engine.id == "docker")
    assert (info.remote, info.rootless) == (False, False)
    assert info.version[0].isdigit()
    assert (
        real.certificate_way == {"docker": "secret", "docker-legacy": "copy", "podman": "volume"}[engine.id]
    )

    class Silent(HostRunner):
        def run(self, command):
            raise AssertionError(f"ran {command}")

    assert read_engine(engine.name, Silent(), read_machine()).info() == info


def test_a_containers_life(real, base_image, name, tmp_path) -> None:
    labels = {
        "cove.name": name,
        "devcontainer.metadata": METADATA,
        "cove.unheard": "of",
        "devcontainer.local_folder": "/a,b",
    }
    request = RunRequest(
        base_image,
        name=name,
        labels=labels,
        env={"TOKEN": "one\ntwo", "PATH": "/usr/bin:/bin"},
        mounts=(Mount("bind", str(tmp_path), "/w"), Mount("tmpfs", "", "/scratch")),
        workdir="/w",
        init=True,
        publish=("127.0.0.1::3000",),
        shm_size=128 << 20,
        command=("sleep", "300"),
    )
    try:
        id_ = real.run(request)
        assert len(id_) == 64
        (listed,) = real.containers({"cove.name": name})
        assert (listed.id, listed.name, listed.running) == (id_, name, True)
        assert {key: listed.labels[key] for key in labels} == labels
        assert listed.ports["3000/tcp"].startswith("127.0.0.1:")
        found = real.inspect_container(name)
        assert (found.id, found.image_id) == (id_, real.inspect_image(base_image).id)
        assert found.created[:13] == listed.created[:13]
        assert found.started >= found.created
        assert found.env["TOKEN"] == "one\ntwo"

        script = 'printf "%s|%s|%s" "$TOKEN" "$EXTRA" "$PWD"; echo late >&2; df -m /dev/shm | tail -1; touch /w/made; exit 3'
        outcome = real.exec(ExecRequest(name, ("sh", "-c", script), env={"EXTRA": "x"}, workdir="/scratch"))
        assert outcome.code == 3
        assert outcome.stdout.startswith("one\ntwo|x|/scratch")
        assert " 128 " in outcome.stdout
        assert outcome.stderr.strip() == "late"
        assert (tmp_path / "made").exists()
        assert real.exec(ExecRequest(name, ("cat",), interactive=True), stdin=b"in\0out").stdout == "in\0out"
        assert real.exec(ExecRequest(name, ("id", "-u"), user="1234")).stdout.strip() == "1234"

        real.stop(name, timeout=1)
        assert real.containers({"cove.name": name}, all_states=False) == []
        assert real.containers({"cove.name": name})[0].state == "exited"
        with pytest.raises(EngineError, match="is not running"):
            real.exec(ExecRequest(name, ("true",)))
        real.start(name)
        assert real.inspect_container(name).running
    finally:
        real.remove(name)
    real.remove(name)
    real.stop(name)
    assert real.inspect_container(name) is None
    with pytest.raises(EngineError, match=f"has no container {name}"):
        real.exec(ExecRequest(name, ("true",)))


def test_no_secret_shows_in_the_list_of_processes(real, running) -> None:
    command = real.exec_command(ExecRequest(running, ("sleep", "1"), env={"TOKEN": "s3cr3tword"}))
    import subprocess

    with subprocess.Popen(command.argv, env=command.environment()) as process:
        seen = ""
        while not seen and process.poll() is None:  # empty for the moment in which the program is loaded
            with open(f"/proc/{process.pid}/cmdline", "rb") as file:
                seen = file.read().decode()
        process.wait()
    assert "TOKEN" in seen
    assert "s3cr3tword" not in seen


@pytest.mark.parametrize("problem", ["port", "program", "mount", "user"])
def test_what_does_not_start_leaves_its_name_free(real, base_image, name, problem: str) -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        port = listener.getsockname()[1]
        change, error, says = {
            "port": ({"publish": (f"127.0.0.1:{port}:80",)}, EngineError, f"127.0.0.1:{port} is in use"),
            "program": ({"command": ("nosuchprogram",)}, ConfigurationError, "has no `nosuchprogram`"),
            "mount": (
                {"mounts": (Mount("bind", "/nosuchfolder", "/x"),)},
                ConfigurationError,
                "not exist: /nosuchfolder",
            ),
            "user": ({"user": "nosuchuser"}, ConfigurationError, "no user or group `nosuchuser`"),
        }[problem]
        with pytest.raises(error, match=says):
            real.run(RunRequest(base_image, name=name, command=("true",))._replace(**change))
    assert real.inspect_container(name) is None


def test_a_name_that_is_taken(real, base_image, running) -> None:
    with pytest.raises(EngineError, match=f"has a container named {running} already"):
        real.run(RunRequest(base_image, name=running))
    assert real.inspect_container(running).running


def test_events_of_a_container(real, base_image, name) -> None:
    import subprocess

    from cove.engines.info import parse_event

    command = real.events_command({"cove.name": name})
    with subprocess.Popen(
        command.argv, env=command.environment(), stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            seen: list[str] = []
            for _ in range(20):  # the events before the engine listens are lost
                real.run(RunRequest(base_image, labels={"cove.name": name}, remove=True, command=("true",)))
                os.set_blocking(process.stdout.fileno(), False)
                seen += process.stdout.readlines()
                if len(seen) > 1:
                    break
        finally:
            process.terminate()
    event = parse_event(seen[0])
    assert event.labels["cove.name"] == name


# -- building ----------------------------------------------------------------------------------------------------------


def build(real, folder: Path, text: str, **fields) -> str:
    (folder / "Dockerfile").write_text(lines_of(text))
    request = BuildRequest(str(folder), str(folder / "Dockerfile"))._replace(**fields)
    return real.build(request, print)


def test_a_build_and_its_parts(real, base_image, name, tmp_path) -> None:
    (tmp_path / "kept").write_text("kept")
    (tmp_path / "ignored").write_text("ignored")
    (tmp_path / ".dockerignore").write_text("ignored\n")
    (tmp_path / "Dockerfile").write_text("FROM nosuch:image\n")
    text = f'FROM {base_image} AS dev\nARG V\nCOPY . /c/\nRUN echo $V > /v\nLABEL mine=1\nSHELL ["/bin/bash", "-c"]\nUSER 5\n'
    request = BuildRequest(
        str(tmp_path), str(tmp_path / "Dockerfile"), dockerfile_text=f"{text}FROM dev AS other\nRUN false\n",
        tags=(f"localhost/{name}",), args={"V": "v w"}, labels={"theirs": "2"}, target="dev",
    )  # fmt: skip
    try:
        id_ = real.build(request, print)
        image = real.inspect_image(f"localhost/{name}")
        assert image.id == id_
        assert (image.user, image.labels["mine"], image.labels["theirs"]) == ("5", "1", "2")
        command = real.run_command(RunRequest(id_, remove=True, command=("sh", "-c", "ls /c; cat /v")))
        assert HostRunner().run(command).stdout.split() == ["Dockerfile", "kept", "v", "w"]
    finally:
        real.remove_image(f"localhost/{name}")
    assert real.inspect_image(f"localhost/{name}") is None


def test_an_ignore_file_of_the_dockerfiles_own(real, engine, base_image, tmp_path) -> None:
    if engine.id == "docker-legacy":
        return  # this builder knows only .dockerignore, and cove promises no more than the builder
    (tmp_path / "kept").write_text("")
    (tmp_path / "ignored").write_text("")
    (tmp_path / "Dockerfile.dockerignore").write_text("ignored\nDockerfile*\n")
    text = f'FROM {base_image}\nCOPY . /c/\nRUN test "$(ls /c)" = kept\n'
    build(real, tmp_path, "FROM x", dockerfile_text=text)


def test_a_failing_step_says_where_and_why(real, base_image, tmp_path) -> None:
    with pytest.raises(BuildError, match="at `RUN echo wrong") as caught:
        build(real, tmp_path, f"FROM {base_image}\nRUN echo fine\nRUN echo wrong >&2 && exit 3\n")
    assert "wrong" in caught.value.detail
    assert "fine" not in caught.value.detail
    assert str(tmp_path / "Dockerfile") in caught.value.message
    with pytest.raises(BuildError, match=r"(?i)unknown instruction"):
        build(real, tmp_path, f"FROM {base_image}\nFOO bar\n")


def test_a_registry_out_of_reach_and_an_unknown_image(real, engine, registry, tmp_path) -> None:
    closed = f"127.0.0.1:{free_port()}"
    with pytest.raises(
        NetworkError, match=f"cannot pull {closed}/x/y:1: its registry {closed} cannot be reached"
    ):
        real.pull(f"{closed}/x/y:1", print)
    with pytest.raises(ConfigurationError, match=f"{registry} has no such image"):
        real.pull(f"{registry}/no/such:1", print)
    with pytest.raises(NetworkError, match=rf"{closed}/x/y:1: its registry {closed} cannot be reached"):
        build(real, tmp_path, f"FROM {closed}/x/y:1\nRUN true\n")


def test_push_and_pull(real, registry, name, tmp_path) -> None:
    reference = f"{registry}/{name}:1"
    build(real, tmp_path, "FROM scratch\nCOPY Dockerfile /\n", tags=(reference,), push=True)
    real.remove_image(reference)
    assert real.inspect_image(reference) is None
    real.pull(reference, print)
    assert real.inspect_image(reference) is not None
    real.remove_image(reference)


# -- certificates and proxies ------------------------------------------------------------------------------------------

SEEN = f"{MARK[:8]}.{MARK[9:]}"
"""A pattern for the mark that is not the mark: the history keeps the commands of a build."""
SEES_CERTIFICATES = f"""
    FROM {{base}}
    RUN grep -q {SEEN} "$SSL_CERT_FILE" && grep -q {SEEN} "$REQUESTS_CA_BUNDLE"
    RUN useradd --uid 4321 someone
    USER someone
    RUN ["/bin/sh", "-c", "grep -q {SEEN} $PIP_CERT"]
    RUN true && \\
        grep -q {SEEN} "$GIT_SSL_CAINFO"
    FROM {{base}}
    COPY --from=0 /etc/passwd /passwd
    RUN grep -q {SEEN} "$SSL_CERT_FILE" && echo "$HTTP_PROXY $http_proxy" | grep -q "s3cr3t.ord.*s3cr3t.ord"
"""


@pytest.fixture
def certificates(tmp_path) -> Certificates:
    path = tmp_path / "hostca-4711.pem"
    path.write_text(f"-----BEGIN CERTIFICATE-----\n{MARK}\n-----END CERTIFICATE-----\n")
    path.chmod(0o644)
    return Certificates(str(path))


def with_certificates(real, text: str, certificates: Certificates, *, publishing: bool) -> str:
    image = real.certificate_image(certificates) if real.certificate_way == "copy" and not publishing else ""
    return render_certificates(parse_dockerfile(text), way=real.certificate_way, image=image)


def all_bytes_of(archive: str) -> Iterator[tuple[str, bytes]]:
    """Every name and content in an image archive: configuration, history, and each file of each layer."""
    import io

    with tarfile.open(archive) as whole:
        for member in whole.getmembers():
            data = whole.extractfile(member).read() if member.isfile() else b""
            yield member.name, data
            try:
                with tarfile.open(fileobj=io.BytesIO(data)) as layer:
                    for inner in layer.getmembers():
                        yield (
                            f"{member.name}:{inner.name}",
                            layer.extractfile(inner).read() if inner.isfile() else b"",
                        )
            except tarfile.TarError:
                pass


def test_authorities_and_proxies_reach_every_step_and_stay_in_no_published_image(
    real, engine, base_image, name, certificates, tmp_path
) -> None:
    context = tmp_path / "context"
    context.mkdir()
    text = lines_of(SEES_CERTIFICATES.format(base=base_image))
    wish = {
        "tags": (f"localhost/{name}",), "secret_args": {"HTTP_PROXY": PROXY, "http_proxy": PROXY},
        "certificates": certificates, "no_cache": True,
    }  # fmt: skip
    publishing = engine.id != "docker-legacy"
    if not publishing:
        with pytest.raises(Refused, match="legacy builder"):
            build(real, context, text, **wish, publishing=True)
    try:
        rendered = with_certificates(real, text, certificates, publishing=publishing)
        build(real, context, text, **wish, dockerfile_text=rendered, publishing=publishing)
        if not publishing:
            return
        engine.cli("save", "--output", str(tmp_path / "image.tar"), f"localhost/{name}")
        told = engine.cli("history", "--no-trunc", f"localhost/{name}").stdout
        parts = [("history", told.encode()), *all_bytes_of(str(tmp_path / "image.tar"))]
        assert any(path.endswith(":passwd") for path, _ in parts)  # the layers were looked into
        for forbidden in (MARK, "s3cr3tword", "proxy-4711", "hostca-4711", certificates.bundle):
            assert [path for path, data in parts if forbidden.encode() in data] == []
        assert [path for path, _ in parts if "cove" in path.partition(":")[2]] == []
    finally:
        real.remove_image(f"localhost/{name}")
        if real.certificate_way == "copy":
            real.remove_image(real.certificate_image(certificates))


def test_a_dockerfile_that_would_keep_a_proxy_is_not_published(real, engine, base_image, tmp_path) -> None:
    if engine.id == "docker-legacy":
        return  # the promise is the same, and the same code; two builders suffice
    text = f"FROM {base_image}\nARG HTTP_PROXY\nENV HTTP_PROXY=$HTTP_PROXY\nRUN true\n"
    with pytest.raises(Refused, match="this machine's HTTP_PROXY"):
        build(real, tmp_path, text, secret_args={"HTTP_PROXY": PROXY}, publishing=True)


AUTHORITY = """\
-----BEGIN CERTIFICATE-----
MIIBkzCCATmgAwIBAgIUDYzZ8bTZDFSs27tYaLiL+TRgnRQwCgYIKoZIzj0EAwIw
HjEcMBoGA1UEAwwTY292ZSB0ZXN0IGF1dGhvcml0eTAgFw0yNjExMjIwNzUzMjNa
GA8yMTI2MTAyOTA3NTMyM1owHjEcMBoGA1UEAwwTY292ZSB0ZXN0IGF1dGhvcml0
eTBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABCgSms6oogmcFtsy8oRrWYqO3BJF
hCeh86q14PTNrMCh6oP6mbNRCYZnJuPEZ16dYy5OD19FOsEWmIMXEvxgQJSjUzBR
MB0GA1UdDgQWBBRb76Jj2Qr+QlgT5JLM5XolLt0PQTAfBgNVHSMEGDAWgBRb76Jj
2Qr+QlgT5JLM5XolLt0PQTAPBgNVHRMBAf8EBTADAQH/MAoGCCqGSM49BAMCA0gA
MEUCIFdNhg/eUX0/VfGgZ4WYUYPXrEX36qY83DWLvwcuuqHlAiEAr7lsS4TqACTQ
NeD7CBmCbhjG4tqGudxwKIdGZwKnkqI=
-----END CERTIFICATE-----
"""
"""Self-signed, its key thrown away."""


def test_the_running_container_trusts_the_hosts_authorities(real, base_image, name, tmp_path) -> None:
    extra = tmp_path / "extra.pem"
    extra.write_text(AUTHORITY)
    mount = Mount("bind", str(extra), "/run/cove-ca/extra.pem", read_only=True)
    script = ExecRequest(name, ("/bin/sh", "-c", TRUST_SCRIPT, "cove", "/run/cove-ca/extra.pem"), user="root")
    code = "import ssl; print([c['subject'] for c in ssl.create_default_context().get_ca_certs()])"
    real.run(RunRequest(base_image, name=name, mounts=(mount,), init=True, command=("sleep", "300")))
    try:
        for _ in range(2):
            assert real.exec(script).code == 0
        told = real.exec(ExecRequest(name, ("python3", "-c", code), user="1234")).stdout
        assert told.count("cove test authority") == 1
    finally:
        real.remove(name)


# -- substitutes -------------------------------------------------------------------------------------------------------


@pytest.mark.full("images")
def test_a_substitute_base(real, name, tmp_path_factory, cove_home) -> None:
    shared = tmp_path_factory.getbasetemp() / "substitute"
    shared.mkdir(exist_ok=True)
    machine = read_machine()
    machine = machine._replace(directories=machine.directories._replace(cache=str(shared)))
    plan = plan_substitute("debian:bookworm-slim")._replace(reference=f"localhost/{name}:bookworm-slim")
    try:
        assert build_substitute(plan, real, HostRunner(), machine, print) == plan.reference
        image = real.inspect_image(plan.reference)
        assert image.labels["cove.substitute"] == "debian:bookworm-slim"
        assert (image.command, image.env["PATH"][:15]) == (("bash",), "/usr/local/sbin")
        assert image.size < 120 << 20
        script = "apt-get update -qq && apt-get install -y -qq --no-install-recommends less && test ! -e /usr/share/man/man1"
        outcome = HostRunner().run(
            real.run_command(RunRequest(plan.reference, remove=True, command=("sh", "-ec", script)))
        )
        assert outcome.ok, outcome.last_lines()
    finally:
        real.remove_image(plan.reference)


# -- rootless ----------------------------------------------------------------------------------------------------------

ROOTLESS = """
import json, os, sys
from cove.engines.choose import read_engine
from cove.host.certificates import TRUST_SCRIPT
from cove.host.machine import read_machine
from cove.host.proc import HostRunner
from cove.spec.run import ExecRequest, Mount, RunRequest

archive, folder = sys.argv[1:]
engine = read_engine("podman", HostRunner(), read_machine())
engine.import_image(archive, "localhost/rootless:1", ["ENV PATH=/usr/bin:/bin"])
mount = Mount("bind", folder, "/w")
request = RunRequest("localhost/rootless:1", name="r", mounts=(mount,), user="1234:1234", init=True,
                     command=("sleep", "60"), keep_host_ids=True, host_ids_as=(1234, 1234))
engine.run(request)
try:
    made = engine.exec(ExecRequest("r", ("sh", "-c", "touch /w/made; id -u; stat -c %u /w")))
finally:
    engine.remove("r")
    engine.remove_image("localhost/rootless:1")
print(json.dumps({"info": engine.info()._asdict(), "inside": made.stdout.split(), "stderr": made.stderr}))
"""


@pytest.mark.full("images")
def test_rootless_podman_keeps_the_persons_ids(ordinary_user) -> None:
    from testbed.image import base_archive

    archive = ordinary_user.folder / "base.tar"
    archive.write_bytes(base_archive().read_bytes())
    archive.chmod(0o644)
    folder = ordinary_user.home / "work"
    ordinary_user.run(("mkdir", str(folder)))
    result = ordinary_user.run((ordinary_user.python, "-c", ROOTLESS, str(archive), str(folder)))
    assert result.code == 0, result.stderr
    told = json.loads(result.stdout.splitlines()[-1])
    assert told["info"]["rootless"] is True
    assert told["inside"] == ["1234", "1234"]
    assert (folder / "made").stat().st_uid == ordinary_user.uid
    assert not [sentence for sentence in told["info"]["quirks"] if "vfs, which" in sentence]
