import pytest
from hypothesis import given
from hypothesis import strategies as st

from cove.errors import ConfigurationError
from cove.spec.certificates import BUILD_CERTIFICATES_AT, CERTIFICATE_VARIABLES, CERTIFICATES_AT
from cove.spec.dockerfile import (
    SECRET_MOUNT,
    base_images,
    clean_step,
    final_base,
    find_line,
    last_user,
    parse_dockerfile,
    render_build_files,
    render_certificates,
    render_replaced_bases,
    render_without_caches,
)
from cove.spec.run import BuildFile

CHAIN = """\
ARG VARIANT=bookworm
ARG WHO=builder
FROM golang:1.22 AS tools
FROM debian:${VARIANT}-slim AS base
ARG WHO
ARG NAME=me
ENV HOME_OF=$NAME
USER ${WHO}
FROM scratch AS empty
COPY --from=tools /a /a
FROM base AS dev
RUN --mount=from=busybox,target=/b ls
COPY --from=ghcr.io/x/uv:1 /uv /uv
FROM dev
FROM base AS named
USER $HOME_OF:users
FROM jupyter/base AS hub
USER $NB_USER
FROM hub AS group
USER
"""


@pytest.mark.parametrize(
    ("target", "args", "images"),
    [
        ("", {}, ("jupyter/base",)),
        ("tools", {}, ("golang:1.22",)),
        ("base", {"VARIANT": "sid"}, ("debian:sid-slim",)),
        ("empty", {}, ("golang:1.22",)),
        ("dev", {}, ("debian:bookworm-slim", "busybox", "ghcr.io/x/uv:1")),
        ("4", {}, ("debian:bookworm-slim", "busybox", "ghcr.io/x/uv:1")),
    ],
)
def test_base_images(target: str, args: dict[str, str], images: tuple[str, ...]) -> None:
    assert base_images(parse_dockerfile(CHAIN), args, target) == images


@pytest.mark.parametrize(
    ("target", "image"),
    [("", "jupyter/base"), ("dev", "debian:bookworm-slim"), ("empty", ""), ("tools", "golang:1.22")],
)
def test_final_base(target: str, image: str) -> None:
    assert final_base(parse_dockerfile(CHAIN), {}, target) == image


def test_a_stage_shadows_an_image_of_its_name_only_afterwards() -> None:
    text = "FROM debian AS debian\nFROM debian\nCOPY --from=later /a /a\nFROM x AS later"
    assert base_images(parse_dockerfile(text), {}, "1") == ("debian", "later")


def test_a_stage_that_is_needed_twice_counts_once() -> None:
    text = "FROM a AS one\nFROM one AS two\nFROM one\nCOPY --from=two / /\nCOPY --from=scratch / /"
    assert base_images(parse_dockerfile(text), {}, "") == ("a",)


def test_platform_arguments_are_known_without_an_arg() -> None:
    dockerfile = parse_dockerfile("FROM a AS base-arm64\nFROM b AS base-amd64\nFROM base-${TARGETARCH}")
    assert base_images(dockerfile, {"TARGETARCH": "amd64"}, "") == ("b",)


def test_an_image_without_a_name_is_refused_only_where_it_is_needed() -> None:
    dockerfile = parse_dockerfile("FROM $NOT AS a\nFROM b", path="Dockerfile")
    assert base_images(dockerfile, {}, "") == ("b",)
    with pytest.raises(ConfigurationError, match=r"^Dockerfile:1:1: FROM \$NOT names no image"):
        base_images(dockerfile, {}, "a")


@pytest.mark.parametrize(
    ("target", "args", "user"),
    [
        ("tools", {}, None),
        ("base", {}, "builder"),
        ("base", {"WHO": "1000:100"}, "1000"),
        ("dev", {}, "builder"),
        ("named", {}, "me"),
        ("named", {"NAME": "you"}, "you"),
        ("empty", {}, None),
        ("hub", {}, None),
        ("group", {}, None),
    ],
)
def test_last_user(target: str, args: dict[str, str], user: str | None) -> None:
    assert last_user(parse_dockerfile(CHAIN), args, target) == user


def test_last_user_with_the_base_images_environment() -> None:
    assert last_user(parse_dockerfile(CHAIN), {}, "group", base_env={"NB_USER": "jovyan"}) == "jovyan"


