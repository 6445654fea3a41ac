"""The texts are what the engines printed."""

from __future__ import annotations

import pytest

from cove.engines.failures import (
    is_absent,
    is_away,
    parse_build_failure,
    plan_away_error,
    plan_build_error,
    plan_end_error,
    plan_pull_error,
    plan_run_error,
    registry_of,
    tells_unreachable,
)
from cove.errors import BuildError, ConfigurationError, EngineError, NetworkError
from cove.spec.dockerfile import SECRET_MOUNT

NO_HOST = (
    'Error response from daemon: Get "https://registry-1.docker.io/v2/": dial tcp: '
    "lookup registry-1.docker.io on 10.0.0.53:53: no such host"
)
RETRY = (
    'time="2026-11-22T06:40:52Z" level=warning msg="Failed, retrying in 1s ... (1/3). Error: initializing source '
    'docker://127.0.0.1:9/x/y:1: pinging container registry 127.0.0.1:9: Get \\"https://127.0.0.1:9/v2/\\": '
    'dial tcp 127.0.0.1:9: connect: connection refused"'
)


@pytest.mark.parametrize(
    ("reference", "registry"),
    [
        ("debian", "docker.io"), ("org/img:1", "docker.io"), ("docker.io/library/debian", "docker.io"),
        ("ghcr.io/a/b", "ghcr.io"), ("localhost/x", "localhost"), ("host:5000/x", "host:5000"),
    ],
)  # fmt: skip
def test_registry_of(reference: str, registry: str) -> None:
    assert registry_of(reference) == registry


@pytest.mark.parametrize(
    ("text", "error", "says"),
    [
        (NO_HOST, NetworkError, "its registry docker.io cannot be reached: Get"),
        (
            (
                'Error: initializing source docker://debian:1: pinging container registry registry-1.docker.io: Get "https://'
                'registry-1.docker.io/v2/": dial tcp: lookup registry-1.docker.io: no such host'
            ),
            NetworkError,
            "cannot be reached",
        ),
        (
            (
                'Error response from daemon: Get "http://h/v2/": net/http: request canceled (Client.Timeout exceeded while '
                "awaiting headers)"
            ),
            NetworkError,
            "cannot be reached",
        ),
        ('Error: … Get "https://h/v2/": net/http: TLS handshake timeout', NetworkError, "cannot be reached"),
        (
            'Error response from daemon: Get "https://h/v2/": x509: certificate signed by unknown authority',
            NetworkError,
            "does not trust the certificate of docker.io",
        ),
        (
            "Error response from daemon: manifest for debian:nope not found: manifest unknown: manifest unknown",
            ConfigurationError,
            "docker.io has no such image",
        ),
        (
            "Error: initializing source docker://h/no/such:1: reading manifest 1 in h/no/such: manifest unknown",
            ConfigurationError,
            "has no such image",
        ),
        (
            "Error response from daemon: pull access denied for x, repository does not exist or may require 'docker login'",
            ConfigurationError,
            "has no such image",
        ),
        (
            "Error response from daemon: Head h: unauthorized: authentication required",
            EngineError,
            "docker.io refuses",
        ),
        ("toomanyrequests: You have reached your pull rate limit", NetworkError, "allows no more requests"),
        ("failed to register layer: write /x: no space left on device", EngineError, "no space left"),
    ],
)
def test_pulls(text: str, error: type[Exception], says: str) -> None:
    planned = plan_pull_error("debian:bookworm", text)
    assert type(planned) is error
    assert planned.message.startswith("cannot pull debian:bookworm: ") or error is ConfigurationError
    assert says in planned.message
    assert planned.hint


def test_only_podmans_retries_for_want_of_a_registry_are_cut_short() -> None:
    assert tells_unreachable(RETRY)
    assert not tells_unreachable(RETRY.replace("connection refused", "unexpected EOF"))
    assert not tells_unreachable(NO_HOST)


