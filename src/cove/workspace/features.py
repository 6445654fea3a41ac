"""The Features of a configuration: found, ordered and locked; `feature_image.py` installs them."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple

from cove.errors import ConfigurationError
from cove.host import files
from cove.oci.credentials import read_login
from cove.oci.feature_store import FeatureStore
from cove.oci.registry import Registry
from cove.spec.features import LocalReference, OciReference, parse_options, parse_reference
from cove.spec.lock import lock_path, parse_lock, render_lock
from cove.spec.narrow import Spot, parse_texts
from cove.spec.order import Resolved, Wanted, missing, plan_order, render_key
from cove.spec.reference_features import Installed

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cove.host.http import HttpClient
    from cove.host.machine import Owner
    from cove.spec.jsonc import JsonValue
    from cove.spec.layer import Layer
    from cove.spec.lock import Locked
    from cove.workspace.read import Reading
    from cove.workspace.session import Session

AT_ONCE = 8
"""Features fetched beside each other."""


class LockOptions(NamedTuple):
    """What a person says of the lockfile."""

    frozen: bool = False
    """It must be there and fit; nothing is written."""
    ignored: bool = False
    """Neither read nor written."""


class Installation(NamedTuple):
    """Features ready to be installed."""

    order: tuple[Resolved, ...]
    folders: tuple[str, ...]
    """Where each one's files are."""

    @property
    def layers(self) -> tuple[Layer, ...]:
        """What each adds to the configuration, in order."""
        return tuple(node.manifest.layer._replace(id=node.wanted.text) for node in self.order)


class Wish(NamedTuple):
    """The Features that a configuration asks for."""

    path: str
    """The configuration's file."""
    features: Mapping[str, JsonValue]
    owner: Owner
    """Whose the lockfile is to be."""
    override: JsonValue = None
    """`overrideFeatureInstallOrder`, as written."""
    beside: frozenset[str] = frozenset()
    """Those that the file does not name itself; they stay out of its lockfile."""


def resolve_features(session: Session, reading: Reading, options: LockOptions) -> Installation:
    """Find a configuration's Features and all they depend on, and write the lockfile if it changed.

    Raises ConfigurationError, NetworkError, ArchiveError.
    """
    return resolve_wish(session, make_wish(reading), options)


def make_wish(reading: Reading) -> Wish:
    """Return the Features that a reading asks for."""
    configuration = reading.configuration
    own = configuration.document.get("features")
    beside = frozenset(configuration.features).difference(own if isinstance(own, dict) else ())
    override = configuration.document.get("overrideFeatureInstallOrder")
    return Wish(configuration.path, configuration.features, reading.owner, override, beside)


def resolve_wish(session: Session, wish: Wish, options: LockOptions) -> Installation:
    """Find Features as `resolve_features` does, whatever else their configuration says."""
    text = _text(wish.path)
    spot = Spot(text, wish.path)
    lock = _Lock(wish, options)
    finding = _Finding(session, os.path.dirname(wish.path), lock.locked, spot / "features")
    wanted = [
        Wanted(name, parse_options(value, spot / "features" / name)) for name, value in wish.features.items()
    ]
    finding.find(wanted)
    override = parse_texts(wish.override or [], spot / "overrideFeatureInstallOrder")
    order = tuple(plan_order(wanted, finding.known, override))
    for node in order:
        _tell(session, node)
    lock.write(order)
    return Installation(order, tuple(finding.folders[render_key(node.wanted)] for node in order))


def open_registry(session: Session) -> tuple[Registry, HttpClient]:
    """Return who asks registries, with this person's logins, authorities and mirrors."""
    from cove.host.http import HttpClient

    client = HttpClient(session.machine.env, ca_files=tuple(session.settings.certificates))
    mirrors = session.settings.registry_mirrors
    return Registry(client, lambda name: read_login(name, session.machine, session.runner), mirrors), client


def store_folder(session: Session) -> str:
    """Return where fetched Features are kept."""
    return f"{session.machine.directories.cache}/features"


def open_store(session: Session) -> FeatureStore:
    """Return the Features that are kept on this machine."""
    folder = store_folder(session)
    os.makedirs(folder, mode=0o700, exist_ok=True)
    return FeatureStore(folder, *open_registry(session))


def read_installed(session: Session, installation: Installation) -> tuple[Installed, ...]:
    """Return the Features with their places and their registries' manifests. Raises NetworkError."""
    store = open_store(session)
    return tuple(
        Installed(
            node,
            folder,
            store.read_manifest(node.reference, node.digest)
            if isinstance(node.reference, OciReference)
            else {},
        )
        for node, folder in zip(installation.order, installation.folders, strict=True)
    )


