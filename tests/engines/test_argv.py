from __future__ import annotations

import csv
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cove.engines.argv import (
    BuildFiles,
    render_build,
    render_call,
    render_containers,
    render_env,
    render_events,
    render_exec,
    render_import,
    render_logs,
    render_mount,
    render_ps_template,
    render_remove,
    render_run,
)
from cove.engines.dialect import DOCKER, PODMAN
from cove.spec.run import BuildFile, BuildRequest, Certificates, ExecRequest, GpuGrant, Mount, RunRequest

if TYPE_CHECKING:
    from cove.engines.dialect import Dialect

ADAPTED = PODMAN._replace(
    global_flags=("--runtime", "runc"), run_flags=("--ulimit", "nofile=20000:20000", "--network", "host")
)
BUILDKIT = DOCKER._replace(buildkit=True, certificate_way="secret", build_env=(("DOCKER_BUILDKIT", "1"),))
ROOTLESS = PODMAN._replace(keep_ids=True, keep_ids_as=True)
FILES = BuildFiles("/tmp/x/Dockerfile", "/tmp/x/iid")

FULL = RunRequest(
    image="img",
    name="n",
    labels={"cove.name": "n", "m": '[{"a":"b,c"}]'},
    env={"TOKEN": "s3cret", "PATH": "/bin"},
    mounts=(
        Mount("bind", "/w", "/workspaces/w"),
        Mount("volume", "v", "/v", read_only=True),
        Mount("tmpfs", "", "/t"),
    ),
    user="1000:1000",
    workdir="/workspaces/w",
    entrypoint="/bin/sh",
    command=("-c", "sleep 1"),
    init=True,
    privileged=True,
    cap_add=("SYS_PTRACE",),
    security_opt=("seccomp=unconfined",),
    publish=("127.0.0.1::3000",),
    shm_size=1024,
    extra=("--cpus", "2"),
)


def test_run_says_all_that_is_wished() -> None:
    words = render_run(DOCKER, FULL, detach=True, cidfile="/s/cid")
    assert words.argv == (
        "docker", "run", "--pull", "never", "--detach", "--cidfile", "/s/cid", "--name", "n",
        "--label", "cove.name=n", "--label", 'm=[{"a":"b,c"}]',
        "--env", "TOKEN", "--env", "PATH=/bin",
        "--mount", "type=bind,source=/w,target=/workspaces/w",
        "--mount", "type=volume,source=v,target=/v,readonly",
        "--mount", "type=tmpfs,target=/t",
        "--init", "--user", "1000:1000", "--workdir", "/workspaces/w", "--entrypoint", "/bin/sh", "--privileged",
        "--cap-add", "SYS_PTRACE", "--security-opt", "seccomp=unconfined", "--publish", "127.0.0.1::3000",
        "--shm-size", "1024", "--cpus", "2", "img", "-c", "sleep 1",
    )  # fmt: skip
    assert words.env == {"TOKEN": "s3cret"}


def test_run_in_the_foreground() -> None:
    words = render_run(
        DOCKER, RunRequest("img", remove=True, interactive=True, tty=True, entrypoint=""), detach=False
    )
    assert words.argv == (
        "docker",
        "run",
        "--pull",
        "never",
        "--entrypoint",
        "",
        "--rm",
        "--interactive",
        "--tty",
        "img",
    )


