from __future__ import annotations

import os
import stat
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from cove.ssh.client import (
    MARK,
    client_config,
    config_path,
    direct_path,
    includes_ours,
    own_program,
    read_person_config,
    render_client_config,
    render_with_include,
    render_without_include,
    write_client_config,
    write_person_config,
)

if TYPE_CHECKING:
    from pathlib import Path

    from cove.host.machine import Machine

PERSONS = "# mine\nHost gpu\n  HostName 10.0.0.1\n"
OURS = "/home/ada/.local/state/cove/ssh/config"


def test_the_client_understands_it(tmp_path: Path) -> None:
    text = render_client_config(("/opt/my cove/100%/cove",), key="/k ey/id", hosts="/k ey/known")
    path = tmp_path / "config"
    path.write_text(text)
    told = subprocess.run(
        ["ssh", "-G", "-F", str(path), "Digits.cove"], check=True, capture_output=True, text=True
    ).stdout.splitlines()
    assert "proxycommand '/opt/my cove/100%%/cove' ssh --stdio '%n'" in told
    assert "identityfile /k ey/id" in told
    assert "stricthostkeychecking true" in told
    assert "userknownhostsfile /k ey/known" in told or 'userknownhostsfile "/k ey/known"' in told
    other = subprocess.run(
        ["ssh", "-G", "-F", str(path), "elsewhere"], check=True, capture_output=True, text=True
    )
    assert "proxycommand" not in other.stdout


def test_what_leads_to_the_workspaces_is_kept(machine: Machine) -> None:
    there = machine._replace(env={"COVE_HOME": "/c h", "HOME": "/h"})
    assert "ProxyCommand env 'COVE_HOME=/c h' cove ssh --stdio" in client_config(there, ("cove",))
    assert "ProxyCommand cove ssh --stdio" in client_config(machine, ("cove",))


def test_both_files_are_private_and_written_once(machine: Machine) -> None:
    write_client_config(machine, ("cove",))
    before = os.stat(config_path(machine)).st_mtime_ns
    write_client_config(machine, ("cove",))
    assert os.stat(config_path(machine)).st_mtime_ns == before
    for path in (config_path(machine), direct_path(machine)):
        assert stat.S_IMODE(os.stat(path).st_mode) == 0o600
    with open(direct_path(machine)) as file:
        assert f'Include "{machine.home}/.ssh/config"' in file.read()


@pytest.mark.parametrize("text", ["", PERSONS])
def test_the_line_comes_and_goes(text: str) -> None:
    included = render_with_include(text, OURS)
    assert included == f'{MARK}\nInclude "{OURS}"\n\n{text}'
    assert includes_ours(included, OURS)
    assert render_with_include(included, OURS) == included
    assert render_without_include(included, OURS) == text
    assert render_without_include(text, OURS) == text


def test_a_linked_configuration_stays_a_link(machine: Machine, tmp_path: Path) -> None:
    assert read_person_config(machine) == ""
    dots = tmp_path / "dots"
    dots.write_text(PERSONS)
    dots.chmod(0o644)
    os.makedirs(f"{machine.home}/.ssh")
    os.symlink(dots, f"{machine.home}/.ssh/config")
    write_person_config(machine, render_with_include(read_person_config(machine), OURS))
    assert os.path.islink(f"{machine.home}/.ssh/config")
    assert dots.read_text().endswith(PERSONS)
    assert stat.S_IMODE(dots.stat().st_mode) == 0o644


def test_its_own_program(monkeypatch, tmp_path: Path) -> None:
    started = tmp_path / "cove"
    started.write_text("")
    started.chmod(0o755)
    monkeypatch.setattr(sys, "argv", [str(started)])
    assert own_program() == (str(started),)
    monkeypatch.setattr(sys, "argv", ["-m"])
    assert own_program()[0].startswith(os.path.dirname(sys.executable))
    monkeypatch.setattr(sys, "executable", f"{tmp_path}/bin/python")
    assert own_program() == (f"{tmp_path}/bin/python", "-m", "cove")
