"""Images from elsewhere: had already, pulled, or stood in for by one built from this machine's Debian mirror."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from cove.engines.transfer import qualified
from cove.errors import NetworkError
from cove.settings.mirrors import rewrite_reference

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cove.errors import CoveError
    from cove.workspace.progress import Step
    from cove.workspace.session import Session


class BuildOptions(NamedTuple):
    """What a person may say about a build."""

    no_cache: bool = False
    pull: bool = False
    platform: str = ""
    tags: tuple[str, ...] = ()
    push: bool = False
    publishing: bool = False
    """For others: nothing of this machine in it, no change of user ids."""
    frozen_lockfile: bool = False
    """The lockfile of the Features must be there and fit."""
    no_lockfile: bool = False
    labels: Mapping[str, str] = {}
    """Further ones, for what is published."""
    cache_from: tuple[str, ...] = ()
    cache_to: str = ""
    output: str = ""
    """Where the image is to be written besides, in the builder's own words."""
    feature_customizations: bool = True
    """Whether the published label keeps the `customizations` of Features."""

    @property
    def inner(self) -> BuildOptions:
        """Those of an image that is not yet what is published."""
        return self._replace(tags=(), push=False, labels={}, cache_to="", output="")


def fetch_base(
    session: Session, reference: str, step: Step, substitutes: dict[str, str], options: BuildOptions
) -> str:
    """Return a name under which the image is on this engine: its own, or its substitute's.

    What is pushed never stands on a substitute.
    """
    if session.engine.inspect_image(reference) and not options.pull:
        return reference
    from cove.engines.substitute import plan_substitute

    plan = None if options.push or session.settings.substitute_base == "never" else plan_substitute(reference)
    if plan and not options.pull and session.engine.inspect_image(plan.reference):
        substitutes[reference] = plan.reference
        session.progress.note(
            f"{reference}: using {plan.reference}, built here before (--pull asks the registry again)"
        )
        return plan.reference
    if session.settings.offline:
        raise NetworkError(
            f"the image {reference} is not here, and cove is offline",
            hint="Load it (`docker load`, `podman load`), or run once where there is a network.",
        )
    try:
        return _pull(session, reference, step)
    except NetworkError as error:
        if plan is None:
            raise
        substitutes[reference] = _substitute(session, reference, error, step)
        return substitutes[reference]


def _pull(session: Session, reference: str, step: Step) -> str:
    """Fetch an image, from its registry's mirror if there is one; return the name it then has.

    It gets its own name, so that nothing built on it tells of the mirror; a digest cannot be given as a name.
    """
    whole = qualified(reference)
    source = rewrite_reference(whole, session.settings.registry_mirrors)
    if source == whole:
        source = reference
    step.line(f"pulling {source}")
    session.engine.pull(source, step.line)
    if source == reference or "@" in reference:
        return source
    session.engine.tag(source, whole if session.engine.name == "podman" else reference)
    session.engine.remove_image(source)  # the name: podman would write it into the history of what is built
    return reference


def _substitute(session: Session, reference: str, error: CoveError, step: Step) -> str:
    """Build a Debian base from the host's Debian mirror, with consent; return its name."""
    from cove.engines.install import plan_tools, run_install
    from cove.engines.substitute import build_substitute, missing_tool, plan_substitute
    from cove.host.distribution import read_distribution

    plan = plan_substitute(reference)
    assert plan is not None
    missing = missing_tool(plan, session.machine)
    also = f" (installs {', '.join(missing)})" if missing else ""
    session.consent.need(
        session.consent.packages or session.settings.substitute_base == "always",
        f"{error.message}\nBuild {plan.origin} here from this machine's Debian mirror instead{also}?",
        NetworkError(
            error.message,
            hint=f"{error.hint}\nOr let cove build {plan.origin} from this machine's Debian mirror: add --yes.".strip(),
            detail=error.detail,
        ),
    )
    if missing:
        tools = plan_tools(read_distribution(), missing, root=session.machine.is_root)
        session.progress.note(f"installing packages: {', '.join(tools.packages)}")
        run_install(tools, session.runner, step.line)
    built = build_substitute(plan, session.engine, session.runner, session.machine, step.line)
    session.progress.note(
        f"{reference} cannot be pulled here: built a substitute from this machine's Debian mirror as {built}"
    )
    return built
