"""What the person agreed to: each kind of consent is separate, and none is implied by another."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from cove.errors import Refused

if TYPE_CHECKING:
    from collections.abc import Callable

    from cove.errors import CoveError


class Consent(NamedTuple):
    """Consents given beforehand, and how to ask for the others.

    `packages` (`--yes`): installing packages, building a substitute base. `trust` (`--trust`): running what a
    repository asks of the host. `force` (`--force`): destroying something unsaved. `ask` puts a question to the person
    at the terminal; None where there is none.
    """

    packages: bool = False
    trust: bool = False
    force: bool = False
    ask: Callable[[str], bool] | None = None

    def need(self, given: bool, question: str, otherwise: CoveError) -> None:  # noqa: FBT001 - reads as a sentence
        """Return if the consent is given, or the person says yes.

        Raises Refused when the person says no, and `otherwise` when nobody can be asked.
        """
        if given:
            return
        if self.ask is None:
            raise otherwise
        if not self.ask(question):
            raise Refused("Nothing was done.", hint=otherwise.hint)