@pytest.mark.parametrize(
    ("dialect", "request_", "expected"),
    [
        (
            ADAPTED,
            RunRequest("i"),
            "--runtime runc run --pull never --http-proxy=false --ulimit nofile=20000:20000 --network host i",
        ),
        (
            ADAPTED,
            RunRequest("i", extra=("--ulimit", "nofile=1:1", "--net=none")),
            "--runtime runc run --pull never --http-proxy=false --ulimit nofile=1:1 --net=none i",
        ),
        (
            ADAPTED,
            RunRequest("i", extra=("--ulimit=nproc=5",)),
            "--runtime runc run --pull never --http-proxy=false --ulimit nofile=20000:20000 --network host --ulimit=nproc=5 i",
        ),
        (
            ROOTLESS,
            RunRequest("i", keep_host_ids=True),
            "run --pull never --http-proxy=false --userns keep-id i",
        ),
        (
            ROOTLESS,
            RunRequest("i", keep_host_ids=True, host_ids_as=(1234, 99)),
            "run --pull never --http-proxy=false --userns keep-id:uid=1234,gid=99 i",
        ),
        (
            ROOTLESS._replace(keep_ids_as=False),
            RunRequest("i", keep_host_ids=True, host_ids_as=(1234, 99)),
            "run --pull never --http-proxy=false --userns keep-id i",
        ),
        (
            ROOTLESS,
            RunRequest("i", keep_host_ids=True, extra=("--userns=host",)),
            "run --pull never --http-proxy=false --userns=host i",
        ),
        (
            PODMAN,
            RunRequest("i", limits={"memlock": -1, "stack": 9}),
            "run --pull never --http-proxy=false --ulimit memlock=-1:-1 --ulimit stack=9:9 i",
        ),
        (
            PODMAN._replace(hard_limits=(("memlock", 8), ("stack", -1))),
            RunRequest("i", limits={"memlock": -1, "stack": 9}),
            "run --pull never --http-proxy=false --ulimit memlock=8:8 --ulimit stack=9:9 i",
        ),
        (
            PODMAN._replace(hard_limits=(("stack", 8),)),
            RunRequest("i", limits={"memlock": -1, "stack": 9}, extra=("--ulimit=memlock=1",)),
            "run --pull never --http-proxy=false --ulimit stack=8:8 --ulimit=memlock=1 i",
        ),
        (PODMAN, RunRequest("i", extra=("--http-proxy=true",)), "run --pull never --http-proxy=true i"),
        (PODMAN, RunRequest("i", keep_host_ids=True), "run --pull never --http-proxy=false i"),
        (PODMAN._replace(init_words=()), RunRequest("i", init=True), "run --pull never --http-proxy=false i"),
        (
            PODMAN._replace(init_words=("--init", "--init-path", "/x")),
            RunRequest("i", init=True),
            "run --pull never --http-proxy=false --init --init-path /x i",
        ),
    ],
)
def test_run_in_an_adapted_dialect(dialect, request_, expected: str) -> None:
    assert render_run(dialect, request_, detach=False).argv == ("podman", *expected.split())


@pytest.mark.parametrize(
    ("name", "in_argv"),
    [
        ("TOKEN", False), ("HTTP_PROXY", False), ("EDITOR", False), ("DOCKERISH", False),
        ("PATH", True), ("HOME", True), ("DOCKER_HOST", True), ("XDG_DATA_HOME", True), ("LD_PRELOAD", True),
        ("SSL_CERT_FILE", True), ("TERM", True), ("CONTAINERS_CONF", True), ("SSH_AUTH_SOCK", True),
    ],
)  # fmt: skip
def test_values_travel_by_environment_unless_the_program_reads_them(name: str, *, in_argv: bool) -> None:
    words, values = render_env({name: "v"})
    assert words == ["--env", f"{name}=v" if in_argv else name]
    assert values == ({} if in_argv else {name: "v"})


@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), min_size=1))
def test_a_mount_is_one_line_of_csv(path: str) -> None:
    text = render_mount(Mount("bind", path, "/t", options=("bind-propagation=rslave",)))
    assert next(csv.reader([text], strict=True)) == (
        ["type=bind", f"source={path}", "target=/t", "bind-propagation=rslave"]
    ) or any(ending in path for ending in "\r\n")


def test_exec() -> None:
    request = ExecRequest(
        "c",
        ("sh", "-c", "x y"),
        user="dev",
        workdir="/w",
        env={"A": "1"},
        interactive=True,
        tty=True,
        detach=True,
    )
    words = render_exec(PODMAN, request)
    assert words.argv == (
        "podman", "exec", "--detach", "--interactive", "--tty", "--user", "dev", "--workdir", "/w", "--env", "A",
        "c", "sh", "-c", "x y",
    )  # fmt: skip
    assert words.env == {"A": "1"}


