from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING

import pytest

from cove.errors import PlaceError
from cove.host.proc import CommandMissing, HostRunner
from cove.ssh.keys import (
    client_key,
    ensure_client_key,
    ensure_host_key,
    known_hosts,
    remember_host,
    render_known_hosts,
)
from cove.testing import FakeRunner

if TYPE_CHECKING:
    from cove.host.machine import Machine


def test_a_key_is_made_once_and_is_its_owners_alone(machine: Machine) -> None:
    public = ensure_client_key(machine, HostRunner())
    assert public.startswith("ssh-ed25519 ")
    assert stat.S_IMODE(os.stat(client_key(machine)).st_mode) == 0o600
    assert stat.S_IMODE(os.stat(os.path.dirname(client_key(machine))).st_mode) == 0o700
    assert ensure_client_key(machine, FakeRunner()) == public
    path, host = ensure_host_key(machine, "0123456789ab", HostRunner())
    assert host != public
    os.unlink(path)  # half a pair is none
    assert ensure_host_key(machine, "0123456789ab", HostRunner())[1] != host


def test_no_client_on_this_machine(machine: Machine) -> None:
    with pytest.raises(PlaceError, match="no OpenSSH client"):
        ensure_client_key(machine, FakeRunner().answer("ssh-keygen", error=CommandMissing("no")))
    with pytest.raises(PlaceError, match="could not make"):
        ensure_client_key(machine, FakeRunner().answer("ssh-keygen", code=1, stderr="disk full"))


def test_a_workspace_is_known_by_one_key(machine: Machine) -> None:
    remember_host(machine, "digits", "ssh-ed25519 AAA cove")
    remember_host(machine, "Other", "ssh-ed25519 BBB")
    remember_host(machine, "digits", "ssh-ed25519 CCC")
    with open(known_hosts(machine)) as file:
        assert file.read() == "other.cove ssh-ed25519 BBB\ndigits.cove ssh-ed25519 CCC\n"
    assert render_known_hosts("", "a.cove", "ssh-ed25519 K comment") == "a.cove ssh-ed25519 K\n"
