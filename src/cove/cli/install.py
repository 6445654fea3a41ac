"""An engine for a machine that has none: with consent installed from the distribution's packages."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cove.errors import EngineError

if TYPE_CHECKING:
    from cove.workspace.session import Session


def need_engine(session: Session) -> None:
    """Return when an engine answers; install one if none is there and the person agrees.

    Raises EngineError with the command to run where nobody can be asked, or Refused.
    """
    from cove.engines.choose import NoEngine

    try:
        session.engine  # noqa: B018 - asked for, and remembered by the session
    except NoEngine as error:
        _install(session, error)


def _install(session: Session, error: EngineError) -> None:
    from cove.engines.install import plan_install, run_install
    from cove.host.distribution import read_distribution
    from cove.host.kernel import read_kernel

    distribution = read_distribution()
    plan = plan_install(distribution, read_kernel(), root=session.machine.is_root)
    if plan is None:
        raise error
    if session.settings.offline:
        raise EngineError(error.message, hint=f"cove is offline. Where there is a network:\n{plan.text}")
    command = plan.text
    packages = ", ".join(plan.packages)
    session.consent.need(
        session.consent.packages,
        f"{error.message}.\nInstall podman from {distribution.name}'s packages ({packages})?",
        EngineError(error.message, hint=f"Install one:\n{command}\nOr let cove do it: add --yes."),
    )
    session.progress.note(f"installing packages: {packages}")
    with session.progress.step("engine", f"podman from {distribution.name}'s packages") as step:
        run_install(plan, session.runner, step.line)
    session.forget_engine()
    session.engine  # noqa: B018 - raises if it still does not answer
