"""What Features depend on, as a chart in Mermaid's language (mermaid.js.org, "Flowcharts")."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from cove.spec.order import choose_priority, collect, find_soft, identify, render_key

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from cove.spec.order import Resolved, Wanted

    Identity = tuple[object, ...]


def render_chart(
    wanted: Sequence[Wanted], known: Mapping[str, Resolved], override: Sequence[str] = ()
) -> str:
    """Return the chart: below each Feature that is wanted, what it needs (`-->`) and waits for (`-.->`)."""
    chart = _Chart(wanted, known, override)
    lines = ["flowchart"]
    for root in chart.roots:
        lines += [chart.label(root), *chart.edges(root)]
    return "\n".join(lines) + "\n"


class _Chart:
    """A chart being drawn; a Feature that several need is followed to its own needs only where it was met first."""

    def __init__(
        self, wanted: Sequence[Wanted], known: Mapping[str, Resolved], override: Sequence[str]
    ) -> None:
        self._known = known
        self._override = override
        self._nodes = {identify(node): node for node in collect(wanted, known)}
        self._met_by: dict[Identity, Identity] = {}
        """By which other Feature each one was met first; nothing for those that are wanted."""
        wishes = {identify(known[render_key(want)]) for want in wanted}
        for identity, node in self._nodes.items():
            for need in self._needs(node):
                if need not in wishes:
                    self._met_by.setdefault(need, identity)
        self.roots = [node for identity, node in self._nodes.items() if identity in wishes]

    def _needs(self, node: Resolved) -> list[Identity]:
        return [identify(self._known[render_key(need)]) for need in node.depends_on]

    def edges(self, node: Resolved) -> Iterator[str]:
        for need in self._needs(node):
            other = self._nodes[need]
            yield f"{self.label(node)} --> {self.label(other)}"
            if self._met_by.get(need) == identify(node):
                yield from self.edges(other)
        for text in node.manifest.installs_after:
            for other in find_soft(text, list(self._nodes.values())):
                yield f"{self.label(node)} -.-> {self.label(other)}"

    def label(self, node: Resolved) -> str:
        name = hashlib.sha256(f"{render_key(node.wanted)} {node.digest}".encode()).hexdigest()[:6]
        aliases = f"<br>aliases: {', '.join(node.manifest.aliases)}" if node.manifest.aliases else ""
        return f"{name}[{node.wanted.text}<br/><{choose_priority(node, self._override)}>{aliases}]"
