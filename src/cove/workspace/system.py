"""What the system of a running container is told, by one command as root; never an image."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cove.settings.mirrors import render_apt_conf
from cove.spec.run import ExecRequest
from cove.workspace.plan import EXTRA_AT

if TYPE_CHECKING:
    from cove.engines.base import ContainerInfo
    from cove.workspace.session import Session

LOGIN_SCRIPT = r"""
once() {
    mkdir -p /var/devcontainer && set -C && : > "/var/devcontainer/.$1Marker" && set +C
}
umask 022
(once patchEtcEnvironment && printf '\n%s\n' "$COVE_ENVIRONMENT" >> /etc/environment) 2>/dev/null
(once patchEtcProfile && sed -i -E 's/((^|[[:space:]])PATH=)([^$]*)$/\1${PATH:-\3}/' /etc/profile) 2>/dev/null
true
"""
"""Login shells keep the container's own environment: a Debian's /etc/profile replaces PATH, and the folders of an image's
virtual environment or CUDA with it. The reference CLI does the same, once, and its markers are shared with it."""

APT_SCRIPT = """
[ -d /etc/apt/apt.conf.d ] || exit 0
umask 022
printf %s "$COVE_APT_CONF" > /etc/apt/apt.conf.d/95cove-proxy
"""

NOT_TOLD = "cove: not told: "


def settle_system(session: Session, container: ContainerInfo, *, login_shells: bool = True) -> None:
    """Tell a container's system of its own environment, the host's authorities and apt's proxy, as far as there are any.

    What cannot be told is a warning: the root may be read-only.
    """
    scripts, env = {}, {}
    if login_shells:
        scripts["login shells"] = LOGIN_SCRIPT
        env["COVE_ENVIRONMENT"] = "\n".join(f'{name}="{value}"' for name, value in container.env.items())
    if session.settings.apt_proxy:
        scripts["apt of its proxy"] = APT_SCRIPT
        env["COVE_APT_CONF"] = render_apt_conf(session.settings.apt_proxy)
    if session.certificates is not None and session.certificates.extra:
        from cove.host.certificates import TRUST_SCRIPT

        scripts["the system of the host's certificate authorities"] = TRUST_SCRIPT
    if not scripts:
        return
    script = "\n".join(f'(\n{text}\n) || echo "{NOT_TOLD}{what}"' for what, text in scripts.items())
    argv = ("/bin/sh", "-c", script, "cove", EXTRA_AT)
    outcome = session.engine.exec(ExecRequest(container.id, argv, user="0", env=env), timeout=60)
    missed = [
        line.removeprefix(NOT_TOLD) for line in outcome.stdout.splitlines() if line.startswith(NOT_TOLD)
    ]
    if not outcome.ok:
        missed = [what for what in scripts if what != "login shells"]
    if missed:
        session.progress.warn(f"cannot tell {' and '.join(missed)} in the container: {outcome.last_lines(2)}")