BUILDKIT_OLD = """#1 [internal] load build definition from Fail
#1 sha256:3de8
#1 DONE 0.0s

#6 [1/3] FROM localhost/base:bookworm
#6 DONE 0.0s

#4 [2/3] RUN echo hello &&     echo more
#4 sha256:6325
#4 0.238 hello
#4 DONE 0.3s

#5 [3/3] RUN echo oh no >&2; sh -c 'exit 3'
#5 sha256:c5e3
#5 0.393 oh no
#5 ERROR: executor failed running [/bin/sh -c echo oh no >&2; sh -c 'exit 3']: exit code: 3
------
 > [3/3] RUN echo oh no >&2; sh -c 'exit 3':
------
executor failed running [/bin/sh -c echo oh no >&2; sh -c 'exit 3']: exit code: 3"""
BUILDKIT_NEW = """#1 [internal] load build definition from Dockerfile
#1 DONE 0.0s
#7 [stage-1 2/2] RUN pip install nope
#7 1.201 ERROR: No matching distribution found for nope
#7 ERROR: process "/bin/sh -c pip install nope" did not complete successfully: exit code: 1
------
 > [stage-1 2/2] RUN pip install nope:
1.201 ERROR: No matching distribution found for nope
------
Dockerfile:4
--------------------
   3 |     FROM debian
   4 | >>> RUN pip install nope
--------------------
ERROR: failed to solve: process "/bin/sh -c pip install nope" did not complete successfully: exit code: 1"""
LEGACY = """Sending build context to Docker daemon   5.12kB
Step 1/3 : FROM localhost/base:bookworm
 ---> 612152e4b480
Step 2/3 : RUN echo hello
 ---> Running in 13d39652da27
hello
 ---> 60e3170a6d64
Step 3/3 : RUN echo oh no >&2; sh -c 'exit 3'
 ---> Running in f798ecded2c7
\x1b[91moh no
\x1b[0mThe command '/bin/sh -c echo oh no >&2; sh -c 'exit 3'' returned a non-zero code: 3"""
BUILDAH = """STEP 1/3: FROM localhost/base:bookworm
STEP 2/3: RUN echo hello
hello
--> 2b148e7a067
STEP 3/3: RUN echo oh no >&2; sh -c 'exit 3'
oh no
Error: building at STEP "RUN echo oh no >&2; sh -c 'exit 3'": while running runtime: exit status 3"""


@pytest.mark.parametrize(
    ("text", "step", "line", "reason"),
    [
        (BUILDKIT_OLD, "RUN echo oh no >&2; sh -c 'exit 3'", 0, "exit code: 3"),
        (BUILDKIT_NEW, "RUN pip install nope", 4, "exit code: 1"),
        (LEGACY, "RUN echo oh no >&2; sh -c 'exit 3'", 0, "returned a non-zero code: 3"),
        (BUILDAH, "RUN echo oh no >&2; sh -c 'exit 3'", 0, "exit status 3"),
    ],
)
def test_a_failing_step(text: str, step: str, line: int, reason: str) -> None:
    failure = parse_build_failure(text.splitlines())
    assert (failure.step, failure.line) == (step, line)
    assert failure.reason.endswith(reason)
    assert any(shown == "oh no" or "No matching distribution" in shown for shown in failure.last_lines)
    assert not any("hello" in shown for shown in failure.last_lines)
    error = plan_build_error(text.splitlines(), dockerfile="/w/Dockerfile", builder="docker")
    assert type(error) is BuildError
    assert error.message.startswith("/w/Dockerfile:4: " if line else "/w/Dockerfile: ")
    assert step in error.message


@pytest.mark.parametrize(
    "text",
    [
        (
            "#1 [internal] load build definition\n#2 DONE\nfailed to solve with frontend dockerfile.v0: failed to create LLB "
            "definition: dockerfile parse error line 2: unknown instruction: FOO"
        ),
        "Error response from daemon: dockerfile parse error line 2: unknown instruction: FOO",
        "ERROR: failed to solve: dockerfile parse error on line 2: unknown instruction: FOO",
    ],
)
def test_a_dockerfile_that_does_not_parse(text: str) -> None:
    error = plan_build_error(text.splitlines(), dockerfile="/w/Dockerfile", builder="docker")
    assert type(error) is BuildError
    assert error.message.startswith("/w/Dockerfile:2: ")
    assert "unknown instruction: FOO" in error.message


