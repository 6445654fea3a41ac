"""Features tried in real containers: each trial is brought up, its script is run in it, and it is removed."""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from typing import TYPE_CHECKING, NamedTuple

from cove.errors import ConfigurationError
from cove.host import files
from cove.host.proc import CommandTimeout
from cove.spec.collection import FEATURE, render_json
from cove.spec.identity import FOLDER_LABEL, workspace_id
from cove.spec.jsonc import parse_jsonc_object
from cove.spec.run import ExecRequest
from cove.spec.trials import GLOBAL, LIBRARY, LIBRARY_NAME, plan_default, plan_duplicate, plan_scenario
from cove.workspace.address import Address
from cove.workspace.bases import BuildOptions
from cove.workspace.plain import PlainRequest, Stages, bring_plain, enter_plain, run_stages
from cove.workspace.read import Changes, read_changed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from cove.spec.trials import Trial
    from cove.workspace.plain import Plain
    from cove.workspace.session import Session

    Say = Callable[..., None]
    """Takes what happens, in words, and a sign that stands before it."""

TRIAL_LABEL = "devcontainer.is_test_run"
TEXT_BYTES = 4 << 20
CHMOD_SECONDS = 60.0


class TrialRequest(NamedTuple):
    """Which trials of a collection to run, and how."""

    folder: str
    """With `src` and `test`."""
    features: tuple[str, ...] = ()
    """Empty: all that have a folder below `test`, and the scenarios of no Feature in particular."""
    filter: str = ""
    """Only scenarios whose name has this in it."""
    global_only: bool = False
    scenarios: bool = True
    defaults: bool = True
    duplicates: bool = True
    image: str = "ubuntu:focal"
    user: str = ""
    keep: bool = False
    """Leave containers and their folders."""


class Verdict(NamedTuple):
    """How a trial ended."""

    name: str
    passed: bool


def run_trials(
    session: Session, request: TrialRequest, say: Say, choose: Callable[[int], int]
) -> list[Verdict]:
    """Run trials and return how each ended. Raises every CoveError; what was started is removed all the same."""
    for name in ("src", "test"):
        if not os.path.isdir(f"{request.folder}/{name}"):
            raise ConfigurationError(
                f"Folder '{request.folder}' does not contain the required 'src' and 'test' folders."
            )
    if request.keep:
        running = _Trials(session, request, say, choose, tempfile.mkdtemp(prefix="cove-trials-"))
        running.run()
        return running.verdicts
    with files.scratch("trials") as scratch:
        running = _Trials(session, request, say, choose, scratch)
        try:
            running.run()
        finally:
            running.remove()
    return running.verdicts