def _tell(session: Session, node: Resolved) -> None:
    if node.manifest.deprecated:
        session.progress.warn(f"the Feature {node.wanted.text} is deprecated: it gets no further updates")
    present = node.manifest.aliases[0] if node.manifest.aliases else node.manifest.id
    if present != node.manifest.id:
        session.progress.warn(f"the Feature {node.wanted.text} has been renamed to {present}")
    unknown = [
        name for name in node.wanted.options if name not in node.manifest.defaults and name != "version"
    ]
    declared = node.manifest.document.get("options")
    known = declared if isinstance(declared, dict) else {}
    for name in unknown:
        if name not in known:
            session.progress.warn(
                f"the Feature {node.wanted.text} has no option `{name}`; it is passed on all the same"
            )


def find_features(
    session: Session, here: str, wanted: Sequence[Wanted], locked: Mapping[str, Locked], spot: Spot
) -> Mapping[str, Resolved]:
    """Return these Features and all they depend on, by `render_key`; no lockfile is written.

    `here` is the folder of the configuration. Raises ConfigurationError, NetworkError, ArchiveError.
    """
    finding = _Finding(session, here, locked, spot)
    finding.find(wanted)
    return finding.known


class _Finding:
    """Features being found: round by round, since what a round finds may depend on more."""

    def __init__(self, session: Session, here: str, locked: Mapping[str, Locked], spot: Spot) -> None:
        self._store = open_store(session)
        self._session = session
        self._here = here
        self._locked = locked
        self._spot = spot
        self.known: dict[str, Resolved] = {}
        self.folders: dict[str, str] = {}

    def find(self, wanted: Sequence[Wanted]) -> None:
        """Fill `known` and `folders` with these and all they depend on."""
        from concurrent.futures import ThreadPoolExecutor

        while lacking := missing(wanted, self.known):
            names = ", ".join(want.text for want in lacking)
            with (
                self._session.progress.step("features", f"Features: {names}"),
                ThreadPoolExecutor(AT_ONCE) as pool,
            ):
                for want, found in zip(lacking, pool.map(self._find_one, lacking), strict=True):
                    self.known[render_key(want)], self.folders[render_key(want)] = found

    def _find_one(self, want: Wanted) -> tuple[Resolved, str]:
        reference = parse_reference(want.text, here=self._here, spot=self._spot / want.text)
        fetched = self._store.fetch(reference, self._locked.get(want.text.lower()))
        depends_on = tuple(_wanted(name, value, want) for name, value in fetched.manifest.depends_on.items())
        resolved = Resolved(want, reference, fetched.manifest, fetched.digest, depends_on)
        return resolved, fetched.folder


def _wanted(name: str, value: JsonValue, by: Wanted) -> Wanted:
    return Wanted(name, parse_options(value, Spot("", f"the Feature {by.text}") / "dependsOn" / name))


class _Lock:
    """The lockfile of a configuration."""

    def __init__(self, wish: Wish, options: LockOptions) -> None:
        self._path = lock_path(wish.path)
        self._owner = wish.owner
        self._beside = wish.beside
        self._options = options
        self._text = "" if options.ignored else _text(self._path)
        self._there = os.path.exists(self._path)
        self.locked = parse_lock(self._text, self._path)
        if options.frozen and not self._there:
            raise ConfigurationError(
                "there is no lockfile, and a frozen one was asked for",
                path=self._path,
                hint="Write it once without --frozen-lockfile, and commit it.",
            )

    def write(self, order: Sequence[Resolved]) -> None:
        """Write what was used, if it is not what is written already. Raises ConfigurationError when it is frozen."""
        import json

        text = render_lock(node for node in order if node.wanted.text not in self._beside)
        before = json.loads(self._text) if self._text.strip() else {"features": {}}
        if self._options.ignored or json.loads(text) == before:
            return
        if self._options.frozen:
            raise ConfigurationError(
                "the lockfile does not fit the Features of the configuration",
                path=self._path,
                hint="Write it anew without --frozen-lockfile, and commit it.",
            )
        files.write_atomic(self._path, text, mode=0o644)
        if os.geteuid() == 0:
            os.chown(self._path, self._owner.uid, self._owner.gid)


def local_files(reading_features: Mapping[str, JsonValue], config_path: str) -> list[str]:
    """Return the files that a configuration's Features are made of, as far as they lie here: local ones, and the lockfile."""
    here = os.path.dirname(config_path)
    found = [lock_path(config_path)] if reading_features else []
    for name in reading_features:
        if name.startswith(("./", "../")):
            reference = parse_reference(name, here=here, spot=Spot())
            assert isinstance(reference, LocalReference)
            for folder, _, names in os.walk(reference.folder):
                found += [f"{folder}/{name}" for name in sorted(names)]
    return found


def _text(path: str) -> str:
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read()
    except OSError:
        return ""
