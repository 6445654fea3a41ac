"""The one engine cove knows: a command line in docker's or podman's dialect."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, NoReturn

from cove.engines.argv import (
    render_call,
    render_containers,
    render_events,
    render_exec,
    render_import,
    render_logs,
    render_remove,
    render_run,
)
from cove.errors import EngineError
from cove.host.proc import Command, CommandMissing, CommandTimeout

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cove.engines.argv import Words
    from cove.engines.base import (
        CertificateWay,
        ContainerInfo,
        EngineInfo,
        ImageInfo,
        NamedImage,
        VolumeInfo,
    )
    from cove.engines.compose import ComposeProgram
    from cove.engines.dialect import Dialect
    from cove.host.machine import Machine
    from cove.host.proc import OnLine, Outcome, Runner
    from cove.spec.run import BuildRequest, Certificates, ExecRequest, RunRequest

HALF_STORED = 'locating item named "manifest" for image'
"""What podman (seen with 4.3) says of any image while another process is storing one: it looks through them all."""
HALF_STORED_TRIES = 20
HALF_STORED_SECONDS = 0.25
QUICK_SECONDS = 60.0
"""For calls that ask or change one thing: an engine that takes longer is stuck."""
START_SECONDS = 300.0
"""For starting a container: large images on slow disks take their time."""


class CliEngine:
    """docker or podman through its command; see `base.Engine` for what each method promises."""

    def __init__(self, dialect: Dialect, info: EngineInfo, runner: Runner, machine: Machine) -> None:
        self.name = info.name
        self.word = info.name
        self.dialect = dialect
        self._info = info
        self._runner = runner
        self._machine = machine

    @property
    def certificate_way(self) -> CertificateWay:
        """How a Dockerfile must be written for its builder to show it the host's authorities."""
        return self.dialect.certificate_way

    def info(self) -> EngineInfo:
        """Return what the engine is."""
        return self._info

    # -- containers ----------------------------------------------------------------------------------------------------

    def containers(
        self, labels: Mapping[str, str], *, all_states: bool = True, volume: str = ""
    ) -> list[ContainerInfo]:
        """Return the containers that carry all these labels, newest first."""
        from cove.engines.info import parse_docker_ps, parse_podman_ps

        text = self._ask(
            *render_containers(self.dialect, labels, all_states=all_states, volume=volume)
        ).stdout
        if self.dialect.lists_json:
            return parse_podman_ps(text)
        found, whole = parse_docker_ps(text)
        return found if whole else self._with_all_labels(found)

    def _with_all_labels(self, containers: Sequence[ContainerInfo]) -> list[ContainerInfo]:
        """Return the containers with the labels that `inspect` tells; one removed meanwhile is left out."""
        from cove.engines.info import parse_container, parse_json

        ids = [container.id for container in containers]
        outcome = self._call("container", "inspect", *ids, timeout=QUICK_SECONDS)
        inspected = [
            parse_container(document) for document in parse_json(outcome.stdout or "[]", "container inspect")
        ]
        labels = {container.id: container.labels for container in inspected}
        return [
            container._replace(labels=labels[container.id])
            for container in containers
            if container.id in labels
        ]

    def inspect_container(self, name: str) -> ContainerInfo | None:
        """Return one container, or None."""
        from cove.engines.info import parse_container

        document = self._inspect("container", name)
        return None if document is None else parse_container(document)

    def run(self, request: RunRequest) -> str:
        """Create and start a container in the background; return its id. One that does not start is removed again.

        Limits that the engine refuses are left to it.
        """
        from cove.host.files import scratch

        with scratch("run") as folder:
            cidfile = f"{folder}/cid"
            outcome = self._run(
                render_run(self.dialect, request, detach=True, cidfile=cidfile), START_SECONDS
            )
            if not outcome.ok:
                self._clean_after(cidfile)
                if request.limits and "rlimit" in outcome.stderr:
                    return self.run(request._replace(limits={}))  # a daemon with less than this process has
                self._fail_to_start(outcome, image=request.image)
            return _read(cidfile) or outcome.stdout.split()[-1]

    def _clean_after(self, cidfile: str) -> None:
        """Remove the container that was made but did not start, so that its name is free again."""
        if container := _read(cidfile):
            self._call(
                *render_remove(self.dialect, container, volumes=True)[1:], timeout=QUICK_SECONDS, bare=True
            )

    def run_command(self, request: RunRequest) -> Command:
        """Return the command that runs a container in the foreground."""
        return _command(render_run(self.dialect, request, detach=False))

    def start(self, container: str) -> None:
        """Start a stopped container."""
        outcome = self._call("start", container, timeout=START_SECONDS)
        if not outcome.ok:
            self._fail_to_start(outcome, image="")

    def stop(self, container: str, *, timeout: int = 10) -> None:
        """Stop a container; one that is not there is no error."""
        outcome = self._call("stop", "-t", str(timeout), container, timeout=timeout + QUICK_SECONDS)
        self._check_unless_absent(outcome, f"stop {container}")

    def remove(self, container: str, *, volumes: bool = True) -> None:
        """Remove a container, running or not; one that is not there is no error."""
        argv = render_remove(self.dialect, container, volumes=volumes)
        self._check_unless_absent(self._run_argv(argv, QUICK_SECONDS), f"remove {container}")

    def exec(
        self, request: ExecRequest, *, stdin: bytes | None = None, timeout: float | None = None
    ) -> Outcome:
        """Run a command in a container to its end and capture it; CommandTimeout when `timeout` seconds are too few."""
        try:
            outcome = self._runner.run(self.exec_command(request)._replace(stdin=stdin, timeout=timeout))
        except CommandMissing as error:
            raise self._gone(error) from error
        if outcome.code in (1, 125, 126, 255) and outcome.stderr.startswith("Error"):
            self._refuse_if_gone(outcome, request.container)
        return outcome

    def _refuse_if_gone(self, outcome: Outcome, container: str) -> None:
        """Tell the engine's own refusal from a command that ended with the same code."""
        from cove.engines.failures import is_absent

        self._check_answered(outcome)
        if is_absent(outcome.stderr):
            raise EngineError(
                f"{self.name} has no container {container}", hint="Start the workspace with `cove up`."
            )
        if "is not running" in outcome.stderr or "only create exec sessions on running" in outcome.stderr:
            raise EngineError(
                f"the container {container} is not running", hint="Start the workspace with `cove up`."
            )

    def exec_command(self, request: ExecRequest) -> Command:
        """Return the command that runs a command in a container."""
        return _command(render_exec(self.dialect, request))

    def unpack(self, container: str, archive: bytes) -> None:
        """Unpack a tar archive at a container's root."""
        argv = render_call(self.dialect, "cp", "-", f"{container}:/")
        outcome = self._perform(Command(argv, stdin=archive, timeout=START_SECONDS))
        self._check(outcome, f"write into the container {container[:12]}")

    def logs_command(self, container: str, *, follow: bool = False, tail: int | None = None) -> Command:
        """Return the command that prints what the container's main process wrote."""
        return Command(render_logs(self.dialect, container, follow=follow, tail=tail))

    def events_command(self, labels: Mapping[str, str]) -> Command:
        """Return the command that prints what becomes of containers with these labels."""
        return Command(render_events(self.dialect, labels))

    # -- images --------------------------------------------------------------------------------------------------------

    def inspect_image(self, reference: str) -> ImageInfo | None:
        """Return a local image, or None."""
        from cove.engines.info import parse_image

        document = self._inspect("image", reference)
        return None if document is None else parse_image(document)

    def pull(self, reference: str, on_line: OnLine) -> None:
        """Fetch an image; raises as `base.Engine.pull` says."""
        from cove.engines.transfer import run_transfer

        run_transfer(self, "pull", reference, on_line)

    def push(self, reference: str, on_line: OnLine) -> None:
        """Send an image to its registry."""
        from cove.engines.transfer import run_transfer

        run_transfer(self, "push", reference, on_line)

    def build(self, request: BuildRequest, on_line: OnLine) -> str:
        """Build an image and return its id; raises as `base.Engine.build` says."""
        from cove.engines.build import run_build

        return run_build(self, request, on_line)

    def certificate_image(self, certificates: Certificates) -> str:
        """Return the name of an image that holds only the authorities, made if missing."""
        from cove.engines.build import build_certificate_image

        return build_certificate_image(self, certificates)

    def import_image(self, archive: str, reference: str, changes: Sequence[str]) -> str:
        """Make an image of a root file system archive; return its id."""
        self._check(
            self._run_argv(render_import(self.dialect, archive, reference, changes), None),
            f"import {archive}",
        )
        image = self.inspect_image(reference)
        if image is None:
            raise EngineError(f"{self.name} imported {archive}, but does not have {reference}")
        return image.id

    def tag(self, image: str, reference: str) -> None:
        """Give an image another name."""
        self._check(self._call("tag", image, reference, timeout=QUICK_SECONDS), f"tag {image}")

    def named_images(self, prefix: str) -> list[NamedImage]:
        """Return the images whose names begin so."""
        from cove.engines.images import read_images

        return read_images(self, prefix)

    def compose(self) -> ComposeProgram:
        """Return the program that runs compose projects on this engine."""
        from cove.engines.compose import find_compose

        return find_compose(self._runner, self.dialect)

    def changes(self, container: str) -> list[str]:
        """Return the paths that were added or changed since a container was created, its mounts left out."""
        outcome = self._call("diff", container, timeout=START_SECONDS)
        self._check(outcome, f"tell what has changed in {container[:12]}")
        return [line[2:] for line in outcome.stdout.splitlines() if line[:2] in {"A ", "C "}]

    def remove_image(self, reference: str) -> None:
        """Remove an image by name; one that is not there or is in use is no error."""
        self._check_answered(self._call("rmi", reference, timeout=QUICK_SECONDS))

    # -- volumes -------------------------------------------------------------------------------------------------------

    def volumes(self, prefix: str) -> list[VolumeInfo]:
        """Return the named volumes whose names begin so."""
        from cove.engines.volumes import read_volumes

        return read_volumes(self, prefix)

    def remove_volume(self, name: str) -> None:
        """Remove a named volume; one that is not there is no error."""
        outcome = self._call("volume", "rm", name, timeout=START_SECONDS)
        self._check_unless_absent(outcome, f"remove the volume {name}")

    def remove_networks(self, prefix: str) -> None:
        """Remove the networks whose names begin so; one that is in use is no error."""
        outcome = self._call("network", "ls", "--format", "{{.Name}}", timeout=QUICK_SECONDS)
        self._check(outcome, "list networks")
        for name in outcome.stdout.split():
            if name.startswith(prefix):
                self._check_answered(self._call("network", "rm", name, timeout=QUICK_SECONDS))

    # -- calling -------------------------------------------------------------------------------------------------------

    def call(self, *words: str, timeout: float | None = QUICK_SECONDS) -> Outcome:
        """Run the engine with these words to the end; raises only when it does not answer."""
        outcome = self._call(*words, timeout=timeout)
        self._check_answered(outcome)
        return outcome

    def stream(self, words: Words, on_line: OnLine, *, timeout: float | None = None) -> Outcome:
        """Run a call of `argv`, line by line; raises only when the engine does not answer."""
        try:
            outcome = self._runner.stream(_command(words)._replace(timeout=timeout), on_line)
        except CommandMissing as error:
            raise self._gone(error) from error
        self._check_answered(outcome._replace(stderr=outcome.last_lines(3)))
        return outcome

    def _call(self, *words: str, timeout: float | None, bare: bool = False) -> Outcome:
        argv = (self.dialect.program, *words) if bare else render_call(self.dialect, *words)
        return self._run_argv(argv, timeout)

    def _ask(self, *argv: str) -> Outcome:
        outcome = self._run_argv(argv, QUICK_SECONDS)
        self._check(outcome, "list containers")
        return outcome

    def _run(self, words: Words, timeout: float | None) -> Outcome:
        return self._perform(_command(words)._replace(timeout=timeout))

    def _run_argv(self, argv: tuple[str, ...], timeout: float | None) -> Outcome:
        return self._perform(Command(argv, timeout=timeout))

    def _perform(self, command: Command) -> Outcome:
        """Run a call of cove's own to its end; an engine that is gone or stuck is an EngineError."""
        try:
            return self._runner.run(command)
        except CommandTimeout as error:
            raise EngineError(
                f"{self.name} did not answer within {command.timeout:g} s: {command}",
                hint="It is busy or stuck: try again, or restart it.",
            ) from error
        except CommandMissing as error:
            raise self._gone(error) from error

    def _gone(self, error: CommandMissing) -> EngineError:
        from cove.engines.memory import forget

        forget(self._machine)
        return EngineError(
            error.message, hint="The engine was there before: run cove again to look for another one."
        )

    def _inspect(self, kind: str, name: str) -> dict[str, object] | None:
        from cove.engines.info import parse_json

        outcome = self._call(kind, "inspect", name, timeout=QUICK_SECONDS)
        for _ in range(HALF_STORED_TRIES):
            if outcome.ok or HALF_STORED not in outcome.stderr:
                break
            time.sleep(HALF_STORED_SECONDS)
            outcome = self._call(kind, "inspect", name, timeout=QUICK_SECONDS)
        self._check_unless_absent(outcome, f"inspect {name}")
        found = parse_json(outcome.stdout.strip() or "[]", f"{kind} inspect")
        return found[0] if found else None

    # -- refusals ------------------------------------------------------------------------------------------------------

    def _check_answered(self, outcome: Outcome) -> None:
        """Raise EngineError when the daemon is away; what was remembered of it is dropped."""
        if outcome.ok:
            return
        from cove.engines.failures import is_away, plan_away_error
        from cove.engines.memory import forget

        if is_away(outcome.stderr):
            forget(self._machine)
            raise plan_away_error(self.name, outcome.stderr)

    def _check(self, outcome: Outcome, doing: str) -> None:
        if outcome.ok:
            return
        self._check_answered(outcome)
        raise EngineError(
            f"{self.name} could not {doing}: {outcome.last_lines(1)}", detail=outcome.last_lines()
        )

    def _check_unless_absent(self, outcome: Outcome, doing: str) -> None:
        if outcome.ok:
            return
        from cove.engines.failures import is_absent

        if not is_absent(outcome.stderr):
            self._check(outcome, doing)

    def _fail_to_start(self, outcome: Outcome, *, image: str) -> NoReturn:
        from cove.engines.failures import plan_run_error

        self._check_answered(outcome)
        raise plan_run_error(self.name, outcome.stderr, image=image)


def _command(words: Words) -> Command:
    secrets = tuple(value for value in words.env.values() if len(value) > 3)
    return Command(words.argv, env=words.env, secrets=secrets)


def _read(path: str) -> str:
    try:
        with open(path, encoding="utf-8") as file:
            return file.read().strip()
    except OSError:
        return ""
