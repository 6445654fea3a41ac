import pytest

from cove.errors import ConfigurationError
from cove.spec.stages import (
    find_stage,
    find_target,
    global_args,
    other_sources,
    parent_chain,
    parse_dockerfile,
    resolve_images,
)

TEXT = """\
# syntax=docker/dockerfile:1
ARG TAG=12
ARG BASE="debian:${TAG}" OTHER
FROM --platform=$BUILDPLATFORM golang:1.22 AS Tools
FROM ${BASE} as base
FROM tools
FROM \\
  base AS last
COPY --from=0 /a /a
COPY --chown=x --from=ghcr.io/astral-sh/uv:latest /uv /bin/
RUN --mount=type=cache,target=/c --mount=type=bind,from=alpine:${TAG},target=/x --network=none make
ADD --checksum=x https://x/y /y
RUN echo --from=nothing
"""


def test_reads_stages() -> None:
    dockerfile = parse_dockerfile(TEXT, path="Dockerfile")
    assert [(stage.image, stage.name, stage.line) for stage in dockerfile.stages] == [
        ("golang:1.22", "Tools", 4),
        ("${BASE}", "base", 5),
        ("tools", "", 6),
        ("base", "last", 7),
    ]
    assert [TEXT[slice(*stage.image_span)] for stage in dockerfile.stages] == [
        "golang:1.22",
        "${BASE}",
        "tools",
        "base",
    ]
    assert dockerfile.syntax == "docker/dockerfile:1"
    assert dockerfile.escape == "\\"
    assert len(dockerfile.arguments) == 2
    assert [item.word for item in dockerfile.stages[3].instructions] == ["COPY", "COPY", "RUN", "ADD", "RUN"]


def test_resolves_what_stages_start_from() -> None:
    dockerfile = parse_dockerfile(TEXT)
    assert resolve_images(dockerfile, {}) == ("golang:1.22", "debian:12", "tools", "base")
    assert resolve_images(dockerfile, {"TAG": "sid", "NOT": "x"})[1] == "debian:sid"
    assert global_args(dockerfile, {"OTHER": "o", "NOT": "x", "TARGETARCH": "arm64"}) == {
        "TAG": "12",
        "BASE": "debian:12",
        "OTHER": "o",
        "TARGETARCH": "arm64",
    }


def test_finds_stages_by_name_and_number() -> None:
    dockerfile = parse_dockerfile(TEXT)
    assert find_stage(dockerfile, "TOOLS", 4) == 0
    assert find_stage(dockerfile, "last", 3) is None
    assert find_stage(dockerfile, "1", 4) is None
    assert find_stage(dockerfile, "1", 4, by_number=True) == 1
    assert find_stage(dockerfile, "4", 4, by_number=True) is None
    assert find_stage(dockerfile, "", 4) is None
    assert find_stage(parse_dockerfile("FROM a AS x\nFROM b AS x\nFROM x"), "x", 2) == 1
    assert [find_target(dockerfile, name) for name in ("", "Base", "2")] == [3, 1, 2]
    assert parent_chain(dockerfile, {}, 3) == [1, 3]
    assert parent_chain(dockerfile, {}, 2) == [0, 2]


def test_finds_what_is_copied_and_mounted_from() -> None:
    dockerfile = parse_dockerfile(TEXT)
    sources = other_sources(dockerfile.stages[3], {"TAG": "3"}, "\\")
    assert list(sources) == ["0", "ghcr.io/astral-sh/uv:latest", "alpine:3"]


def test_an_unknown_target_names_the_known_ones() -> None:
    with pytest.raises(ConfigurationError) as caught:
        find_target(parse_dockerfile(TEXT, path="Dockerfile"), "dev")
    assert caught.value.message == "Dockerfile: there is no build stage `dev`"
    assert "Tools, base, last" in caught.value.hint
    with pytest.raises(ConfigurationError) as caught:
        find_target(parse_dockerfile("FROM a"), "dev")
    assert "No stage has a name" in caught.value.hint


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "Dockerfile:1: the Dockerfile has no FROM"),
        ("# c\nARG A\n", "Dockerfile:1: the Dockerfile has no FROM"),
        ("RUN x\nFROM a", "Dockerfile:1:1: RUN stands before the first FROM; only ARG may"),
        ("FROM", "Dockerfile:1:1: FROM takes an image"),
        ("ARG A\n  FROM a b", "Dockerfile:2:3: FROM takes an image"),
        ("FROM a AS", "Dockerfile:1:1: FROM takes an image"),
        ("FROM --platform=x", "Dockerfile:1:1: FROM takes an image"),
        ("FROM a\nRUNN x", "Dockerfile:2:1: `RUNN` is not an instruction of Dockerfiles"),
        ("# syntax=docker/dockerfile:1\nFROM a\nRUNN x", "Dockerfile:3:1: `RUNN` is not"),
    ],
)
def test_refuses_with_the_place(text: str, message: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        parse_dockerfile(text, path="Dockerfile")
    assert caught.value.message.startswith(message)


def test_a_foreign_syntax_may_know_other_instructions() -> None:
    assert len(parse_dockerfile("# syntax=example.org/other\nFROM a\nINCLUDE x").stages) == 1