def test_a_rewritten_dockerfile_fails_at_the_line_its_author_wrote() -> None:
    said = (
        "#1 [internal] load build definition\n"
        f"#5 [2/2] RUN {SECRET_MOUNT} make model\n#5 0.4 no rule\n"
        "#5 ERROR: executor failed running [/bin/sh -c make model]: exit code: 2\n------\nDockerfile:9\n"
    )
    error = plan_build_error(
        said.splitlines(),
        dockerfile="/w/Dockerfile",
        builder="docker",
        rewritten_from="FROM debian\n\nRUN make model\n",
    )
    assert (
        error.message == "/w/Dockerfile:3: docker could not build the image at `RUN make model`: exit code: 2"
    )
    assert error.detail == "no rule"


@pytest.mark.parametrize(
    "text",
    [
        (
            "#1 [internal] load build definition\n#3 [internal] load metadata for docker.io/library/debian:bookworm-slim\n"
            '#3 ERROR: failed to do request: Head "https://registry-1.docker.io/v2/library/debian/manifests/bookworm-slim": '
            "dial tcp: lookup registry-1.docker.io on 10.0.0.53:53: no such host\n------\n"
            " > [internal] load metadata for docker.io/library/debian:bookworm-slim:\n------\nfailed to solve"
        ),
        f"Step 1/2 : FROM debian:bookworm-slim\n{NO_HOST.removeprefix('Error response from daemon: ')}",
        (
            "STEP 1/2: FROM debian:bookworm-slim\nTrying to pull docker.io/library/debian:bookworm-slim...\n"
            "Error: creating build container: initializing source docker://debian:bookworm-slim: pinging container registry "
            'registry-1.docker.io: Get "https://registry-1.docker.io/v2/": dial tcp: lookup: no such host'
        ),
    ],
    ids=["buildkit", "legacy", "buildah"],
)
def test_a_base_image_out_of_reach(text: str) -> None:
    error = plan_build_error(text.splitlines(), dockerfile="/w/Dockerfile", builder="docker")
    assert type(error) is NetworkError
    assert "debian:bookworm-slim" in error.message
    assert "docker.io" in error.message


def test_a_network_failure_of_the_users_own_step_is_a_failing_build() -> None:
    text = BUILDAH.replace("oh no\n", "curl: (6) no such host\n").replace("exit status 3", "i/o timeout")
    assert type(plan_build_error(text.splitlines(), dockerfile="D", builder="podman")) is BuildError


def test_a_build_that_says_nothing() -> None:
    error = plan_build_error([], dockerfile="D", builder="podman")
    assert type(error) is BuildError
    assert error.message.startswith("D: podman could not build the image")


def test_a_dockerfile_of_coves_own_has_no_place_to_name() -> None:
    error = plan_build_error(BUILDAH.splitlines(), dockerfile="", builder="podman")
    assert error.message.startswith("podman could not build the image")


