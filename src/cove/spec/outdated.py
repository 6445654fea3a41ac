"""Which releases of a Feature there are, beside the one that is used: `outdated` and `upgrade` of the reference CLI."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from cove.spec.versions import parse_version

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

TARGET = re.compile(r"\d+(\.\d+(\.\d+)?)?")
"""A version to upgrade to: `1`, `1.2` or `1.2.3`."""
_VERSION = re.compile(r"[:@][^/]*$")
HEAD = ("Feature", "Current", "Wanted", "Latest")


class Versions(NamedTuple):
    """The releases of one Feature; empty where there is none, or none is known."""

    current: str = ""
    """The locked one; without a lockfile the wanted one."""
    wanted: str = ""
    """The newest that the reference in devcontainer.json allows."""
    latest: str = ""


def choose_versions(tags: Iterable[str], tag: str, *, locked: str, of_digest: str = "") -> Versions:
    """Return the releases of a Feature that has these tags.

    `tag` is the one that is asked for, empty where it is a digest, of whose version `of_digest` tells.
    """
    known = {tag: version for tag in tags if (version := parse_version(tag))}
    newest_first = sorted(known, key=lambda tag: known[tag], reverse=True)
    latest = newest_first[0] if newest_first else ""
    if tag == "latest":
        wanted = latest
    elif tag:
        wanted = next((version for version in newest_first if _allows(tag, version)), "")
    else:
        wanted = locked or of_digest
    return Versions(locked or wanted, wanted, latest)


def _allows(tag: str, version: str) -> bool:
    """Return whether a tag such as `1.2` means a release; one before the final is meant only by its whole name."""
    found = parse_version(version)
    return version == tag or bool(found and found.final and version.startswith(f"{tag}."))


def render_versions(versions: Versions) -> dict[str, str]:
    """Return the releases as the reference prints them in JSON, what is not known left out."""
    found = {
        "current": versions.current,
        "wanted": versions.wanted,
        "wantedMajor": _major(versions.wanted),
        "latest": versions.latest,
        "latestMajor": _major(versions.latest),
    }
    return {name: text for name, text in found.items() if text}


def _major(version: str) -> str:
    found = parse_version(version)
    return str(found.major) if found else ""


def render_versions_table(found: Mapping[str, Versions]) -> str:
    """Return the releases as the reference prints them for people, without a line's end."""
    rows = [HEAD, *((without_version(name), *(text or "-" for text in one)) for name, one in found.items())]
    widths = [max(len(row[column]) for row in rows) for column in range(len(HEAD))]
    return "\n".join(_line(row, widths) for row in rows)


def _line(row: Sequence[str], widths: Sequence[int]) -> str:
    return "  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip()


def without_version(name: str) -> str:
    """Return a Feature's name without its tag or digest.

    >>> without_version("localhost:5000/a/b:1"), without_version("ghcr.io/a/b@sha256:00")
    ('localhost:5000/a/b', 'ghcr.io/a/b')
    """
    return _VERSION.sub("", name)


def pin_feature(text: str, names: Iterable[str], feature: str, version: str) -> str:
    """Return a devcontainer.json with the Feature at that version, everything else in it as it was."""
    plain = without_version(feature)
    for name in names:
        if without_version(name) == plain:
            return text.replace(f'"{name}"', f'"{plain}:{version}"')
    return text
