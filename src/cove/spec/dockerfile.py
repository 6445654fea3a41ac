"""What cove asks of a Dockerfile, and rewritten forms of it that differ only where they must."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Literal

from cove.spec.certificates import BUILD_CERTIFICATES_AT, CERTIFICATE_VARIABLES, CERTIFICATES_AT, SECRET_ID
from cove.spec.expansion import expand
from cove.spec.image_users import render_uid_update, render_user_image
from cove.spec.stages import (
    Dockerfile,
    Stage,
    find_stage,
    find_target,
    global_args,
    other_sources,
    parent_chain,
    parse_dockerfile,
    refuse,
    resolve_images,
    split_pairs,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from cove.spec.run import BuildFile

__all__ = [
    "Dockerfile",
    "Stage",
    "base_images",
    "final_base",
    "last_user",
    "parse_dockerfile",
    "render_build_files",
    "render_certificates",
    "render_replaced_bases",
    "render_uid_update",
    "render_user_image",
    "render_without_caches",
]

STEP_LENGTH = 60
"""As much of an instruction as every builder shows."""
MOUNT = "--mount=type=secret,id={id},target={target},mode=0444"
SECRET_MOUNT = MOUNT.format(id=SECRET_ID, target=BUILD_CERTIFICATES_AT)
ADDED_MOUNT = re.compile(r"--mount=type=secret,id=cove-\S+,mode=0444 ")
FLAGS = re.compile(r"(?:[ \t]+--\S+|[ \t]*\\\r?\n)*")
CACHE_MOUNT = re.compile(r"[ \t]+--mount=(?=\S*\btype=cache\b)\S+")


def base_images(dockerfile: Dockerfile, args: Mapping[str, str], target: str) -> tuple[str, ...]:
    """Return the images from elsewhere that the target's stages need, in the file's order, `scratch` left out.

    Follows FROM, `COPY --from` and `RUN --mount=…,from=`. `args` are the build arguments (`TARGETARCH` and its
    sisters count as given). An empty target is the last stage. Raises ConfigurationError for an unknown target, which
    names the known ones, and for a FROM whose variables leave nothing.
    """
    starts = resolve_images(dockerfile, args)
    known = global_args(dockerfile, args)
    needed: set[int] = set()
    images: dict[tuple[int, int], str] = {}
    todo = [find_target(dockerfile, target)]
    while todo:
        number = todo.pop()
        if number in needed:
            continue
        needed.add(number)
        stage = dockerfile.stages[number]
        if not starts[number]:
            refuse(
                dockerfile.path, stage.source, f"FROM {stage.image} names no image: the variable is not set"
            )
        for order, image in enumerate((starts[number], *other_sources(stage, known, dockerfile.escape))):
            parent = find_stage(dockerfile, image, number, by_number=order > 0)
            if parent is not None:
                todo.append(parent)
            elif image != "scratch":
                images[number, order] = image
    return tuple(dict.fromkeys(images[key] for key in sorted(images)))


def final_base(dockerfile: Dockerfile, args: Mapping[str, str], target: str) -> str:
    """Return the one image from elsewhere whose user, environment and labels the target inherits; empty for scratch.

    Not always the last of `base_images`: those copied from are among these.
    """
    first = parent_chain(dockerfile, args, find_target(dockerfile, target))[0]
    image = resolve_images(dockerfile, args)[first]
    return "" if image == "scratch" else image


def last_user(
    dockerfile: Dockerfile,
    args: Mapping[str, str],
    target: str,
    *,
    base_env: Mapping[str, str] | None = None,
) -> str | None:
    """Return the user in force at the end of the target, without its group; None: as the base image has it.

    `base_env` is the base image's environment, for `USER $NAME` with a variable from there.
    """
    chain = parent_chain(dockerfile, args, find_target(dockerfile, target))
    inherited = global_args(dockerfile, args)
    env: dict[str, str] = dict(base_env or {})
    local: dict[str, str] = {}
    user: str | None = None
    for number in chain:
        for item in dockerfile.stages[number].instructions:
            known = {**local, **env}
            if item.word == "ENV":
                env.update(_parse_env(item.rest, known, dockerfile.escape))
            elif item.word == "ARG":
                local.update(_parse_args(item.rest, known, args, inherited, dockerfile.escape))
            elif item.word == "USER":
                user = expand(item.rest, known, dockerfile.escape).partition(":")[0].strip() or user
    return user


def render_replaced_bases(
    dockerfile: Dockerfile, replacements: Mapping[str, str], args: Mapping[str, str] | None = None
) -> str:
    """Return the text with the images of FROM lines replaced; everything else byte for byte.

    `replacements` is keyed by what `base_images` returned for the same `args`.
    """
    images = resolve_images(dockerfile, args or {})
    edits = []
    for number, (stage, image) in enumerate(zip(dockerfile.stages, images, strict=True)):
        if find_stage(dockerfile, image, number) is None and image in replacements:
            edits.append((*stage.image_span, replacements[image]))
    return _edited(dockerfile.text, edits)


def render_certificates(
    dockerfile: Dockerfile, *, way: Literal["secret", "volume", "copy"], image: str = ""
) -> str:
    """Return the text with the host's certificate authorities within reach of every RUN; the rest byte for byte.

    Each stage that runs something gets one ARG line right after its FROM, naming cove's own path. What brings the
    file there depends on the builder: "secret" adds a BuildKit secret mount (`SECRET_ID`) to each RUN, "volume" adds
    nothing (podman's `build -v`), "copy" takes it from `image` (the legacy docker builder; it stays in the result,
    which is therefore for development only). An ONBUILD RUN is left alone: it runs in somebody else's build.
    """
    mounts = [SECRET_MOUNT] if way == "secret" else []
    return _within_reach(dockerfile, _certificate_lines(way, image), mounts)


def render_build_files(
    dockerfile: Dockerfile, files: Sequence[BuildFile], *, way: Literal["secret", "volume"]
) -> str:
    """Return the text with these files within reach of every RUN, as `render_certificates` does it."""
    line = "ARG " + " ".join(f"{file.variable}={file.value}" for file in files)
    mounts = [MOUNT.format(id=file.id, target=file.target) for file in files]
    return _within_reach(dockerfile, [line], mounts if way == "secret" else [])


def _within_reach(dockerfile: Dockerfile, lines: Sequence[str], mounts: Sequence[str]) -> str:
    """Return the text with these lines after the FROM of each stage that runs something, and mounts for each RUN."""
    edits = []
    for stage in dockerfile.stages:
        runs = [item for item in stage.instructions if item.word == "RUN"]
        if not runs:
            continue
        newline = "\r\n" if dockerfile.text[: stage.source.end].endswith("\r\n") else "\n"
        edits.append((stage.source.end, stage.source.end, "".join(line + newline for line in lines)))
        added = "".join(f" {mount}" for mount in mounts)
        edits += [(item.word_end, item.word_end, added) for item in runs if added]
    return _edited(dockerfile.text, edits)


def render_without_caches(dockerfile: Dockerfile) -> str:
    """Return the text without cache mounts, for a builder that has none; the rest byte for byte.

    pip and uv are told to keep no cache there, since it would stay in the image.
    """
    edits = []
    for stage in dockerfile.stages:
        found = [
            (item.word_end + mount.start(), item.word_end + mount.end(), "")
            for item in stage.instructions
            if item.word == "RUN" and (flags := FLAGS.match(dockerfile.text[item.word_end : item.end]))
            for mount in CACHE_MOUNT.finditer(flags[0])
        ]
        if found:
            edits += [(stage.source.end, stage.source.end, "ARG PIP_NO_CACHE_DIR=1 UV_NO_CACHE=1\n"), *found]
    return _edited(dockerfile.text, edits)


def find_line(dockerfile: Dockerfile, step: str) -> int:
    """Return the line of the instruction that a builder calls `step`, 0 if none is it.

    Builders join continued lines, and cut long ones; a step rendered by `render_certificates` is found as well.
    """
    wanted = _plain(step)[:STEP_LENGTH]
    stages = [item for stage in dockerfile.stages for item in stage.instructions]
    found = (item.line for item in stages if wanted and _plain(f"{item.word} {item.rest}").startswith(wanted))
    return next(found, 0)


def clean_step(step: str) -> str:
    """Return an instruction as its author wrote it, without the mounts that were added here."""
    return ADDED_MOUNT.sub("", step)


def _plain(step: str) -> str:
    return " ".join(CACHE_MOUNT.sub("", clean_step(step)).replace("\\", " ").split())


def _certificate_lines(way: str, image: str) -> list[str]:
    # One line for all: the legacy builder makes a layer's worth of work of each ARG.
    place = CERTIFICATES_AT if way == "copy" else BUILD_CERTIFICATES_AT
    line = "ARG " + " ".join(f"{name}={place}" for name in CERTIFICATE_VARIABLES)
    return [f"COPY --from={image} {CERTIFICATES_AT} {CERTIFICATES_AT}", line] if way == "copy" else [line]


def _edited(text: str, edits: Iterable[tuple[int, int, str]]) -> str:
    for start, end, new in sorted(edits, reverse=True):
        text = text[:start] + new + text[end:]
    return text


def _parse_env(rest: str, known: Mapping[str, str], escape: str) -> dict[str, str]:
    """Return the variables of an ENV: `A=1 B="2 3"`, or the old `A 1 2`. All see what was known before the line."""
    pairs = list(split_pairs(rest, escape))
    if pairs and pairs[0][1] is None:
        name, _, value = rest.partition(" ")
        return {name: expand(value.strip(), known, escape)}
    return {name: expand(value or "", known, escape) for name, value in pairs}


def _parse_args(
    rest: str, known: Mapping[str, str], args: Mapping[str, str], inherited: Mapping[str, str], escape: str
) -> dict[str, str]:
    """Return the variables of a stage's ARG: a build argument, else its default, else the ARG before the first FROM."""
    values = {}
    for name, default in split_pairs(rest, escape):
        if name in args:
            values[name] = args[name]
        elif default is not None:
            values[name] = expand(default, known, escape)
        elif name in inherited:
            values[name] = inherited[name]
    return values
