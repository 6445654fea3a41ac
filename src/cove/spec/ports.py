"""The ports of a container: those a configuration declares, those that listen, and the words people know them by."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from cove.spec.jsonc import JsonValue

LARGEST = 65535
OTHERS = "*"
"""Where `Record.port_attributes` keeps `otherPortsAttributes`."""
LISTENING = "0A"
"""TCP_LISTEN, as the kernel's tables spell it (proc(5), `/proc/net/tcp`)."""
PORT = re.compile(r"[0-9A-F]{4}")
REACHABLE = frozenset(
    {
        "00000000",
        "0100007F",
        "0" * 32,
        "00000000000000000000000001000000",
        "0000000000000000FFFF000000000000",
        "0000000000000000FFFF00000100007F",
    }
)
"""Every address and the loopback, in IPv4, IPv6 and IPv4 within IPv6, as the kernel's tables spell them."""


class Port(NamedTuple):
    """A TCP port inside a container."""

    number: int
    label: str = ""
    protocol: str = ""
    """`http`, `https`, or empty where nobody says."""
    on_auto_forward: str = "notify"
    """The specification's word: `notify`, `openBrowser`, `openBrowserOnce`, `openPreview`, `silent`."""
    declared: bool = False
    listening: bool = False


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
            found[str(number)] = _text(said.get("label"))
    return found


def describe_ports(
    declared: Mapping[str, str], listening: Collection[int], attributes: Mapping[str, JsonValue]
) -> tuple[Port, ...]:
    """Return the declared ports in their order, then by number the others that listen, but those to be ignored.

    `declared` is what `choose_ports` returned; `attributes` is `portsAttributes`, with `otherPortsAttributes` under
    OTHERS: those are for ports that nobody declared (devcontainerjson-reference, "otherPortsAttributes").

    >>> describe_ports({"3000": "App"}, [3000, 6006], {"6006": {"label": "TensorBoard"}})[1].label
    'TensorBoard'
    """
    others = attributes.get(OTHERS)
    found = [
        _describe(int(port), label, _attributes(int(port), attributes)) for port, label in declared.items()
    ]
    found = [port._replace(declared=True, listening=port.number in listening) for port in found]
    for number in sorted(set(listening) - {port.number for port in found}):
        said = _attributes(number, attributes) or (others if isinstance(others, dict) else {})
        if said.get("onAutoForward") != "ignore":
            found.append(_describe(number, _text(said.get("label")), said)._replace(listening=True))
    return tuple(found)


def parse_listening(tables: str) -> frozenset[int]:
    """Return the ports that listen on the loopback or on every address, from `/proc/net/tcp` and `/proc/net/tcp6`.

    Lines that are none of the kernel's are passed over. An address of a network's own is left out: what comes by the
    loopback does not get there, and the name server of a docker network (127.0.0.11) is no port of the container's.
    """
    found = set()
    for line in tables.splitlines():
        words = line.split()
        if len(words) < 4 or words[3] != LISTENING:
            continue
        address, colon, port = words[1].partition(":")
        if colon and address in REACHABLE and PORT.fullmatch(port):
            found.add(int(port, 16))
    return frozenset(found)


def _describe(number: int, label: str, said: Mapping[str, JsonValue]) -> Port:
    return Port(
        number,
        label,
        protocol=_text(said.get("protocol")),
        on_auto_forward=_text(said.get("onAutoForward")) or "notify",
    )


def _text(value: JsonValue) -> str:
    return value if isinstance(value, str) else ""


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
