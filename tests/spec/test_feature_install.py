from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

from cove.spec.feature_install import (
    AT,
    Users,
    find_failed,
    folder_name,
    render_features_dockerfile,
    render_options,
    render_wrapper,
)
from cove.spec.features import FeatureManifest, LocalReference
from cove.spec.order import Resolved, Wanted

if TYPE_CHECKING:
    from pathlib import Path

USERS = Users("1000:1000", "root", "dev")
GO = Resolved(
    Wanted("./Go", {"version": "it's $HOME", "tools": False}),
    LocalReference("/r/Go"),
    FeatureManifest(
        "Go", "1.0.0", "Go's own", {"shape": "round"}, container_env={"GOPATH": '/go "x" \\ ${PATH}'}
    ),
)
PLAIN = Resolved(Wanted("./plain", {}), LocalReference("/r/plain"), FeatureManifest("plain"))


def test_a_step_for_each() -> None:
    assert render_features_dockerfile("base:1", (GO, PLAIN), USERS).splitlines() == [
        "FROM base:1",
        "USER root",
        r'ENV GOPATH="/go \"x\" \\ ${PATH}"',
        f"COPY 0-go/ {AT}/0-go/",
        f"RUN cd {AT}/0-go && ./devcontainer-features-install.sh && cd / && rm -rf {AT}",
        f"COPY 1-plain/ {AT}/1-plain/",
        f"RUN cd {AT}/1-plain && ./devcontainer-features-install.sh && cd / && rm -rf {AT}",
        "USER 1000:1000",
    ]
    assert folder_name(3, GO) == "3-go"


def run(folder: Path, node: Resolved, install: str) -> subprocess.CompletedProcess[str]:
    (folder / "devcontainer-features.env").write_text(render_options(node))
    (folder / "wrapper.sh").write_text(render_wrapper(node, USERS._replace(remote="nobody")))
    (folder / "install.sh").write_text(install)
    return subprocess.run(["sh", "./wrapper.sh"], cwd=folder, capture_output=True, text=True, check=False)


def test_options_reach_the_script_as_they_were_given(tmp_path: Path) -> None:
    names = "VERSION TOOLS SHAPE _CONTAINER_USER _CONTAINER_USER_HOME _REMOTE_USER _REMOTE_USER_HOME".split()  # noqa: SIM905
    words = " ".join(f'"${name}"' for name in names)
    done = run(tmp_path, GO, f"#!/bin/sh\nprintf '%s|' {words}")
    assert done.returncode == 0, done.stderr
    first, second = done.stdout.splitlines()
    assert first == "Feature Go's own (./Go 1.0.0)"
    assert second == "it's $HOME|false|round|root|/root|nobody|/nonexistent|"


def test_one_that_fails_says_whose_failure_it_is(tmp_path: Path) -> None:
    done = run(tmp_path, GO, "#!/bin/sh\necho almost\nexit 7\n")
    assert done.returncode == 7
    assert done.stdout.splitlines()[1:] == ["almost", "The Feature Go's own (./Go) could not be installed."]
    assert find_failed(done.stdout.splitlines(), (PLAIN, GO)) is GO
    assert find_failed(["no space left on device"], (GO,)) is None
