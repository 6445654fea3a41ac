"""Stand-ins for a process runner and an engine: ours, and those of whoever builds on cove."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, Any, NamedTuple

from cove.engines.base import ContainerInfo, EngineInfo, ImageInfo, NamedImage
from cove.host.proc import Command, CommandMissing, Outcome

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from cove.engines.base import CertificateWay, Engine, VolumeInfo
    from cove.engines.compose import ComposeProgram
    from cove.errors import CoveError
    from cove.host.proc import OnLine
    from cove.spec.run import BuildRequest, Certificates, ExecRequest, RunRequest


class Answer(NamedTuple):
    """What a fake command does: how it ends, what it writes, or the error it raises instead."""

    words: tuple[str, ...]
    stdout: str = ""
    stderr: str = ""
    code: int = 0
    error: Exception | None = None
    effect: Callable[[Command], object] | None = None
    """Called with the command before it is answered, for instance to write the file it would have written."""
    once: bool = False


class FakeRunner:
    r"""A Runner that starts nothing: it records every command and answers from a table.

    >>> runner = FakeRunner().answer("docker ps", stdout="[]\n")
    >>> runner.run(Command(("docker", "--host", "unix:///s", "ps", "-a"))).stdout
    '[]\n'
    >>> runner.argvs
    [('docker', '--host', 'unix:///s', 'ps', '-a')]

    The words of an answer must appear in the argv in this order, the first as the program's name (with or
    without its folder); others may stand between. The answer added last wins, so a test can override what
    a fixture set up. A command nobody answers raises CommandMissing if no answer names its program, else
    AssertionError.
    """

    def __init__(self) -> None:
        self.answers: list[Answer] = []
        self.commands: list[Command] = []
        self.attached: list[Command] = []

    @property
    def argvs(self) -> list[tuple[str, ...]]:
        """Return the argvs run so far, in order."""
        return [command.argv for command in self.commands]

    def answer(
        self,
        words: str,
        stdout: str = "",
        *,
        stderr: str = "",
        code: int = 0,
        error: Exception | None = None,
        effect: Callable[[Command], object] | None = None,
        once: bool = False,
    ) -> FakeRunner:
        """Add an answer to commands holding these space-separated words, and return the runner itself."""
        self.answers.append(Answer(tuple(words.split()), stdout, stderr, code, error, effect, once))
        return self

    def run(self, command: Command) -> Outcome:
        """Record the command and answer it; see Runner."""
        self.commands.append(command)
        for answer in reversed(self.answers):
            if _matches(answer.words, command.argv):
                return self._give(answer, command)
        program = _name(command.argv[0])
        if program in {answer.words[0] for answer in self.answers}:
            raise AssertionError(f"no answer for: {' '.join(command.argv)}")
        raise CommandMissing(f"{program} is not on PATH")

    def stream(self, command: Command, on_line: OnLine) -> Outcome:
        """Record and answer, stderr folded into the lines handed over; see Runner."""
        outcome = self.run(command)
        lines = (outcome.stdout + outcome.stderr).splitlines()
        for line in lines:
            on_line(line)
        return outcome._replace(stdout="\n".join(lines), stderr="")

    def cancel(self) -> None:
        """Do nothing: a fake command has ended when it is answered."""

    def attach(self, command: Command) -> int:
        """Record and answer with the exit code alone; see Runner."""
        self.attached.append(command)
        return self.run(command).code

    def _give(self, answer: Answer, command: Command) -> Outcome:
        if answer.once:
            self.answers.remove(answer)
        if answer.effect is not None:
            answer.effect(command)
        if answer.error is not None:
            raise answer.error
        return Outcome(command, answer.code, answer.stdout, answer.stderr)


def _matches(words: tuple[str, ...], argv: tuple[str, ...]) -> bool:
    if _name(argv[0]) != words[0] and argv[0] != words[0]:
        return False
    rest = iter(argv[1:])
    return all(word in rest for word in words[1:])


def _name(program: str) -> str:
    return program.rpartition("/")[2]


class FakeEngine:
    r"""An Engine in memory: it keeps images and containers, and records what was asked of it.

    >>> from cove.spec.run import ExecRequest, RunRequest
    >>> engine = FakeEngine(FakeRunner().answer("docker exec id", stdout="ada\n"))
    >>> engine.add_image("debian").id
    'sha256:1'
    >>> container = engine.run(RunRequest("debian", labels={"cove.id": "1"}))
    >>> engine.exec(ExecRequest(container, ("id", "-un"))).stdout
    'ada\n'
    >>> engine.calls
    ['run debian']

    Commands in containers are answered by the runner's table, as `NAME exec CONTAINER …`: give the same runner to
    whoever runs `exec_command`. `failures` are errors by call (`pull debian`) or by its verb (`pull`); a build's
    object is its first tag. Time is a counter: each container has times of its own.
    """

    def __init__(self, runner: FakeRunner | None = None, *, name: str = "docker", **info: Any) -> None:
        self.name = name
        self.word = name
        self.runner = runner or FakeRunner().answer(f"{name} exec")
        self.told = EngineInfo(name, "1.0", rootless=False, remote=False, buildkit=True, arch="amd64")
        self.told = self.told._replace(**info)
        self.certificate_way: CertificateWay = "secret"
        self.images: dict[str, ImageInfo] = {}
        self.changed: dict[str, list[str]] = {}
        """What `changes` tells, by container."""
        """By name; those an engine has in store under several names are there several times."""
        self.there: dict[str, ContainerInfo] = {}
        """The containers by id, oldest first."""
        self.stored: dict[str, VolumeInfo] = {}
        """Named volumes."""
        self.starts_as = "running"
        """The state of a container that was just started; `exited` for one that dies at once."""
        self.failures: dict[str, CoveError] = {}
        self.calls: list[str] = []
        """What changed something, and pulls: a verb and its object."""
        self.builds: list[BuildRequest] = []
        self.runs: list[RunRequest] = []
        self.execs: list[ExecRequest] = []
        self.unpacked: dict[str, bytes] = {}
        self._clock = self._made = 0

    # -- setting up ----------------------------------------------------------------------------------------------------

    def add_image(self, reference: str, **fields: Any) -> ImageInfo:
        """Put an image in store, `fields` being those of ImageInfo that differ from a bare one's; return it."""
        bare = ImageInfo(self._new_image(), "", {}, {}, (), ("bash",), "", self.told.arch, 1000)
        self.images[reference] = bare._replace(**fields)
        return self.images[reference]

    def add_container(self, **fields: Any) -> ContainerInfo:
        """Put a running container there, `fields` being those of ContainerInfo that matter; return it."""
        identity, now = f"{len(self.there) + 1:064x}", self._now()
        bare = ContainerInfo(identity, f"box{len(self.there) + 1}", "debian", "running", {}, now, now)
        bare = bare._replace(pid=os.getpid())  # a process that lives, as its main process would
        info = bare._replace(**fields)
        self.there[info.id] = info
        return info

    # -- the Engine ----------------------------------------------------------------------------------------------------

    def info(self) -> EngineInfo:
        """See Engine."""
        return self.told

    def containers(
        self,
        labels: Mapping[str, str],
        *,
        all_states: bool = True,
        volume: str = "",  # noqa: ARG002 - as the Engine's
    ) -> list[ContainerInfo]:
        """See Engine."""
        self._fail("containers")
        return [
            info
            for info in reversed(self.there.values())
            if all(name in info.labels and value in ("", info.labels[name]) for name, value in labels.items())
            and (all_states or info.running)
        ]

    def inspect_container(self, name: str) -> ContainerInfo | None:
        """See Engine."""
        return next((info for info in self.there.values() if name in (info.id, info.name)), None)

    def inspect_image(self, reference: str) -> ImageInfo | None:
        """See Engine."""
        return self.images.get(reference)

    def pull(self, reference: str, on_line: OnLine) -> None:
        """Put a bare image in store, unless it is there or `failures` says otherwise; see Engine."""
        self._do("pull", reference)
        on_line(f"pulled {reference}")
        if reference not in self.images:
            self.add_image(reference)

    def push(self, reference: str, on_line: OnLine) -> None:
        """See Engine."""
        self._do("push", reference)
        on_line(f"pushed {reference}")

    def build(self, request: BuildRequest, on_line: OnLine) -> str:
        """Put an image in store under each tag: its base's facts, with the USER and labels it was given; see Engine."""
        self.builds.append(request)
        self._do("build", request.tags[0] if request.tags else "")
        on_line("built")
        text = request.dockerfile_text
        bases, users = re.findall(r"(?m)^FROM (\S+)", text), re.findall(r"(?m)^USER (\S+)", text)
        base = self.images.get(bases[-1]) if bases else None
        identity = self._new_image()
        for tag in request.tags or (identity,):
            info = base or self.add_image(tag)
            user = users[-1] if users else info.user
            self.images[tag] = info._replace(id=identity, user=user, labels={**info.labels, **request.labels})
        return identity

    def certificate_image(self, certificates: Certificates) -> str:
        """See Engine."""
        return f"localhost/certificates:{certificates.bundle.rpartition('/')[2]}"

    def run(self, request: RunRequest) -> str:
        """See Engine."""
        self.runs.append(request)
        self._do("run", request.image)
        image = self.images.get(request.image) or self.add_image(request.image)
        made = self.add_container(
            image=request.image,
            image_id=image.id,
            labels={**image.labels, **request.labels},
            env={**image.env, **request.env},
            user=request.user or image.user,
            state=self.starts_as,
        )
        if request.remove and not made.running:
            del self.there[made.id]
        return made.id

    def run_command(self, request: RunRequest) -> Command:
        """See Engine."""
        return Command((self.name, "run", request.image, *request.command), env=request.env)

    def start(self, container: str) -> None:
        """See Engine."""
        self._do("start", container)
        self._change(container, state=self.starts_as, started=self._now(), pid=os.getpid())

    def stop(self, container: str, *, timeout: int = 10) -> None:  # noqa: ARG002 - as the Engine's
        """See Engine."""
        self._do("stop", container)
        self._change(container, state="exited", pid=0)

    def remove(self, container: str, *, volumes: bool = True) -> None:  # noqa: ARG002 - as the Engine's
        """See Engine."""
        self._do("remove", container)
        self.there.pop(container, None)

    def exec(
        self, request: ExecRequest, *, stdin: bytes | None = None, timeout: float | None = None
    ) -> Outcome:
        """Let the runner's table answer; see Engine."""
        return self.runner.run(self.exec_command(request)._replace(stdin=stdin, timeout=timeout))

    def exec_command(self, request: ExecRequest) -> Command:
        """Return `NAME exec CONTAINER …`, to be answered by the runner's table; see Engine."""
        self.execs.append(request)
        env = {name: value for name, value in request.env.items() if value is not None}
        return Command((self.name, "exec", request.container, *request.argv), env=env)

    def unpack(self, container: str, archive: bytes) -> None:
        """See Engine; what was unpacked is in `unpacked`."""
        self.unpacked[container] = archive

    def logs_command(self, container: str, *, follow: bool = False, tail: int | None = None) -> Command:
        """See Engine."""
        words = (*(("--follow",) if follow else ()), *(() if tail is None else (f"--tail={tail}",)))
        return Command((self.name, "logs", *words, container))

    def events_command(self, labels: Mapping[str, str]) -> Command:
        """See Engine."""
        return Command((self.name, "events", *(f"{name}={value}" for name, value in labels.items())))

    def import_image(self, archive: str, reference: str, changes: Sequence[str]) -> str:  # noqa: ARG002 - as the Engine's
        """See Engine."""
        self._do("import", reference)
        return self.add_image(reference).id

    def tag(self, image: str, reference: str) -> None:
        """See Engine."""
        self._do("tag", reference)
        self.images[reference] = self.images[image]

    def named_images(self, prefix: str) -> list[NamedImage]:
        """See Engine."""
        return [
            NamedImage(name, info.id, info.size)
            for name, info in self.images.items()
            if name.startswith(prefix)
        ]

    def compose(self) -> ComposeProgram:
        """See Engine."""
        from cove.engines.compose import ComposeProgram

        return ComposeProgram((f"{self.name}-compose",))

    def changes(self, container: str) -> list[str]:
        """See Engine."""
        return list(self.changed.get(container, ()))

    def remove_image(self, reference: str) -> None:
        """See Engine."""
        self._do("remove-image", reference)
        self.images.pop(reference, None)

    def volumes(self, prefix: str) -> list[VolumeInfo]:
        """See Engine."""
        self._fail("volumes")
        return [info for name, info in sorted(self.stored.items()) if name.startswith(prefix)]

    def remove_volume(self, name: str) -> None:
        """See Engine."""
        self._do("remove-volume", name)
        self.stored.pop(name, None)

    def remove_networks(self, prefix: str) -> None:
        """See Engine."""
        self._do("remove-networks", prefix)

    def _do(self, verb: str, what: str) -> None:
        self.calls.append(f"{verb} {what}")
        self._fail(verb, what)

    def _fail(self, verb: str, what: str = "") -> None:
        if error := self.failures.get(f"{verb} {what}") or self.failures.get(verb):
            raise error

    def _change(self, container: str, **fields: Any) -> None:
        if info := self.inspect_container(container):
            self.there[info.id] = info._replace(**fields)

    def _new_image(self) -> str:
        self._made += 1
        return f"sha256:{self._made}"

    def _now(self) -> str:
        self._clock += 1
        return f"2026-01-01T00:{self._clock // 60:02}:{self._clock % 60:02}Z"


if TYPE_CHECKING:

    def _is_an_engine(engine: FakeEngine) -> Engine:
        return engine
