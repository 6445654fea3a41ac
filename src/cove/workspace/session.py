"""The one context of a verb: this machine, the settings, the consents, and the engine once it is needed."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from cove.settings.settings import Settings, Source, parse_settings, parse_source
from cove.workspace.consent import Consent
from cove.workspace.progress import Progress

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cove.engines.base import Engine
    from cove.host.machine import Machine
    from cove.host.proc import Runner
    from cove.spec.run import Certificates


class Session:
    """What a verb works with; only this room takes it whole."""

    def __init__(
        self,
        machine: Machine,
        runner: Runner,
        *,
        settings: Settings | None = None,
        progress: Progress | None = None,
        consent: Consent | None = None,
    ) -> None:
        self.settings = settings or Settings()
        self.machine = _offline(machine) if self.settings.offline else machine
        self.runner = runner
        self.progress = progress or Progress()
        self.consent = consent or Consent()

    @cached_property
    def engine(self) -> Engine:
        """The engine: the one named, else the one that answers. Raises EngineError."""
        if "ssh://" in self.settings.engine:
            from cove.engines.elsewhere import read_engine_elsewhere

            may_ask = self.consent.ask is not None
            return read_engine_elsewhere(self.settings.engine, self.runner, self.machine, may_ask=may_ask)
        from cove.engines.choose import read_engine

        return read_engine(self.settings.engine or None, self.runner, self.machine)

    def use_engine(self, name: str) -> None:
        """Let `engine` be the one that a record names, unless the person named one: of a machine, for another is another."""
        if not self.settings.engine or ("ssh://" in name and "ssh://" not in self.settings.engine):
            self.settings = self.settings._replace(engine=name)

    def forget_engine(self) -> None:
        """Look for an engine again: one has been installed."""
        self.__dict__.pop("engine", None)

    @cached_property
    def certificates(self) -> Certificates | None:
        """The host's certificate authorities, or None where a stock image knows them all."""
        from cove.host.certificates import read_certificates

        return read_certificates(self.machine, self.settings.certificates)

    @cached_property
    def proxies(self) -> Mapping[str, str]:
        """The host's proxy variables as they should be seen in builds and containers; may hold passwords."""
        from cove.host.certificates import read_proxies

        return read_proxies(self.machine)


def _offline(machine: Machine) -> Machine:
    """Return the machine with the word that keeps `host/http.py` from asking any other."""
    from cove.host.http import OFFLINE

    return machine._replace(env={**machine.env, OFFLINE: "1"})


def read_settings(machine: Machine) -> Settings:
    """Read `CONFIG/settings.toml` and the environment. Raises ConfigurationError."""
    return parse_settings(read_source(machine), machine.env)


def read_source(machine: Machine) -> Source:
    """Read `CONFIG/settings.toml`; one that is not there says nothing. Raises ConfigurationError."""
    from cove.errors import ConfigurationError

    path = f"{machine.directories.config}/settings.toml"
    try:
        with open(path, encoding="utf-8") as file:
            text = file.read()
    except FileNotFoundError:
        return Source(path=path)
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"cannot read it: {error}", path=path) from error
    return parse_source(text, path)
