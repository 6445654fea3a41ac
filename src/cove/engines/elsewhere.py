"""An engine on another machine: its own command, run there over the person's OpenSSH connection.

Nothing of cove's runs there. What a call names of this machine's files is sent first (`carrying`), and a workspace's
folder is kept in step by whoever starts it.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from typing import TYPE_CHECKING, NamedTuple

from cove.engines.carrying import Roots, plan_carrying
from cove.engines.cli import CliEngine
from cove.engines.memory import Known, read_memory, render_key, write_memory
from cove.errors import EngineError, UsageError
from cove.host.carrier import Carrier
from cove.host.files import SCRATCH
from cove.host.machine import Owner
from cove.host.openssh import SshConnection, SshRunner, parse_ssh_address
from cove.host.proc import Command

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cove.engines.base import EngineInfo
    from cove.engines.compose import ComposeProgram
    from cove.engines.dialect import Dialect
    from cove.host.kernel import Kernel
    from cove.host.machine import Machine
    from cove.host.openssh import SshAddress
    from cove.host.proc import OnLine, Outcome, Runner
    from cove.spec.run import ExecRequest, RunRequest

SCHEME = "ssh://"
FACTS = """\
umask 077
root=${XDG_DATA_HOME:-$HOME/.local/share}/cove/from/$1
mkdir -p "$root" && cd "$root" && root=$(pwd -P) || exit 1
printf '%s\\n' "$root" "$(id -u)" "$(id -g)" "$(uname -n)"
PATH=$PATH:/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin:/snap/bin
for program in docker podman; do command -v $program || echo; done
[ -d /run/systemd/system ] && echo yes || echo
[ -r /dev/net/tun ] && [ -w /dev/net/tun ] && echo yes || echo
ulimit -Hn; ulimit -Hl; ulimit -Hs
echo
shift
for path in "$@"; do [ -x "$path" ] && printf '%s\\n' "$path"; done
echo --
cat /proc/self/status 2>/dev/null
echo --
cat /proc/self/mounts 2>/dev/null
"""
"""What cove asks of another machine, in one go; its answer is parsed by `parse_facts`."""


class There(NamedTuple):
    """Another machine, as far as a plan needs to know it."""

    root: str
    """Where the counterparts of this machine's files lie, the account's alone."""
    owner: Owner
    name: str
    programs: tuple[str, str]
    """The paths of docker and podman, empty where there is none."""
    kernel: Kernel
    found: frozenset[str] = frozenset()
    """Those of the programs asked for that are there."""


def is_elsewhere(word: str) -> bool:
    """Return whether an engine's name leads to another machine: `ssh://HOST`, `docker+ssh://HOST`."""
    return SCHEME in word


def parse_word(word: str) -> tuple[str, SshAddress]:
    """Return the engine's name (empty: what answers) and the machine. Raises UsageError.

    >>> parse_word("podman+ssh://me@box")
    ('podman', SshAddress(host='box', user='me', port=0))
    """
    name, plus, place = word.rpartition(f"+{SCHEME}")
    if plus and name not in {"docker", "podman"}:
        raise UsageError(f"unknown engine `{name}` in `{word}`", hint="Use docker or podman.")
    return name, parse_ssh_address(f"{SCHEME}{place}" if plus else word)


def parse_facts(text: str) -> There:
    """Parse what FACTS prints. Raises EngineError for anything else."""
    from cove.host.kernel import CAP_SYS_RESOURCE, Kernel, parse_capability, parse_cgroups

    head, _, rest = text.partition("\n--\n")
    status, _, mounts = rest.partition("\n--\n")
    lines = head.split("\n")
    try:
        root, uid, gid, name, docker, podman, systemd, tun, files, locked, stack, _, *found = lines
        owner = Owner(int(uid), int(gid))
    except ValueError as error:
        raise EngineError(
            "the other machine did not say what it is",
            detail=text[:400],
            hint="Its account needs a POSIX shell.",
        ) from error
    kernel = Kernel(
        cgroups=parse_cgroups(mounts),
        systemd=bool(systemd),
        may_raise_limits=parse_capability(status, CAP_SYS_RESOURCE),
        anyone_may_raise=parse_capability(status, CAP_SYS_RESOURCE, among="CapBnd"),
        tun=bool(tun),
        open_files=_limit(files, 1, 1048576),
        locked_memory=_limit(locked, 1024, -1),
        stack=_limit(stack, 1024, -1),
    )
    return There(root, owner, name, (docker, podman), kernel, frozenset(filter(None, found)))


def _limit(said: str, unit: int, most: int) -> int:
    return int(said) * unit if said.isdigit() else most


def read_engine_elsewhere(
    word: str, runner: Runner, machine: Machine, *, may_ask: bool = False
) -> EngineElsewhere:
    """Return the engine that `ssh://HOST` leads to. Raises PlaceError, EngineError, UsageError."""
    from cove.engines.quirks import PROGRAMS

    name, address = parse_word(word)
    connection = SshConnection(address, machine.directories.run, runner)
    connection.open(may_ask=may_ask)
    words = [render_origin(machine), *(path for paths in PROGRAMS.values() for path in paths)]
    there = parse_facts(connection.check(_script(words), doing="say what it is"))
    over = ThereRunner(connection, Roots(there.root, carried_roots(machine)))
    key = render_key(f"{word} {there.name} {there.programs} {there.owner}", [], machine)
    if remembered := read_memory(machine, key):
        known = remembered[0]
    else:
        known = _ask(name, there, over, address)
        write_memory(machine, key, [known])
    return EngineElsewhere(known.dialect, known.info, over, machine, there, address)


def _script(words: list[str]) -> str:
    from cove.host.openssh import quote

    return f"set -- {' '.join(map(quote, words))}\n{FACTS}"


