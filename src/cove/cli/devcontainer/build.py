"""`cove devcontainer build`."""

from __future__ import annotations

import json
import os
import sys
from typing import TYPE_CHECKING

from cove.cli.devcontainer.bound import read_bound
from cove.cli.devcontainer.options import EVERYWHERE, FLAG, FOLDER, IGNORED, IGNORED_FLAG, LOCKFILE, Option
from cove.cli.devcontainer.target import open_target
from cove.cli.devcontainer.up import fail
from cove.errors import ConfigurationError
from cove.spec.config import ImageSource
from cove.spec.identity import render_image_name
from cove.workspace.bases import BuildOptions
from cove.workspace.build import build_reading

if TYPE_CHECKING:
    import argparse

    from cove.workspace.read import Reading
    from cove.workspace.session import Session

__all__ = ["OPTIONS", "POSITIONALS", "fail", "run"]

POSITIONALS = 1
"""The folder, in the place of `--workspace-folder`."""
OPTIONS = {
    **EVERYWHERE,
    "workspace-folder": FOLDER["workspace-folder"],
    "config": FOLDER["config"],
    "no-cache": FLAG._replace(doc="build without the engine's layer cache"),
    "image-name": Option("a name for the image", many=True),
    "cache-from": Option("an image or place to take layers from", many=True),
    "cache-to": Option("where BuildKit keeps its layer cache"),
    "buildkit": IGNORED._replace(choices=("auto", "never")),
    "platform": Option("build for another platform, such as linux/arm64"),
    "push": FLAG._replace(doc="push it under its names"),
    "label": Option("name=value, for the image", many=True),
    "output": Option("where the image is written besides, as for `docker build --output`"),
    "additional-features": Option("Features to add, as JSON"),
    "skip-feature-auto-mapping": IGNORED_FLAG,
    "skip-persisting-customizations-from-features": FLAG._replace(
        doc="keep what Features say to editors out of the image's metadata"
    ),
    "omit-syntax-directive": IGNORED_FLAG,
    **LOCKFILE,
}
PROJECT_LACKS = {
    "platform": "--platform or --push not supported.",
    "push": "--platform or --push not supported.",
    "output": "--output not supported.",
    "cache_to": "--cache-to not supported.",
}
"""What the reference does not do for a compose project, in its words."""


def run(args: argparse.Namespace) -> int:
    """Build the image and print its names."""
    args.id_label, args.override_config, args.mount_workspace_git_root = [], "", False
    args.workspace_folder = args.workspace_folder or (args.rest[0] if args.rest else "")
    session, target, labels = open_target(args)
    if args.output and args.push:
        raise ConfigurationError("--push true cannot be used with --output.")
    reading = read_bound(session, args, target, labels)
    if reading.project:
        for name, sentence in PROJECT_LACKS.items():
            if getattr(args, name):
                raise ConfigurationError(sentence)
    own = choose_name(session, reading)
    tags = (own, *args.image_name) if reading.project else tuple(args.image_name) or (own,)
    build_reading(session, reading, make_options(args, tags))
    names = args.image_name or (own if reading.project else [own])
    document = {"outcome": "success", "imageName": names}
    sys.stdout.write(f"{json.dumps(document, separators=(',', ':'))}\n")
    return 0


def choose_name(session: Session, reading: Reading) -> str:
    """Return what the image is called where nobody says it: as the reference, and compose, call it."""
    name = render_image_name(reading.address.folder)
    from_image = isinstance(reading.configuration.source, ImageSource)
    if reading.project is None:
        return f"{name}-features" if from_image else name
    if from_image:
        return name
    project = reading.project
    between = "-" if session.engine.compose().argv[-1] == "compose" else "_"
    return project.image or f"{project.name}{between}{project.service}"


def make_options(args: argparse.Namespace, tags: tuple[str, ...]) -> BuildOptions:
    """Return what the options ask of the build."""
    return BuildOptions(
        no_cache=args.no_cache,
        platform=args.platform,
        tags=tags,
        push=args.push,
        frozen_lockfile=args.frozen_lockfile or args.experimental_frozen_lockfile,
        no_lockfile=args.no_lockfile,
        labels=dict(label.partition("=")[::2] for label in args.label),
        cache_from=tuple(args.cache_from),
        cache_to=args.cache_to,
        output=_absolute(args.output),
        feature_customizations=not args.skip_persisting_customizations_from_features,
    )


def _absolute(output: str) -> str:
    """Return where the image is written with the path made whole: the builder may run elsewhere."""
    words = output.split(",")
    if output and "=" not in output and output != "-":
        return os.path.abspath(output)
    return ",".join(
        f"dest={os.path.abspath(word.removeprefix('dest='))}" if word.startswith("dest=") else word
        for word in words
    )
