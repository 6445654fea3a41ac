"""Features and all they depend on, found and not installed: for who asks what would be."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple

from cove.errors import ConfigurationError
from cove.host import files
from cove.spec.features import parse_options
from cove.spec.jsonc import parse_jsonc_object
from cove.spec.lock import lock_path, parse_lock
from cove.spec.narrow import Spot, parse_object, parse_texts
from cove.spec.order import Wanted, plan_order, render_key
from cove.spec.variables import Scope, substitute
from cove.workspace.features import find_features

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cove.spec.jsonc import JsonValue
    from cove.spec.lock import Locked
    from cove.spec.order import Resolved
    from cove.workspace.session import Session

TEXT_BYTES = 4 << 20


class Graph(NamedTuple):
    """What is wanted, and what was found."""

    wanted: tuple[Wanted, ...]
    known: Mapping[str, Resolved]
    written: Mapping[str, JsonValue]
    """The options of each Feature as somebody wrote them, by `render_key`: the configuration, or who depends on it."""
    override: tuple[str, ...] = ()

    def plan(self) -> list[Resolved]:
        """Return the order of installation. Raises ConfigurationError where there is none."""
        return plan_order(self.wanted, self.known, self.override)


def read_graph(session: Session, features: Mapping[str, JsonValue]) -> Graph:
    """Return what Features of registries depend on. Raises ConfigurationError, NetworkError, ArchiveError."""
    return _find(session, session.machine.cwd, features, {}, Spot())


def read_configured_graph(session: Session, folder: str, path: str) -> Graph:
    """Return what the Features of a configuration depend on; its lockfile is honoured, and not written.

    Raises ConfigurationError, NetworkError, ArchiveError.
    """
    data = files.read_bounded(path, limit=TEXT_BYTES)
    if data is None:
        raise ConfigurationError(f"Dev container config ({path}) not found.")
    text = data.decode("utf-8", "replace")
    document = substitute(parse_jsonc_object(text, path), Scope(session.machine.env, folder, "", ""))
    spot = Spot(text, path)
    if not isinstance(document.get("features"), dict) or not document["features"]:
        raise ConfigurationError(f"Could not parse features object in configuration '{path}'")
    features = parse_object(document["features"], spot / "features")
    override = parse_texts(
        document.get("overrideFeatureInstallOrder") or [], spot / "overrideFeatureInstallOrder"
    )
    locked = (files.read_bounded(lock_path(path), limit=TEXT_BYTES) or b"").decode("utf-8", "replace")
    return _find(
        session, os.path.dirname(path), features, parse_lock(locked, lock_path(path)), spot
    )._replace(override=override)


def _find(
    session: Session, here: str, features: Mapping[str, JsonValue], locked: Mapping[str, Locked], spot: Spot
) -> Graph:
    wanted = tuple(
        Wanted(name, parse_options(value, spot / "features" / name)) for name, value in features.items()
    )
    known = find_features(session, here, wanted, locked, spot / "features")
    sources = (features, *(node.manifest.depends_on for node in known.values()))
    written: dict[str, JsonValue] = {}
    for name, value in (pair for source in sources for pair in source.items()):
        written.setdefault(render_key(Wanted(name, parse_options(value, spot))), value)
    return Graph(wanted, known, written)
