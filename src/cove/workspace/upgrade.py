"""outdated, upgrade: which releases of a configuration's Features there are, and the lockfile written anew."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

from cove.errors import ConfigurationError, NetworkError
from cove.host import files
from cove.spec.artifact import parse_published
from cove.spec.lock import lock_path, parse_lock, render_lock
from cove.spec.outdated import choose_versions
from cove.workspace.features import AT_ONCE, LockOptions, open_registry, resolve_wish

if TYPE_CHECKING:
    from collections.abc import Iterable

    from cove.oci.registry import Registry
    from cove.spec.features import OciReference
    from cove.spec.outdated import Versions
    from cove.workspace.features import Wish
    from cove.workspace.session import Session

METADATA = "dev.containers.metadata"


def read_outdated(session: Session, config_path: str, names: Iterable[str]) -> dict[str, Versions]:
    """Return the releases of those Features that come from registries. Raises ConfigurationError."""
    from concurrent.futures import ThreadPoolExecutor

    path = lock_path(config_path)
    locked = parse_lock(_read(path), path)
    registry, _ = open_registry(session)
    asked = [(name, reference) for name in names if (reference := parse_published(name))]

    def look(pair: tuple[str, OciReference]) -> Versions:
        name, reference = pair
        entry = locked.get(name.lower())
        return _look(session, registry, reference, entry.version if entry else "")

    with session.progress.step("features", "asking registries"), ThreadPoolExecutor(AT_ONCE) as pool:
        return {name: found for (name, _), found in zip(asked, pool.map(look, asked), strict=True)}


def _look(session: Session, registry: Registry, reference: OciReference, locked: str) -> Versions:
    """Return the releases of one Feature; what its registry does not tell is not known."""
    try:
        tags = registry.fetch_tags(reference)
    except (ConfigurationError, NetworkError) as error:
        session.progress.warn(error.message)
        tags = []
    if not reference.digest:
        return choose_versions(tags, reference.tag, locked=locked)
    of_digest = "" if locked else _version_of(session, registry, reference)
    return choose_versions(tags, "", locked=locked, of_digest=of_digest)


def _version_of(session: Session, registry: Registry, reference: OciReference) -> str:
    try:
        said = json.loads(registry.fetch_manifest(reference).annotations.get(METADATA, "{}"))
    except (ConfigurationError, NetworkError) as error:
        session.progress.warn(error.message)
        return ""
    except ValueError:
        return ""
    version = said.get("version") if isinstance(said, dict) else ""
    return version if isinstance(version, str) else ""


def render_upgrade(session: Session, wish: Wish) -> str:
    """Return the lockfile that the newest allowed releases make. Raises what finding Features raises."""
    if not wish.features:
        raise ConfigurationError("Failed to update lockfile", path=wish.path, hint="It names no Features.")
    return render_lock(resolve_wish(session, wish, LockOptions(ignored=True)).order)


def write_upgrade(wish: Wish, text: str) -> None:
    """Write a configuration's lockfile."""
    path = lock_path(wish.path)
    files.write_atomic(path, text, mode=0o644)
    if os.geteuid() == 0:
        os.chown(path, wish.owner.uid, wish.owner.gid)


def _read(path: str) -> str:
    try:
        with open(path, encoding="utf-8") as file:
            return file.read()
    except FileNotFoundError:
        return ""
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"cannot read it: {error}", path=path) from error
