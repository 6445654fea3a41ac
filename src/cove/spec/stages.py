"""A Dockerfile's stages: where each starts from, what it is called, and which other stages and images it needs."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple, NoReturn

from cove.errors import ConfigurationError
from cove.spec.expansion import expand
from cove.spec.instructions import parse_directives, parse_instructions, split_words

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from cove.spec.instructions import Instruction

WORDS = (
    "ADD|ARG|CMD|COPY|ENTRYPOINT|ENV|EXPOSE|FROM|HEALTHCHECK|LABEL|MAINTAINER|ONBUILD|RUN|SHELL|STOPSIGNAL|USER|"
    "VOLUME|WORKDIR"
)
PLATFORM_ARGS = frozenset(
    f"{side}{part}" for side in ("BUILD", "TARGET") for part in ("PLATFORM", "OS", "ARCH", "VARIANT")
)
"""Known in FROM lines without an ARG, if the builder is told them."""


class Stage(NamedTuple):
    """One FROM and what follows it."""

    image: str
    """As written, variables and quotes included."""
    name: str
    """What AS says, or empty."""
    line: int
    source: Instruction
    """The FROM itself."""
    image_span: tuple[int, int]
    """Where the image is written in the file's text."""
    instructions: tuple[Instruction, ...]


class Dockerfile(NamedTuple):
    """A parsed Dockerfile; `text` is the file, byte for byte."""

    text: str
    path: str
    escape: str
    syntax: str
    """What `# syntax=` says, or empty."""
    arguments: tuple[Instruction, ...]
    """The ARG lines before the first FROM."""
    stages: tuple[Stage, ...]


def parse_dockerfile(text: str, *, path: str = "") -> Dockerfile:
    """Return the stages of a Dockerfile.

    Raises ConfigurationError with the line for an unknown instruction (unless a foreign `# syntax=` may know it), a
    malformed FROM, a here-document that is not closed, an instruction before the first FROM, and a file without FROM.
    """
    directives = parse_directives(text)
    escape = "`" if directives.get("escape") == "`" else "\\"
    syntax = directives.get("syntax", "")
    instructions = parse_instructions(text, escape, path)
    if not syntax or re.match(r"(?:docker\.io/)?docker/dockerfile(?:[:@]|$)", syntax):
        _check_words(instructions, path)
    starts = [index for index, item in enumerate(instructions) if item.word == "FROM"]
    if not starts:
        raise ConfigurationError("the Dockerfile has no FROM", path=path, line=1)
    arguments = instructions[: starts[0]]
    for item in arguments:
        if item.word != "ARG":
            refuse(path, item, f"{item.word} stands before the first FROM; only ARG may")
    ends = [*starts[1:], len(instructions)]
    stages = (_stage(instructions[a:b], path) for a, b in zip(starts, ends, strict=True))
    return Dockerfile(text, path, escape, syntax, arguments, tuple(stages))


def resolve_images(dockerfile: Dockerfile, args: Mapping[str, str]) -> tuple[str, ...]:
    """Return the image or stage each stage starts from, variables replaced; empty where they leave nothing.

    In a FROM line count the ARGs before the first FROM, with their defaults or the build arguments of the same name,
    and what the builder says of platforms.
    """
    known = global_args(dockerfile, args)
    return tuple(expand(stage.image, known, dockerfile.escape) for stage in dockerfile.stages)


def global_args(dockerfile: Dockerfile, args: Mapping[str, str]) -> dict[str, str]:
    """Return the variables a FROM line sees."""
    known = {name: value for name, value in args.items() if name in PLATFORM_ARGS}
    for item in dockerfile.arguments:
        for name, default in split_pairs(item.rest, dockerfile.escape):
            if name in args:
                known[name] = args[name]
            elif default is not None:
                known[name] = expand(default, known, dockerfile.escape)
    return known