@pytest.mark.parametrize(
    ("lines", "user"),
    [
        ("ENV A b c\nUSER $A", "b c"),
        ("ENV A='x y' B=z\nUSER $B", "z"),
        ("ARG A=arg\nENV A=env\nUSER $A", "env"),
        ("ENV A=env\nARG A=arg\nUSER $A", "env"),
        ('USER "quoted"', "quoted"),
        ("USER a\nUSER root", "root"),
        ("ONBUILD USER x", None),
        ("RUN <<E\nUSER x\nE", None),
    ],
)
def test_last_user_follows_variables(lines: str, user: str | None) -> None:
    assert last_user(parse_dockerfile(f"FROM x\n{lines}\n"), {}, "") == user


def test_replaces_bases_in_from_lines_only() -> None:
    text = (
        "# FROM debian:12\r\nARG V=12\r\nFROM --platform=linux/amd64 debian:${V}  AS debian # x\r\n".replace(
            " # x", ""
        )
        + "RUN echo FROM debian:12\r\nFROM debian\r\nCOPY --from=debian:12 a b\r\n  from\tdebian:12"
    )
    dockerfile = parse_dockerfile(text)
    expected = text.replace("debian:${V}", "localhost/d").replace("from\tdebian:12", "from\tlocalhost/d")
    assert render_replaced_bases(dockerfile, {"debian:12": "localhost/d", "debian": "never"}) == expected
    assert render_replaced_bases(dockerfile, {"debian:13": "x"}, {"V": "13"}) == text.replace(
        "debian:${V}", "x"
    )
    assert render_replaced_bases(dockerfile, {}) == text


MESSY = """\
# syntax=docker/dockerfile:1
ARG A=1

FROM debian AS base
# nothing before this
RUN apt-get update \\
    # a note

    && apt-get install -y python3
run ["python3", "-V"]
RUN --mount=type=cache,target=/root/.cache --network=none pip download x
RUN <<EOF
RUN not me
EOF
ONBUILD RUN echo hi
FROM scratch AS files
COPY . /
FROM base
CMD ["RUN"]
RUN\\
  last"""


def marked(text: str) -> str:
    """Say in one letter what was added: S for the mount, the ARG line as `ARG …`."""
    lines = [("ARG …" if line.startswith("ARG SSL_CERT_FILE=") else line) for line in text.split("\n")]
    return "\n".join(lines).replace(f" {SECRET_MOUNT}", " S")


def test_certificates_by_secret_reach_every_run() -> None:
    assert marked(render_certificates(parse_dockerfile(MESSY), way="secret")) == (
        MESSY.replace("FROM debian AS base\n", "FROM debian AS base\nARG …\n")
        .replace("FROM base\n", "FROM base\nARG …\n")
        .replace("RUN apt-get update", "RUN S apt-get update")
        .replace('run ["', 'run S ["')
        .replace("RUN --mount=type=cache", "RUN S --mount=type=cache")
        .replace("RUN <<EOF", "RUN S <<EOF")
        .replace("RUN\\\n", "RUN S\\\n")
    )


def test_certificates_by_volume_need_only_the_variables() -> None:
    assert marked(render_certificates(parse_dockerfile(MESSY), way="volume")) == MESSY.replace(
        "FROM debian AS base\n", "FROM debian AS base\nARG …\n"
    ).replace("FROM base\n", "FROM base\nARG …\n")


def test_certificates_by_copy_come_from_an_image() -> None:
    copy = "COPY --from=localhost/ca /run/cove-ca/ca.pem /run/cove-ca/ca.pem\n"
    assert marked(
        render_certificates(parse_dockerfile(MESSY), way="copy", image="localhost/ca")
    ) == MESSY.replace("FROM debian AS base\n", f"FROM debian AS base\n{copy}ARG …\n").replace(
        "FROM base\n", f"FROM base\n{copy}ARG …\n"
    )


def test_certificates_keep_the_files_line_ends() -> None:
    text = render_certificates(parse_dockerfile("FROM a\r\nRUN b\r\n"), way="volume")
    assert text.count("\r\n") == text.count("\n") == 3


BLOCKS = st.sampled_from(
    [
        "FROM a AS s\n",
        "FROM b\n",
        "RUN x\n",
        "run [\"x\", '']\n",
        "RUN \\\n # c\n  y\n",
        "RUN --mount=type=ssh z\n",
        "RUN <<E\nRUN no\nFROM no\nE\n",
        "COPY <<-E /x\n\tFROM no\n\tE\n",
        "# RUN no\n",
        "\n",
        "ONBUILD RUN x\n",
        "ENV RUN=1\n",
        "  RUN\tq\n",
    ]
)