def render_origin(machine: Machine) -> str:
    """Return what tells this machine and person from others whose files lie in the same account."""
    told = f"{os.uname().nodename}\0{machine.owner.uid}\0{machine.directories.data}"
    return hashlib.sha256(told.encode()).hexdigest()[:12]


def carried_roots(machine: Machine) -> tuple[str, ...]:
    """Return cove's own folders of this machine."""
    folders = machine.directories
    return (
        folders.data,
        folders.cache,
        folders.state,
        folders.config,
        folders.run,
        tempfile.gettempdir() + "/" + SCRATCH,
    )


def _ask(name: str, there: There, runner: ThereRunner, address: SshAddress) -> Known:
    from cove.engines.choose import plan_engine_info, read_facts_of
    from cove.engines.failures import plan_away_error
    from cove.engines.quirks import PROGRAMS, plan_adaptation

    problems = []
    for program in there.programs:
        if not program or (name and os.path.basename(program) != name):
            continue
        facts = read_facts_of(program, (), runner)
        if facts.problem:
            problems.append(plan_away_error(os.path.basename(program), facts.problem))
            continue
        present = {
            what: path
            for what, paths in PROGRAMS.items()
            if (path := next((p for p in paths if p in there.found), ""))
        }
        adaptation = plan_adaptation(program, facts, there.kernel, present)
        if not adaptation.needs:
            info = plan_engine_info(facts, adaptation.quirks, "")
            return Known(adaptation.dialect, info._replace(remote=True))
        problems.append(
            EngineError(f"{facts.name} cannot run containers there without {' and '.join(adaptation.needs)}")
        )
    if problems:
        reasons = "; ".join(problem.message for problem in problems)
        raise EngineError(
            f"no container engine can be used on {address.host}: {reasons}", hint=problems[0].hint
        )
    raise EngineError(
        f"{address.host} has no {name or 'container engine: there is neither docker nor podman'} on its PATH",
        hint="Install docker or podman there.",
    )


class Sent(Command):
    """A command that is already on its way: the client's own words."""

    __slots__ = ()


class ThereRunner(SshRunner):
    """Runs an engine's calls there, and has there what they name of this machine's files."""

    def __init__(self, connection: SshConnection, roots: Roots) -> None:
        super().__init__(connection)
        self.roots = roots
        self.carrier = Carrier(connection, roots.there)

    def keep_in_step(self, folder: str) -> None:
        """Take a folder for one that is there already, at its counterpart's place."""
        self.roots = self.roots._replace(
            synced=(folder, *(one for one in self.roots.synced if one != folder))
        )

    def prepare(self, command: Command, *, tty: bool = False) -> Command:
        """Return the local command for one there; what it names is there then."""
        if isinstance(command, Sent):
            return command
        carried = plan_carrying(command.argv, self.roots)
        for path in carried.sent:
            if os.path.exists(path):
                self.carrier.send(path, once=f"{path}/".startswith(self.roots.carried[0] + "/"))
        for path in carried.written:
            self.connection.check(f"mkdir -p {_quoted_folder(self.roots.map(path))}", doing="make a folder")
        return Sent(*self.connection.command(command._replace(argv=carried.argv), tty=tty))

    def run(self, command: Command) -> Outcome:
        """Run there; see Runner."""
        outcome = self.connection.judge(self.connection.runner.run(self.prepare(command)))
        self._bring_back(command)
        return outcome

    def stream(self, command: Command, on_line: OnLine) -> Outcome:
        """Run there, line by line; see Runner."""
        outcome = self.connection.runner.stream(self.prepare(command), on_line)
        self.connection.judge(outcome._replace(stderr=outcome.last_lines(3)))
        self._bring_back(command)
        return outcome

    def attach(self, command: Command) -> int:
        """Run there with the person's terminal; see Runner."""
        return self.connection.runner.attach(self.prepare(command, tty=os.isatty(0)))

    def _bring_back(self, command: Command) -> None:
        for path in plan_carrying(command.argv, self.roots).written:
            if data := self.carrier.fetch(path):
                with open(path, "wb") as file:
                    file.write(data)


def _quoted_folder(path: str) -> str:
    from cove.host.openssh import quote

    return quote(os.path.dirname(path))


class EngineElsewhere(CliEngine):
    """docker or podman on another machine; see `base.Engine` for what each method promises."""

    def __init__(
        self,
        dialect: Dialect,
        info: EngineInfo,
        runner: ThereRunner,
        machine: Machine,
        there: There,
        address: SshAddress,
    ) -> None:
        super().__init__(dialect, info, runner, machine)
        self.there: ThereRunner = runner
        self.facts = there
        self.address = address
        self.word = f"{info.name}+{address}"

    def exec_command(self, request: ExecRequest) -> Command:
        """Return the local command that runs a command in a container there."""
        return self.there.prepare(super().exec_command(request), tty=request.tty)

    def run_command(self, request: RunRequest) -> Command:
        """Return the local command that runs a container there in the foreground."""
        return self.there.prepare(super().run_command(request), tty=request.tty)

    def logs_command(self, container: str, *, follow: bool = False, tail: int | None = None) -> Command:
        """Return the local command that prints what a container's main process wrote there."""
        return self.there.prepare(super().logs_command(container, follow=follow, tail=tail))

    def events_command(self, labels: Mapping[str, str]) -> Command:
        """Return the local command that prints what becomes of containers there."""
        return self.there.prepare(super().events_command(labels))

    def compose(self) -> ComposeProgram:
        """Refuse: a project's files name paths of this machine."""
        raise EngineError(
            f"compose projects do not run on another machine yet ({self.address})",
            hint="Log in there and run cove there, or use an image or a Dockerfile.",
        )
