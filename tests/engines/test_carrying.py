from __future__ import annotations

import pytest

from cove.engines.carrying import Roots, plan_carrying

ROOTS = Roots("/r", ("/home/me/.cache/cove", "/tmp/cove-scratch-"), ("/work/repo",))


@pytest.mark.parametrize(
    ("words", "there"),
    [
        ("docker run --mount type=bind,source=/work/repo,target=/w x", "--mount type=bind,source=/r/work/repo,target=/w"),
        ("docker run --mount type=bind,source=/data,target=/d x", "--mount type=bind,source=/data,target=/d"),
        ("docker run -v /work/repo/sub:/work/repo x", "-v /r/work/repo/sub:/work/repo"),
        ("docker run --volume=/work/repo:/w x", "--volume=/r/work/repo:/w"),
        ("docker run -v cache:/work/repo x", "-v cache:/work/repo"),
        ("docker run --label devcontainer.local_folder=/work/repo x", "--label devcontainer.local_folder=/work/repo"),
        ("docker ps --filter label=devcontainer.local_folder=/work/repo", "label=devcontainer.local_folder=/work/repo"),
        ("docker exec c cat /work/repo/x", "cat /work/repo/x"),
        ("docker run --mount type=bind,source=/work/repository,target=/w x", "source=/work/repository,"),
    ],
)  # fmt: skip
def test_only_what_lies_below_coves_folders_has_another_path(words: str, there: str) -> None:
    assert there in " ".join(plan_carrying(words.split(" "), ROOTS).argv)


def test_a_build_names_what_must_be_there() -> None:
    argv = (
        "docker", "build", "-f", "/tmp/cove-scratch-b/Dockerfile", "--iidfile", "/tmp/cove-scratch-b/iid",
        "--secret", "id=ca,src=/home/me/.cache/cove/ca.pem", "/work/repo",
    )  # fmt: skip
    carried = plan_carrying(argv, ROOTS)
    assert carried.argv[-1] == "/r/work/repo"
    assert carried.argv[3] == "/r/tmp/cove-scratch-b/Dockerfile"
    assert carried.sent == ("/tmp/cove-scratch-b/Dockerfile", "/home/me/.cache/cove/ca.pem")
    assert carried.written == ("/tmp/cove-scratch-b/iid",)
    assert "id=ca,src=/r/home/me/.cache/cove/ca.pem" in carried.argv


def test_a_folder_is_sent_with_what_lies_in_it() -> None:
    argv = ("docker", "build", "-f", "/tmp/cove-scratch-b/Dockerfile", "/tmp/cove-scratch-b")
    assert plan_carrying(argv, ROOTS).sent == ("/tmp/cove-scratch-b",)


def test_an_archive_is_sent() -> None:
    argv = ("docker", "import", "--change", "ENV A=1", "/tmp/cove-scratch-x/root.tar", "localhost/base")
    assert plan_carrying(argv, ROOTS).argv[-2:] == ("/r/tmp/cove-scratch-x/root.tar", "localhost/base")


def test_odd_paths_stay_csv() -> None:
    argv = ("docker", "run", "--mount", 'type=bind,"source=/work/repo/a,b",target=/w', "x")
    assert plan_carrying(argv, ROOTS).argv[3] == 'type=bind,"source=/r/work/repo/a,b",target=/w'
