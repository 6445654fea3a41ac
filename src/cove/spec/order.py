"""In which order Features are installed: the specification's "Dependency installation order algorithm"."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from cove.errors import ConfigurationError
from cove.spec.features import LocalReference, OciReference, parse_installed_name

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from cove.spec.features import FeatureManifest, Options, Reference


class Wanted(NamedTuple):
    """A Feature that somebody asks for: the configuration, or another Feature that depends on it."""

    text: str
    """As written."""
    options: Options


class Resolved(NamedTuple):
    """A Feature that was found."""

    wanted: Wanted
    reference: Reference
    manifest: FeatureManifest
    digest: str = ""
    """Of its manifest in the registry, or of its tarball; empty for a local one."""
    depends_on: tuple[Wanted, ...] = ()


def plan_order(
    wanted: Sequence[Wanted],
    known: Mapping[str, Resolved],
    override: Sequence[str] = (),
) -> list[Resolved]:
    """Return all Features that must be installed, each once, in order.

    `known` holds what was found, by `render_key`; every Feature that is wanted or depended upon is in it. `override`
    is `overrideFeatureInstallOrder`. Raises ConfigurationError that names a circle.
    """
    nodes = collect(wanted, known)
    priorities = _priorities(override)
    softs = {identify(node): _soft_dependencies(node, nodes) for node in nodes}
    installed: list[Resolved] = []
    while nodes:
        ready = [node for node in nodes if _is_ready(node, softs[identify(node)], installed, known)]
        if not ready:
            raise _circle(nodes)
        most = max(_priority(node, priorities) for node in ready)
        now = [node for node in ready if _priority(node, priorities) == most]
        installed += sorted(now, key=_sort_key)
        nodes = [node for node in nodes if node not in now]
    return installed


def choose_priority(node: Resolved, override: Sequence[str]) -> int:
    """Return how early a Feature comes by `overrideFeatureInstallOrder`: the first name there is the highest, 0 is none."""
    return _priority(node, _priorities(override))


def _priorities(override: Sequence[str]) -> dict[str, int]:
    return {_name(text): len(override) - number for number, text in reversed(list(enumerate(override)))}


def find_soft(text: str, nodes: Sequence[Resolved]) -> list[Resolved]:
    """Return those of the Features that a name of `installsAfter` means."""
    return [node for node in nodes if _name(text) in _names(node)]


def collect(wanted: Sequence[Wanted], known: Mapping[str, Resolved]) -> list[Resolved]:
    """Return the Features and all they depend on, equal ones once ("Feature Equality"), in the order they are met."""
    found: dict[object, Resolved] = {}
    queue = list(wanted)
    while queue:
        node = known[render_key(queue.pop(0))]
        if identify(node) not in found:
            found[identify(node)] = node
            queue += node.depends_on
    return list(found.values())


def missing(wanted: Sequence[Wanted], known: Mapping[str, Resolved]) -> list[Wanted]:
    """Return what must still be found before `plan_order` can be asked."""
    lacking: dict[str, Wanted] = {}
    seen: set[str] = set()
    queue = list(wanted)
    while queue:
        want = queue.pop(0)
        key = render_key(want)
        if key in seen:
            continue
        seen.add(key)
        if node := known.get(key):
            queue += node.depends_on
        else:
            lacking[key] = want
    return list(lacking.values())


def render_key(wanted: Wanted) -> str:
    """Return what tells one wish from another."""
    return f"{wanted.text.lower()} {sorted(wanted.options.items())}"


def identify(node: Resolved) -> tuple[object, ...]:
    """Return what makes Features equal: their contents and options; a local one equals only itself."""
    content = node.digest or node.reference.resource
    return type(node.reference).__name__, content, tuple(sorted(node.wanted.options.items()))


def _soft_dependencies(node: Resolved, nodes: Sequence[Resolved]) -> list[Resolved]:
    """Return those of the Features to be installed that this one wants to come after."""
    names = {_name(text) for text in node.manifest.installs_after}
    return [other for other in nodes if names & _names(other)]


def _names(node: Resolved) -> set[str]:
    """Return every name a Feature goes by: its own and, in the same namespace, its old ones."""
    names = {node.reference.resource.lower()}
    if isinstance(node.reference, OciReference):
        namespace = node.reference.resource.rpartition("/")[0]
        names |= {f"{namespace}/{alias}".lower() for alias in node.manifest.aliases}
    elif isinstance(node.reference, LocalReference):
        names.add(node.wanted.text.lower())
    return names


def _name(text: str) -> str:
    return text.lower() if text.startswith((".", "http")) else parse_installed_name(text)


def _is_ready(
    node: Resolved, softs: Iterable[Resolved], installed: Sequence[Resolved], known: Mapping[str, Resolved]
) -> bool:
    there = {identify(other) for other in installed}
    hard = all(identify(known[render_key(need)]) in there for need in node.depends_on)
    return hard and all(identify(other) in there for other in softs)


def _priority(node: Resolved, priorities: Mapping[str, int]) -> int:
    return max((priorities.get(name, 0) for name in _names(node)), default=0)


def _sort_key(node: Resolved) -> tuple[object, ...]:
    """Return what a round is sorted by ("Round Stable Sort")."""
    options = sorted(node.wanted.options.items())
    tag = node.reference.tag if isinstance(node.reference, OciReference) else ""
    return (
        node.reference.resource,
        _tag_key(tag),
        len(options),
        [name for name, _ in options],
        [str(value) for _, value in options],
        node.digest,
    )


def _tag_key(tag: str) -> tuple[bool, str]:
    return tag == "latest", tag


def _circle(nodes: Sequence[Resolved]) -> ConfigurationError:
    names = " → ".join(node.wanted.text for node in nodes)
    return ConfigurationError(
        f"the Features wait for each other: {names}",
        hint="Their `dependsOn` and `installsAfter` make a circle; leave one of them out.",
    )
