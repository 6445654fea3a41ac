from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cove.host.distribution import Distribution, parse_os_release, read_distribution

BOOKWORM = """PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"
NAME="Debian GNU/Linux"
# a comment
VERSION_ID="12"
VERSION_CODENAME=bookworm
ID=debian
"""


def test_debian() -> None:
    assert parse_os_release(BOOKWORM) == Distribution(
        "debian", (), "12", "bookworm", "Debian GNU/Linux 12 (bookworm)", "apt"
    )


@pytest.mark.parametrize(
    ("text", "manager"),
    [
        ("ID=ubuntu\nID_LIKE=debian", "apt"),
        ("ID=linuxmint\nID_LIKE='ubuntu debian'", "apt"),
        ("ID=fedora", "dnf"),
        ('ID="rocky"\nID_LIKE="rhel centos fedora"', "dnf"),
        ('ID="amzn"\nID_LIKE="fedora"', "dnf"),
        ('ID="opensuse-leap"\nID_LIKE="suse opensuse"', "zypper"),
        ("ID=manjaro\nID_LIKE=arch", "pacman"),
        ("ID=alpine", "apk"),
        ("ID=nixos", ""),
        ("", ""),
    ],
)
def test_managers(text: str, manager: str) -> None:
    assert parse_os_release(text).manager == manager


@given(st.text())
def test_any_text_is_some_distribution(text: str) -> None:
    assert isinstance(parse_os_release(text), Distribution)


def test_this_machine_has_one() -> None:
    assert read_distribution().id