class _Trials:
    """Trials under way."""

    def __init__(
        self, session: Session, request: TrialRequest, say: Say, choose: Callable[[int], int], scratch: str
    ) -> None:
        self.verdicts: list[Verdict] = []
        self._session = session
        self._request = request
        self._say = say
        self._choose = choose
        self._scratch = scratch
        self._folders: list[str] = []
        self._brought: list[_Container] = []

    def run(self) -> None:
        """Run what was asked for."""
        if not self._request.global_only:
            self.run_features()
        if self._request.global_only or not self._request.features:
            self._say(f"Scenarios:         {self._tests(GLOBAL)}\n", "\n📊")
            self.run_scenarios(GLOBAL)

    def run_features(self) -> None:
        """Run the trials of each Feature."""
        request, say = self._request, self._say
        say(f"baseImage:         {request.image}")
        say(f"Target Folder:     {request.folder}")
        names = list(request.features) or sorted(set(os.listdir(f"{request.folder}/test")) - {GLOBAL})
        if not names:
            raise ConfigurationError(
                f"No features specified and no test folders found in '{request.folder}/test'"
            )
        say(f"features:          {', '.join(names)}")
        shared = self._bring(plan_default(names, request.image, request.user)) if request.defaults else None
        say("Starting test(s)...\n", "\n🏃")
        for name in names:
            say(f"Starting '{name}' tests...", "🧪")
            if shared:
                self.verdicts.append(Verdict(name, shared.run(self._tests(name), "test.sh", {})))
            if request.scenarios:
                say(f"Executing scenarios for feature '{name}'...", "🧪")
                self.run_scenarios(name)
            if request.duplicates:
                say(f"Executing duplicate test for feature '{name}'...", "🧪")
                self._run_duplicate(name)

    def _tests(self, name: str) -> str:
        return f"{self._request.folder}/test/{name}"

    def run_scenarios(self, name: str) -> None:
        """Run the scenarios of a Feature, or those of none in particular."""
        path = f"{self._tests(name)}/scenarios.json"
        text = files.read_bounded(path, limit=TEXT_BYTES)
        if text is None:
            self._say(f"No scenario file found at '{path}'. Skipping...", "⚠️")
            return
        for scenario, config in parse_jsonc_object(text.decode("utf-8", "replace"), path).items():
            if self._request.filter in scenario:
                self._say(f"Running scenario:  {scenario}")
                self._try(plan_scenario(scenario, config, path), self._tests(name))

    def _run_duplicate(self, name: str) -> None:
        path = f"{self._tests(name)}/duplicate.sh"
        if not os.path.isfile(path):
            self._say(f"Skipping duplicate test for {name} because '{path}' does not exist.", "⚠️")
            return
        manifest = f"{self._request.folder}/src/{name}/{FEATURE.manifest}"
        text = files.read_bounded(manifest, limit=TEXT_BYTES)
        if text is None:
            raise ConfigurationError(f"Feature '{name}' does not contain a '{FEATURE.manifest}' file.")
        document = parse_jsonc_object(text.decode("utf-8", "replace"), manifest)
        request = self._request
        trial = plan_duplicate(name, document, request.image, request.user, self._choose)
        self._try(trial, self._tests(name))

    def _try(self, trial: Trial, tests: str) -> None:
        if not os.path.isfile(f"{tests}/{trial.script}"):
            raise ConfigurationError(
                f"No scenario test script found at path '{tests}/{trial.script}'.",
                hint="Either add a script to the test folder, or remove from scenarios.json.",
            )
        passed = self._bring(trial, tests).run(tests, trial.script, trial.env)
        self.verdicts.append(Verdict(trial.name, passed))

    def _bring(self, trial: Trial, tests: str = "") -> _Container:
        folder = f"{self._scratch}/trial-{len(self._folders) + 1}"
        beside = f"{folder}/.devcontainer"
        os.makedirs(beside)
        for name, copy in trial.sources:
            source = f"{self._request.folder}/src/{name}"
            if not os.path.isdir(source):
                raise ConfigurationError(f"Folder '{source}' does not exist for the '{name}' Feature.")
            shutil.copytree(source, f"{beside}/{copy}", symlinks=True)
        if trial.name:
            self._say(f"Scenario generated: {render_json(trial.config, indent=2)}", "\n📝")
        files.write_atomic(f"{beside}/devcontainer.json", render_json(trial.config), mode=0o666)
        if trial.extra and os.path.isdir(f"{tests}/{trial.extra}"):
            shutil.copytree(f"{tests}/{trial.extra}", beside, symlinks=True, dirs_exist_ok=True)
        open_to_all(folder)
        self._say(f"workspaceFolder:   {folder}")
        self._say("Building test container...\n", "\n⏳")
        self._folders.append(folder)
        container = _Container(self._session, folder)
        self._brought.append(container)
        container.prepare()
        self._say("Launched container.", "\n🚀")
        self._say(f"containerId:          {container.plain.container.id}")
        return container

    def remove(self) -> None:
        """Remove the containers; what they wrote is left for us to remove."""
        for brought in self._brought:
            brought.open()
        wanted = [{FOLDER_LABEL: folder, TRIAL_LABEL: "true"} for folder in self._folders]
        found = [each.id for labels in wanted for each in self._session.engine.containers(labels)]
        self._say(f"Cleaning up {len(found)} test containers...", "🧹")
        for container in found:
            self._say(f"Removing container {container[:12]}...", "🧹")
            self._session.engine.remove(container)


class _Container:
    """The container of a trial."""

    def __init__(self, session: Session, folder: str) -> None:
        self._session = session
        self._folder = folder
        labels = {FOLDER_LABEL: folder, TRIAL_LABEL: "true"}
        config = f"{folder}/.devcontainer/devcontainer.json"
        address = Address(workspace_id(folder, config), folder, config)
        self._reading = read_changed(session.machine, address, Changes(labels=labels))
        self._asked = PlainRequest(labels, BuildOptions(no_lockfile=True))
        self.plain: Plain = bring_plain(session, self._reading, self._asked, None)

    def prepare(self) -> None:
        """Run the lifecycle commands."""
        run_stages(self._session, self.plain, Stages(), lambda: None)

    def open(self) -> None:
        """Let us remove what users of the container made in our folder."""
        words = ("chmod", "-R", "777", self.plain.record.workspace_folder)
        with contextlib.suppress(CommandTimeout):
            asked = ExecRequest(self.plain.container.id, words, user="root")
            self._session.engine.exec(asked, timeout=CHMOD_SECONDS)

    def run(self, tests: str, script: str, env: Mapping[str, str]) -> bool:
        """Run a script of a folder of tests, all of which it finds around it; return whether it succeeded."""
        if not os.path.isfile(f"{tests}/{script}"):
            raise ConfigurationError(f"Could not find {script} script at {tests}/{script}")
        shutil.copytree(tests, self._folder, symlinks=True, dirs_exist_ok=True)
        files.write_atomic(f"{self._folder}/{LIBRARY_NAME}", LIBRARY, mode=0o777)
        open_to_all(self._folder)
        container = self.plain.container
        record = enter_plain(self._session, self._reading, self._asked, container).record
        asked = ExecRequest(
            container.id,
            (f"./{script}",),
            user=record.user,
            workdir=record.workspace_folder,
            env={**record.env, **env},
        )
        return self._session.runner.attach(self._session.engine.exec_command(asked)) == 0


def open_to_all(folder: str) -> None:
    """Let everyone read, write and run all files of a folder: the user in the container may be anybody."""
    for path in _walk(folder):
        if not os.path.islink(path):
            os.chmod(path, 0o777)  # noqa: S103 - a folder of its own, below one that only its owner enters


def _walk(folder: str) -> Iterator[str]:
    yield folder
    for here, folders, names in os.walk(folder):
        yield from (f"{here}/{name}" for name in (*folders, *names))