@pytest.mark.parametrize(
    ("text", "error", "says"),
    [
        (
            (
                'docker: Error response from daemon: Conflict. The container name "/eng-q" is already in use by container '
                "\"b1f4\". You have to remove (or rename) that container.\nSee 'docker run --help'."
            ),
            EngineError,
            "docker has a container named eng-q already",
        ),
        (
            'Error: creating container storage: the container name "eng-q" is already in use by b871.',
            EngineError,
            "docker has a container named eng-q already",
        ),
        (
            (
                "docker: Error response from daemon: driver failed programming external connectivity on endpoint e (ff): "
                "Error starting userland proxy: listen tcp4 127.0.0.1:5933: bind: address already in use."
            ),
            EngineError,
            "the address 127.0.0.1:5933 is in use by another program or container",
        ),
        (
            "docker: Error response from daemon: driver failed: Bind for 127.0.0.1:5944 failed: port is already allocated.",
            EngineError,
            "the address 127.0.0.1:5944 is in use",
        ),
        (
            "Error: cannot listen on the TCP port: listen tcp4 127.0.0.1:5933: bind: address already in use",
            EngineError,
            "the address 127.0.0.1:5933 is in use",
        ),
        (
            (
                'docker: Error response from daemon: failed to create shim task: OCI runtime create failed: exec: "bash": '
                "executable file not found in $PATH: unknown."
            ),
            ConfigurationError,
            "the image img has no `bash` to start",
        ),
        (
            "Error: crun: executable file `bash` not found in $PATH: No such file or directory: OCI runtime attempted",
            ConfigurationError,
            "the image img has no `bash` to start",
        ),
        (
            "docker: Error response from daemon: unable to find user nobodyx: no matching entries in passwd file.",
            ConfigurationError,
            "the image img has no user or group `nobodyx`",
        ),
        (
            (
                'docker: Error response from daemon: invalid mount config for type "bind": bind source path does not exist: '
                "/no such.\nSee 'docker run --help'."
            ),
            ConfigurationError,
            "what is to be mounted does not exist: /no such",
        ),
        (
            "Error: statfs /nosuch: no such file or directory",
            ConfigurationError,
            "what is to be mounted does not exist: /nosuch",
        ),
        ("Error: localhost/nosuch: image not known", EngineError, "docker does not have the image img"),
        ("exec /bin/sh: exec format error", EngineError, "the image img is for another architecture"),
        (
            "Error: runc: error setting rlimit type 7: operation not permitted: OCI permission denied",
            EngineError,
            "docker could not start a container of img: runc: error setting rlimit",
        ),
    ],
)
def test_containers_that_do_not_start(text: str, error: type[Exception], says: str) -> None:
    planned = plan_run_error("docker", text, image="img")
    assert type(planned) is error
    assert says in planned.message
    assert planned.hint


@pytest.mark.parametrize(
    "text",
    [
        "Error: No such container: x", "Error response from daemon: No such image: x", ("Error: inspecting object: x: image "
        "not known"), 'Error: no container with name or ID "x" found: no such container', "Error: No such object: x",
    ],
)  # fmt: skip
def test_absent(text: str) -> None:
    assert is_absent(text)
    assert not is_away(text)


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        (
            "Cannot connect to the Docker daemon at unix:///s. Is the docker daemon running?",
            "Start its daemon",
        ),
        ("error during connect: Get http://h: dial tcp: no such host", "Start its daemon"),
        (
            "permission denied while trying to connect to the Docker daemon socket at unix:///var/run/docker.sock",
            "Join the group",
        ),
        (
            "Got permission denied while trying to connect to the Docker daemon socket: connect: permission denied",
            "Join",
        ),
    ],
)
def test_away(text: str, hint: str) -> None:
    assert is_away(text)
    assert plan_away_error("docker", text).hint.startswith(hint)


@pytest.mark.parametrize(
    ("said", "program"),
    [
        ("[FATAL tini (7)] exec /bin/sh failed: No such file or directory", "/bin/sh"),
        ("[FATAL tini (7)] exec /entry.sh failed: No such file or directory", "/entry.sh"),
        ("ERROR (catatonit:6): failed to exec pid1: No such file or directory", "/bin/sh"),
    ],
)
def test_an_init_that_finds_no_program(said: str, program: str) -> None:
    error = plan_end_error(f"x\n{said}", image="scratchy")
    assert isinstance(error, ConfigurationError)
    assert error.message == f"the image scratchy has no `{program}` to start"


def test_a_container_that_ended_by_itself() -> None:
    error = plan_end_error("bye", image="debian")
    assert isinstance(error, EngineError)
    assert error.detail == "bye"
    assert "overrideCommand" in error.hint
