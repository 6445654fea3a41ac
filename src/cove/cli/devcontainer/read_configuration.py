"""`cove devcontainer read-configuration`."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

from cove.cli.devcontainer import show_failure as fail
from cove.cli.devcontainer.options import CONTAINER, EVERYWHERE, FLAG, FOLDER, Option
from cove.cli.devcontainer.target import (
    bind_container,
    find_container,
    open_target,
)
from cove.errors import ConfigurationError, EngineError
from cove.spec.reference import CONFIGURATION_KEYS, UPDATEABLE_KEYS, merge_documents, parse_metadata, pick
from cove.spec.variables import substitute

if TYPE_CHECKING:
    import argparse

    from cove.cli.devcontainer.target import Target
    from cove.engines.base import ContainerInfo
    from cove.spec.reference import Document
    from cove.workspace.session import Session

__all__ = ["OPTIONS", "fail", "run"]

OPTIONS = {
    **EVERYWHERE,
    **FOLDER,
    **CONTAINER,
    "include-features-configuration": FLAG,
    "include-merged-configuration": FLAG._replace(doc="with what image and Features add"),
    "additional-features": Option("Features to add, as JSON"),
}


def run(args: argparse.Namespace) -> int:
    """Print the configuration as one JSON object."""
    session, target, labels = open_target(args)
    container = _find(session, args, labels)
    if container is not None:
        target = bind_container(target, container, labels)
    wanted = args.include_features_configuration or (args.include_merged_configuration and not container)
    features = _read_features(session, target, args) if wanted else None
    found = {
        "configuration": target.document,
        "workspace": target.workspace,
        "featuresConfiguration": features,
        "mergedConfiguration": merge(session, target, container, labels, features)
        if args.include_merged_configuration
        else None,
    }
    shown = {key: value for key, value in found.items() if value is not None}
    sys.stdout.write(f"{json.dumps(shown, ensure_ascii=False, separators=(',', ':'))}\n")
    return 0


def _read_features(session: Session, target: Target, args: argparse.Namespace) -> Document | None:
    from cove.cli.devcontainer.wished import read_features

    return read_features(session, target, args)


def _find(session: Session, args: argparse.Namespace, labels: dict[str, str]) -> ContainerInfo | None:
    """Return the container; where no engine answers, the files still say what they say."""
    try:
        return find_container(session, args, labels)
    except EngineError:
        if args.container_id or args.id_label:
            raise
        return None


def merge(
    session: Session,
    target: Target,
    container: ContainerInfo | None,
    labels: dict[str, str],
    features: Document | None = None,
) -> Document:
    """Return the merged configuration: of the container that is there, else of the image that would be used."""
    from cove.spec.reference_features import pick_entries

    added = substitute(pick_entries(features), target.scope)
    if container is None:
        entries = [*substitute(_image_metadata(session, target), target.scope), *added]
        return merge_documents(target.document, [*entries, pick(target.document, CONFIGURATION_KEYS)])
    entries = substitute(parse_metadata(container.labels.get("devcontainer.metadata", "")), target.scope)
    ours = labels and all(label in container.labels for label in labels) and entries
    if ours:
        return merge_documents(target.document, [*entries, pick(target.document, UPDATEABLE_KEYS)])
    return merge_documents(target.document, [*entries, *added, pick(target.document, CONFIGURATION_KEYS)])


def _image_metadata(session: Session, target: Target) -> list[Document]:
    from cove.spec.config import ComposeSource, ImageSource, parse_source
    from cove.spec.narrow import Spot
    from cove.workspace.bases import BuildOptions, fetch_base

    source = parse_source(target.document, Spot("", target.config_path))
    if isinstance(source, ComposeSource):
        from cove.workspace.compose import read_project

        _, source = read_project(session.machine, source, target.config_path, target.folder)
    if isinstance(source, ImageSource):
        reference = source.image
    else:
        from cove.spec.dockerfile import final_base, parse_dockerfile

        try:
            with open(source.dockerfile, encoding="utf-8") as file:
                text = file.read()
        except OSError as error:
            raise ConfigurationError(
                f"the Dockerfile {source.dockerfile} does not exist", path=target.config_path
            ) from error
        reference = final_base(parse_dockerfile(text, path=source.dockerfile), source.args, source.target)
    if not reference:
        return []
    with session.progress.step("image", f"looking at {reference}") as step:
        reference = fetch_base(session, reference, step, {}, BuildOptions())
    info = session.engine.inspect_image(reference)
    return parse_metadata(info.labels.get("devcontainer.metadata", "")) if info else []
