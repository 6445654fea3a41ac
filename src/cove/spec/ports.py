"""The ports a configuration declares: numbers inside the container, with the words people know them by."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from cove.spec.jsonc import JsonValue

LARGEST = 65535


def choose_ports(
    forward_ports: Iterable[int | str], app_port: Iterable[int | str], attributes: Mapping[str, JsonValue]
) -> dict[str, str]:
    """Return the declared ports of the container in order, each with its label, which may be empty.

    Left out: ports of other containers (`db:5432`), and those whose `onAutoForward` is `ignore`. Of `appPort`'s
    `8000:8010` the port inside is meant (devcontainerjson-reference, "forwardPorts", "appPort", "portsAttributes").

    >>> choose_ports([3000, "db:5432"], ["8000:6006"], {"6006": {"label": "TensorBoard"}})
    {'3000': '', '6006': 'TensorBoard'}
    """
    declared = [_own(port) for port in forward_ports]
    declared += [_own(str(port).rpartition(":")[2]) for port in app_port]
    found: dict[str, str] = {}
    for number in declared:
        said = _attributes(number, attributes)
        if number and said.get("onAutoForward") != "ignore":
            label = said.get("label")
            found[str(number)] = label if isinstance(label, str) else ""
    return found


def _own(port: int | str) -> int:
    """Return the number of a port of the container itself; 0 for another container's, or what is none."""
    host, _, number = str(port).rpartition(":")
    if host not in {"", "localhost", "127.0.0.1"} or not number.isascii() or not number.isdigit():
        return 0
    return int(number) if int(number) <= LARGEST else 0


def _attributes(number: int, attributes: Mapping[str, JsonValue]) -> Mapping[str, JsonValue]:
    """Return what `portsAttributes` says of a port: under its number, else under a range that holds it."""
    for key, said in attributes.items():
        first, dash, last = key.rpartition(":")[2].partition("-")
        if not isinstance(said, dict) or not first.isdigit() or (dash and not last.isdigit()):
            continue
        if int(first) <= number <= int(last or first):
            return said
    return {}