def test_listing() -> None:
    assert render_containers(PODMAN, {"cove.name": "", "a": "b"}, all_states=True) == (
        "podman", "ps", "--no-trunc", "--all", "--filter", "label=cove.name", "--filter", "label=a=b",
        "--format", "json",
    )  # fmt: skip
    argv = render_containers(DOCKER, {"mine": ""}, all_states=False)
    assert argv[:5] == ("docker", "ps", "--no-trunc", "--filter", "label=mine")
    assert '"mine":{{json (.Label "mine")}}' in argv[-1]
    assert '"devcontainer.metadata":{{json (.Label "devcontainer.metadata")}}' in argv[-1]


def test_the_ps_template_names_each_label_once() -> None:
    assert render_ps_template(["a", "b", "a"]).endswith(
        '"Chosen":{"a":{{json (.Label "a")}},"b":{{json (.Label "b")}}}}'
    )


def test_small_calls() -> None:
    assert render_call(ADAPTED, "tag", "a", "b") == ("podman", "--runtime", "runc", "tag", "a", "b")
    assert render_logs(DOCKER, "c", follow=True, tail=5) == ("docker", "logs", "--follow", "--tail", "5", "c")
    assert render_logs(DOCKER, "c", follow=False, tail=None) == ("docker", "logs", "c")
    assert render_remove(DOCKER, "c", volumes=True) == ("docker", "rm", "--force", "--volumes", "c")
    assert render_remove(PODMAN, "c", volumes=False) == ("podman", "rm", "--force", "--time", "0", "c")
    assert render_events(PODMAN, {"a": ""})[1:] == (
        "events", "--filter", "type=container", "--filter", "label=a", "--format", "json",
    )  # fmt: skip
    assert render_events(DOCKER, {"a": "b"})[-3:] == ("label=a=b", "--format", "{{json .}}")
    assert render_import(DOCKER, "/a.tar", "r", ["ENV A=1"]) == (
        "docker",
        "import",
        "--change",
        "ENV A=1",
        "/a.tar",
        "r",
    )
    assert render_import(PODMAN, "/a.tar", "r", [])[1:] == ("import", "--quiet", "/a.tar", "r")


BUILD = BuildRequest(
    context="/ctx",
    dockerfile="/ctx/Dockerfile",
    tags=("a:1", "b:1"),
    args={"V": "1"},
    secret_args={"HTTP_PROXY": "http://u:p@proxy:1"},
    target="dev",
    labels={"l": "1"},
    cache_from=("ghcr.io/x:cache",),
    options=("--network", "host"),
    no_cache=True,
    pull=True,
    platform="linux/arm64",
    certificates=Certificates("/c/ca.pem"),
)


def test_build_with_buildkit() -> None:
    words = render_build(BUILDKIT, BUILD, FILES)
    assert words.argv == (
        "docker", "build", "--progress", "plain", "--file", "/tmp/x/Dockerfile", "--iidfile", "/tmp/x/iid",
        "--tag", "a:1", "--tag", "b:1", "--build-arg", "V=1", "--build-arg", "HTTP_PROXY", "--label", "l=1",
        "--target", "dev", "--cache-from", "ghcr.io/x:cache", "--no-cache", "--pull", "--platform", "linux/arm64",
        "--secret", "id=cove-ca,src=/c/ca.pem", "--network", "host", "/ctx",
    )  # fmt: skip
    assert words.env == {"DOCKER_BUILDKIT": "1", "HTTP_PROXY": "http://u:p@proxy:1"}