def split_pairs(rest: str, escape: str) -> Iterator[tuple[str, str | None]]:
    """Yield name and unexpanded value of each `NAME=value` of an ARG or ENV; None for a name alone."""
    for start, end in split_words(rest, escape):
        name, equals, value = rest[start:end].partition("=")
        yield name, value if equals else None


def find_stage(dockerfile: Dockerfile, name: str, before: int, *, by_number: bool = False) -> int | None:
    """Return the number of the last stage of that name among the first `before`; None: an image from elsewhere.

    COPY and --target know stages by their number, too (`by_number`); FROM does not.
    """
    for number in reversed(range(before)):
        if dockerfile.stages[number].name.lower() == name.lower() != "":
            return number
    if by_number and name.isdecimal() and int(name) < before:
        return int(name)
    return None


def find_target(dockerfile: Dockerfile, target: str) -> int:
    """Return the number of the stage to build; an unknown one is a ConfigurationError that names the known ones."""
    count = len(dockerfile.stages)
    if not target:
        return count - 1
    number = find_stage(dockerfile, target, count, by_number=True)
    if number is None:
        names = ", ".join(stage.name for stage in dockerfile.stages if stage.name)
        raise ConfigurationError(
            f"there is no build stage `{target}`",
            path=dockerfile.path,
            hint=f"The stages with a name are: {names}."
            if names
            else "No stage has a name (FROM image AS name).",
        )
    return number


def parent_chain(dockerfile: Dockerfile, args: Mapping[str, str], number: int) -> list[int]:
    """Return the stages a stage is built upon, the first one first, itself last."""
    images = resolve_images(dockerfile, args)
    chain = [number]
    while (parent := find_stage(dockerfile, images[chain[0]], chain[0])) is not None:
        chain.insert(0, parent)
    return chain


def other_sources(stage: Stage, known: Mapping[str, str], escape: str) -> Iterator[str]:
    """Yield the stages and images that a stage copies or mounts from."""
    for item in stage.instructions:
        if item.word in ("COPY", "ADD", "RUN"):
            for name, value in parse_flags(item, escape):
                source = value if name == "from" else _mount_source(value) if name == "mount" else ""
                if expanded := expand(source, known, escape):
                    yield expanded


def parse_flags(item: Instruction, escape: str) -> Iterator[tuple[str, str]]:
    """Yield name and value of the flags an instruction begins with: `--from=builder`."""
    for start, end in split_words(item.rest, escape):
        word = item.rest[start:end]
        if not word.startswith("--"):
            return
        name, _, value = word.removeprefix("--").partition("=")
        yield name, value


def refuse(path: str, item: Instruction, message: str) -> NoReturn:
    """Raise the ConfigurationError about an instruction."""
    first = item.pieces[0].text
    column = len(first) - len(first.lstrip()) + 1
    raise ConfigurationError(message, path=path, line=item.line, column=column)


def _mount_source(value: str) -> str:
    fields = (field.partition("=") for field in value.strip("\"'").split(","))
    return next((source for key, _, source in fields if key == "from"), "")


def _stage(instructions: tuple[Instruction, ...], path: str) -> Stage:
    source = instructions[0]
    words = [(match.start(), match.end()) for match in re.finditer(r"\S+", source.rest)]
    operands = [span for span in words if not source.rest[slice(*span)].startswith("--")]
    texts = [source.rest[start:end] for start, end in operands]
    if len(texts) not in (1, 3) or (len(texts) == 3 and texts[1].lower() != "as"):
        refuse(path, source, "FROM takes an image and may give the stage a name: FROM image [AS name]")
    start, end = operands[0]
    return Stage(
        image=texts[0],
        name=texts[2] if len(texts) == 3 else "",
        line=source.line,
        source=source,
        image_span=(source.position(start), source.position(end - 1) + 1),
        instructions=instructions[1:],
    )


def _check_words(instructions: tuple[Instruction, ...], path: str) -> None:
    for item in instructions:
        if not re.fullmatch(WORDS, item.word):
            refuse(path, item, f"`{item.word}` is not an instruction of Dockerfiles")
