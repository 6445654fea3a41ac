"""Images from elsewhere: had, pulled, or stood in for."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from cove.errors import ConfigurationError, NetworkError, Refused
from cove.settings.settings import Settings
from cove.workspace.bases import BuildOptions, fetch_base
from cove.workspace.consent import Consent

if TYPE_CHECKING:
    from collections.abc import Callable

    from cove.testing import FakeEngine
    from cove.workspace.session import Session

    Fetch = Callable[..., tuple[str, dict[str, str]]]

STAND_IN = "localhost/cove/base/debian:12"
AWAY = NetworkError("the registry of debian:12 cannot be reached", hint="Check the network.")


@pytest.fixture
def fetch(session: Session) -> Fetch:
    """Fetch a base with these build options; return its name and the substitutes."""

    def run(reference: str = "debian:12", **options: bool) -> tuple[str, dict[str, str]]:
        substitutes: dict[str, str] = {}
        step = session.progress.step("image", "image")
        return fetch_base(session, reference, step, substitutes, BuildOptions(**options)), substitutes  # type: ignore[arg-type]  # all are booleans here

    return run


@pytest.fixture
def built(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Substitutes that were built, by what they stand for; no tool is missing for it."""
    names: list[str] = []

    def build(plan: object, *_: object) -> str:
        names.append(plan.origin)  # type: ignore[attr-defined]
        return STAND_IN

    monkeypatch.setattr("cove.engines.substitute.build_substitute", build)
    monkeypatch.setattr("cove.engines.substitute.missing_tool", lambda *_: ())
    return names


@pytest.mark.parametrize(
    ("in_store", "pull", "calls"),
    [
        ((), False, ["pull debian:12"]),
        (("debian:12",), False, []),
        (("debian:12",), True, ["pull debian:12"]),
    ],
)
def test_pulled_unless_it_is_there(
    engine: FakeEngine, fetch: Fetch, in_store: tuple[str, ...], pull: bool, calls: list[str]
) -> None:
    for name in in_store:
        engine.add_image(name)
    assert fetch(pull=pull) == ("debian:12", {})
    assert engine.calls == calls


def test_a_substitute_of_an_earlier_time_is_used_and_named(
    session: Session, engine: FakeEngine, fetch: Fetch
) -> None:
    engine.add_image(STAND_IN)
    assert fetch() == (STAND_IN, {"debian:12": STAND_IN})
    assert engine.calls == []
    assert "--pull asks the registry again" in session.progress.notes[0]
    assert fetch(pull=True) == ("debian:12", {})
    assert fetch(push=True) == ("debian:12", {})


@pytest.mark.parametrize(
    ("consent", "setting"),
    [(Consent(packages=True), "ask"), (Consent(ask=lambda _: True), "ask"), (Consent(), "always")],
)
def test_a_substitute_by_consent(
    session: Session, engine: FakeEngine, fetch: Fetch, built: list[str], consent: Consent, setting: str
) -> None:
    session.consent, session.settings = consent, Settings(substitute_base=setting)
    engine.failures["pull"] = AWAY
    assert fetch() == (STAND_IN, {"debian:12": STAND_IN})
    assert built == ["debian:12"]
    assert "built a substitute" in session.progress.notes[0]


@pytest.mark.parametrize(
    ("reference", "consent", "setting", "options", "expected", "hint"),
    [
        (
            "debian:12",
            Consent(),
            "ask",
            {},
            NetworkError,
            "Check the network.\nOr let cove build debian:12 from",
        ),
        ("debian:12", Consent(trust=True), "ask", {}, NetworkError, "add --yes"),
        ("debian:12", Consent(ask=lambda _: False), "ask", {}, Refused, "add --yes"),
        ("debian:12", Consent(packages=True), "never", {}, NetworkError, "Check the network."),
        ("debian:12", Consent(packages=True), "ask", {"push": True}, NetworkError, "Check the network."),
        ("ubuntu:24.04", Consent(packages=True), "always", {}, NetworkError, "Check the network."),
    ],
)
def test_no_substitute(
    session: Session,
    engine: FakeEngine,
    fetch: Fetch,
    built: list[str],
    reference: str,
    consent: Consent,
    setting: str,
    options: dict[str, bool],
    expected: type[Exception],
    hint: str,
) -> None:
    session.consent, session.settings = consent, Settings(substitute_base=setting)
    engine.failures["pull"] = AWAY
    with pytest.raises(expected) as caught:
        fetch(reference, **options)
    assert hint in caught.value.hint
    assert built == []


def test_an_image_that_does_not_exist_has_no_substitute(
    session: Session, engine: FakeEngine, fetch: Fetch, built: list[str]
) -> None:
    session.consent = Consent(packages=True)
    engine.failures["pull"] = ConfigurationError("no such image")
    with pytest.raises(ConfigurationError):
        fetch()
    assert built == []


def test_a_missing_tool_is_in_the_question_and_installed_first(
    session: Session, engine: FakeEngine, fetch: Fetch, built: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    installed: list[object] = []
    asked: list[str] = []

    def agree(question: str) -> bool:
        asked.append(question)
        return True

    monkeypatch.setattr("cove.engines.substitute.missing_tool", lambda *_: ("mmdebstrap",))
    monkeypatch.setattr("cove.engines.install.plan_tools", lambda _, tools, root: _Tools(tools))
    monkeypatch.setattr(
        "cove.engines.install.run_install", lambda tools, *_: installed.append(tools.packages)
    )
    session.consent = Consent(ask=agree)
    engine.failures["pull"] = AWAY
    fetch()
    assert "(installs mmdebstrap)?" in asked[0]
    assert (installed, built) == ([("mmdebstrap",)], ["debian:12"])


class _Tools:
    def __init__(self, packages: tuple[str, ...]) -> None:
        self.packages = packages


@pytest.mark.parametrize(
    ("reference", "named", "calls"),
    [
        (
            "debian:12",
            "debian:12",
            [
                "pull mirror:5000/hub/library/debian:12",
                "tag debian:12",
                "remove-image mirror:5000/hub/library/debian:12",
            ],
        ),
        (
            "docker.io/a/b:1",
            "docker.io/a/b:1",
            ["pull mirror:5000/hub/a/b:1", "tag docker.io/a/b:1", "remove-image mirror:5000/hub/a/b:1"],
        ),
        ("ghcr.io/a/b:1", "ghcr.io/a/b:1", ["pull ghcr.io/a/b:1"]),
        (
            "debian@sha256:00",
            "mirror:5000/hub/library/debian@sha256:00",
            ["pull mirror:5000/hub/library/debian@sha256:00"],
        ),
    ],
)
def test_a_mirror_stands_for_its_registry(
    session: Session, engine: FakeEngine, fetch: Fetch, reference: str, named: str, calls: list[str]
) -> None:
    session.settings = Settings(registry_mirrors={"docker.io": "mirror:5000/hub/"}, substitute_base="never")
    assert fetch(reference) == (named, {})
    assert engine.calls == calls


def test_offline_what_is_missing_is_named_and_nothing_built(
    session: Session, engine: FakeEngine, fetch: Fetch, built: list[str]
) -> None:
    session.settings = Settings(offline=True, substitute_base="always")
    with pytest.raises(NetworkError, match="the image debian:12 is not here, and cove is offline"):
        fetch()
    assert (engine.calls, built) == ([], [])
    engine.add_image("debian:12")
    assert fetch() == ("debian:12", {})