@given(st.lists(BLOCKS, max_size=10), st.sampled_from(["secret", "volume", "copy"]))
def test_what_is_added_can_be_taken_away_again(blocks: list[str], way: str) -> None:
    text = "FROM start\n" + "".join(blocks)
    dockerfile = parse_dockerfile(text)
    rendered = render_certificates(dockerfile, way=way, image="ca")
    runs = sum(item.word == "RUN" for stage in dockerfile.stages for item in stage.instructions)
    assert rendered.count(SECRET_MOUNT) == (runs if way == "secret" else 0)
    kept = [
        line
        for line in rendered.split("\n")
        if not line.startswith(("ARG SSL_CERT_FILE=", "COPY --from=ca "))
    ]
    assert "\n".join(kept).replace(f" {SECRET_MOUNT}", "") == text
    again = parse_dockerfile(rendered)
    assert [stage.image for stage in again.stages] == [stage.image for stage in dockerfile.stages]


@pytest.mark.parametrize(
    ("way", "place"),
    [("secret", BUILD_CERTIFICATES_AT), ("volume", BUILD_CERTIFICATES_AT), ("copy", CERTIFICATES_AT)],
)
def test_the_variables_point_to_where_the_way_brings_the_file(way: str, place: str) -> None:
    text = render_certificates(parse_dockerfile("FROM a\nRUN b\n"), way=way, image="ca")
    words = next(line for line in text.split("\n") if line.startswith("ARG ")).split()
    assert words[1:] == [f"{name}={place}" for name in CERTIFICATE_VARIABLES]


@pytest.mark.parametrize(
    ("step", "line"),
    [
        ("RUN echo one &&     echo two", 2),
        (f"RUN {SECRET_MOUNT} echo one && echo two", 2),
        ("RUN echo three", 5),
        ("COPY a /b", 0),
        ("", 0),
    ],
)
def test_a_step_is_found_where_its_author_wrote_it(step: str, line: int) -> None:
    text = "FROM debian\nRUN echo one && \\\n    echo two\n# a comment\nRUN echo three\n"
    assert find_line(parse_dockerfile(text), step) == line


PIP = BuildFile("cove-pip-conf", "/c/1", "/dev/m/pip.conf", "PIP_CONFIG_FILE", "/dev/m/pip.conf")
NPM = BuildFile("cove-npmrc", "/c/2", "/dev/m/npmrc", "NPM_CONFIG_GLOBALCONFIG", "/dev/m/npmrc")
LINE = "ARG PIP_CONFIG_FILE=/dev/m/pip.conf NPM_CONFIG_GLOBALCONFIG=/dev/m/npmrc\n"


def test_files_of_the_build_are_within_reach_of_every_step() -> None:
    parsed = parse_dockerfile("FROM a\nRUN pip install x\nFROM b\nCOPY . .\n")
    mounts = (
        "--mount=type=secret,id=cove-pip-conf,target=/dev/m/pip.conf,mode=0444 "
        "--mount=type=secret,id=cove-npmrc,target=/dev/m/npmrc,mode=0444"
    )
    text = render_build_files(parsed, [PIP, NPM], way="secret")
    assert text == f"FROM a\n{LINE}RUN {mounts} pip install x\nFROM b\nCOPY . .\n"
    assert render_build_files(parsed, [PIP, NPM], way="volume") == text.replace(f" {mounts}", "")
    both = render_certificates(parse_dockerfile(text), way="secret")
    step = next(line for line in both.splitlines() if line.startswith("RUN"))
    assert clean_step(step) == "RUN pip install x"
    assert find_line(parsed, step) == 2


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("RUN --mount=type=cache,target=/c make\n", "RUN make\n"),
        (
            "RUN --mount=target=/c,type=cache \\\n  make && x --mount=type=cache\n",
            "RUN \\\n  make && x --mount=type=cache\n",
        ),
        ("RUN --network=none \\\n --mount=type=cache,target=/c make\n", "RUN --network=none \\\n make\n"),
    ],
)
def test_cache_mounts_can_be_left_out(line: str, expected: str) -> None:
    text = render_without_caches(parse_dockerfile(f"FROM a\n{line}FROM b\nRUN x\n"))
    assert text == f"FROM a\nARG PIP_NO_CACHE_DIR=1 UV_NO_CACHE=1\n{expected}FROM b\nRUN x\n"


def test_a_step_is_found_without_its_cache_mount() -> None:
    dockerfile = parse_dockerfile("FROM a\nRUN --mount=type=cache,target=/c \\\n    make all\n")
    assert find_line(dockerfile, "RUN make all") == 2