def test_build_with_the_legacy_builder_has_no_flag_for_certificates() -> None:
    request = BuildRequest("/ctx", "/ctx/Dockerfile", certificates=Certificates("/c/ca.pem"))
    argv = render_build(DOCKER, request, FILES).argv
    assert argv == ("docker", "build", "--file", "/tmp/x/Dockerfile", "--iidfile", "/tmp/x/iid", "/ctx")


def test_build_with_podman() -> None:
    request = BUILD._replace(options=())
    dialect = ADAPTED._replace(build_flags=("--format", "docker", "--network", "host"))
    argv = render_build(dialect, request, FILES._replace(ignorefile="/ctx/Dockerfile.dockerignore")).argv
    assert argv[:4] == ("podman", "--runtime", "runc", "build")
    assert "--cache-from" not in argv
    assert argv[-9:] == (
        "--ignorefile", "/ctx/Dockerfile.dockerignore", "--volume", "/c/ca.pem:/dev/cove-ca/ca.pem:ro",
        "--format", "docker", "--network", "host", "/ctx",
    )  # fmt: skip


def test_an_argument_that_the_configuration_sets_wins_over_the_hosts() -> None:
    words = render_build(BUILDKIT, BUILD._replace(args={"HTTP_PROXY": "mine"}), FILES)
    assert [word for word in words.argv if word.startswith("HTTP_PROXY")] == ["HTTP_PROXY=mine"]


def test_no_secret_is_in_any_argv() -> None:
    words = [render_run(DOCKER, FULL, detach=True), render_build(BUILDKIT, BUILD, FILES)]
    assert not [word for call in words for word in call.argv if "s3cret" in word or "u:p@" in word]


@pytest.mark.parametrize(
    ("grant", "words"),
    [
        (GpuGrant(devices=("nvidia.com/gpu=0", "/dev/kfd"), groups=("105",)),
         ["--device", "nvidia.com/gpu=0", "--device", "/dev/kfd", "--group-add", "105"]),
        (GpuGrant(gpus="all"), ["--gpus", "all"]),
        (GpuGrant(gpus="GPU-a,GPU-b"), ["--gpus", '"device=GPU-a,GPU-b"']),
        (GpuGrant(), []),
    ],
)  # fmt: skip
def test_gpus(grant: GpuGrant, words: list[str]) -> None:
    without = render_run(DOCKER, RunRequest("debian"), detach=True).argv
    given = render_run(DOCKER, RunRequest("debian", gpus=grant), detach=True).argv
    assert list(given) == [*without[:-1], *words, without[-1]]


def test_files_of_a_build_are_mounted_as_the_builder_can() -> None:
    file = BuildFile("cove-npmrc", "/c/1", "/dev/m/npmrc", "NPM_CONFIG_GLOBALCONFIG", "/dev/m/npmrc")
    request = BuildRequest(context="/w", dockerfile="/w/Dockerfile", files=(file,))
    files = BuildFiles("/w/Dockerfile", "/t/iid")
    docker = DOCKER._replace(buildkit=True, certificate_way="secret")
    assert "--secret id=cove-npmrc,src=/c/1" in " ".join(render_build(docker, request, files).argv)
    assert "--volume /c/1:/dev/m/npmrc:ro" in " ".join(render_build(PODMAN, request, files).argv)


@pytest.mark.parametrize(
    ("dialect", "place", "words"),
    [
        (DOCKER._replace(buildkit=True), "type=inline", ["--build-arg", "BUILDKIT_INLINE_CACHE=1"]),
        (DOCKER._replace(buildkit=True), "type=local,dest=/c", ["--cache-to", "type=local,dest=/c"]),
        (DOCKER, "type=inline", []),
        (PODMAN, "type=inline", []),
    ],
)
def test_where_the_layer_cache_is_kept(dialect: Dialect, place: str, words: list[str]) -> None:
    argv = list(render_build(dialect, BuildRequest("/c", "/d", cache_to=place), BuildFiles("/d", "/i")).argv)
    assert [word for word in argv if word in words] == words
    assert ("--cache-to" in argv) is ("--cache-to" in words)
