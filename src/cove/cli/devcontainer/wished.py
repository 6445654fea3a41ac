"""The Features that a configuration and the options wish, found and shown as the reference shows them."""

from __future__ import annotations

import json
import os
import re
from typing import TYPE_CHECKING

from cove.errors import ConfigurationError, UsageError
from cove.workspace.read import read_owner

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterable, Mapping

    from cove.cli.devcontainer.target import Target
    from cove.spec.jsonc import JsonValue
    from cove.spec.reference import Document
    from cove.workspace.session import Session

TARBALL_NAME = re.compile(r"/devcontainer-feature-[a-zA-Z0-9_-]+\.tgz$")


def parse_features(text: str) -> Mapping[str, JsonValue]:
    """Return the object of `--additional-features`. Raises UsageError."""
    try:
        found = json.loads(text or "{}")
    except ValueError as error:
        raise UsageError(f"--additional-features is no JSON: {error}") from error
    if not isinstance(found, dict):
        raise UsageError("--additional-features must be a JSON object")
    return found


def read_features(session: Session, target: Target, args: argparse.Namespace) -> Document | None:
    """Return `featuresConfiguration`; None where no Feature is wished. The lockfile has no say in it, as there.

    Raises ConfigurationError, NetworkError, ArchiveError.
    """
    from cove.spec.reference_features import render_features
    from cove.workspace.features import LockOptions, Wish, read_installed, resolve_wish, store_folder

    own = target.document.get("features") or {}
    wished = {**own, **parse_features(args.additional_features), **own}
    if not wished:
        return None
    folder = target.folder or session.machine.cwd
    check_places(wished, target.config_path, folder)
    override = target.document.get("overrideFeatureInstallOrder")
    wish = Wish(target.config_path, wished, read_owner(session.machine, folder), override)
    installation = resolve_wish(session, wish, LockOptions(ignored=True))
    return render_features(read_installed(session, installation), wished, store_folder(session))


def check_places(names: Iterable[str], config_path: str, folder: str) -> None:
    """Return unless a local Feature lies elsewhere than in the workspace's `.devcontainer`, or a tarball has another name.

    Raises ConfigurationError, as the specification has it ("Referencing a Feature", "Addendum: Locally Referenced").
    """
    for name in names:
        if name.startswith("https://") and not TARBALL_NAME.search(name):
            raise ConfigurationError(
                f"the Feature {name} is not called devcontainer-feature-NAME.tgz", path=config_path
            )
        place = os.path.normpath(os.path.join(os.path.dirname(config_path), name))
        if name.startswith(("./", "../")) and not place.startswith(f"{folder}/.devcontainer/"):
            raise ConfigurationError(
                f"the Feature {name} lies outside of {folder}/.devcontainer",
                path=config_path,
                hint="Move its folder there; `cove up` takes it where it is.",
            )
