"""What the system of a container is told."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

from cove.settings.settings import Settings
from cove.spec.run import Certificates
from cove.workspace.plan import EXTRA_AT
from cove.workspace.system import APT_SCRIPT, LOGIN_SCRIPT, NOT_TOLD, settle_system

if TYPE_CHECKING:
    from pathlib import Path

    from cove.testing import FakeEngine
    from cove.workspace.session import Session

PROFILE = """\
if [ "$(id -u)" -eq 0 ]; then
  PATH="/usr/sbin:/usr/bin"
else
  PATH="/usr/bin:/usr/games"
fi
MANPATH=/usr/man
export PATH
"""


def test_one_command_as_root_tells_all(session: Session, engine: FakeEngine) -> None:
    container = engine.add_container(env={"PATH": "/opt/venv/bin:/usr/bin"})
    session.settings = Settings(apt_proxy="http://ada:s3cret@cache:3142")
    session.certificates = Certificates("/ca.pem", "/extra.pem")
    settle_system(session, container)
    (asked,) = engine.execs
    assert (asked.user, asked.argv[-1]) == ("0", EXTRA_AT)
    assert asked.env["COVE_ENVIRONMENT"] == 'PATH="/opt/venv/bin:/usr/bin"'
    assert "http://ada:s3cret@cache:3142" in (asked.env["COVE_APT_CONF"] or "")
    assert "s3cret" not in " ".join(asked.argv)
    assert session.progress.warnings == []


def test_only_what_there_is_to_tell(session: Session, engine: FakeEngine) -> None:
    container = engine.add_container()
    session.certificates = Certificates("/ca.pem")
    settle_system(session, container, login_shells=False)
    assert engine.execs == []
    session.settings = Settings(apt_proxy="http://cache:3142")
    settle_system(session, container, login_shells=False)
    assert APT_SCRIPT in engine.execs[0].argv[2]
    assert LOGIN_SCRIPT not in engine.execs[0].argv[2]


def test_what_could_not_be_told_is_a_warning(session: Session, engine: FakeEngine) -> None:
    container = engine.add_container()
    session.settings = Settings(apt_proxy="http://cache:3142")
    engine.runner.answer(
        "docker exec", stdout=f"{NOT_TOLD}apt of its proxy\n", stderr="read-only file system"
    )
    settle_system(session, container)
    assert session.progress.warnings == [
        "cannot tell apt of its proxy in the container: read-only file system"
    ]
    session.settings = Settings()
    engine.runner.answer("docker exec", code=126, stderr="no shell")
    settle_system(session, container)
    assert len(session.progress.warnings) == 1, "nobody misses the login shells of an image without a shell"


def test_login_shells_keep_the_containers_path(tmp_path: Path) -> None:
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc" / "profile").write_text(PROFILE)
    script = LOGIN_SCRIPT.replace("/etc/", f"{tmp_path}/etc/").replace("/var/", f"{tmp_path}/var/")
    for _ in range(2):  # the second time there is nothing to do
        subprocess.run(
            ("/bin/sh", "-c", script), check=True, env={"PATH": "/usr/bin:/bin", "COVE_ENVIRONMENT": 'A="1"'}
        )
    assert (tmp_path / "etc" / "environment").read_text() == '\nA="1"\n'
    expected = PROFILE.replace('"/usr/sbin:/usr/bin"', '${PATH:-"/usr/sbin:/usr/bin"}')
    assert (tmp_path / "etc" / "profile").read_text() == expected.replace(
        '"/usr/bin:/usr/games"', '${PATH:-"/usr/bin:/usr/games"}'
    )
    told = subprocess.run(
        ("/bin/sh", "-c", f". {tmp_path}/etc/profile; echo $PATH"),
        env={"PATH": "/opt/venv/bin:/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert told.stdout == "/opt/venv/bin:/usr/bin:/bin\n"
