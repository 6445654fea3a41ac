from __future__ import annotations

import pytest

from cove.engines.carrying import Roots, plan_carrying

ROOTS = Roots("/r", ("/home/me/.cache/cove", "/tmp/cove-scratch-"), ("/home/me/repo",))


@pytest.mark.parametrize(
    ("words", "there"),
    [
        ("docker run --mount type=bind,source=/home/me/repo,target=/w x", "--mount type=bind,source=/r/home/me/repo,target=/w"),
        ("docker run --mount type=bind,source=/data,target=/d x", "--mount type=bind,source=/data,target=/d"),
        ("docker run -v /home/me/repo/sub:/home/me/repo x", "-v /r/home/me/repo/sub:/home/me/repo"),
        ("docker run --volume=/home/me/repo:/w x", "--volume=/r/home/me/repo:/w"),
        ("docker run -v cache:/home/me/repo x", "-v cache:/home/me/repo"),
        ("docker run --label devcontainer.local_folder=/home/me/repo x", "--label devcontainer.local_folder=/home/me/repo"),
        ("docker ps --filter label=devcontainer.local_folder=/home/me/repo", "label=devcontainer.local_folder=/home/me/repo"),
        ("docker exec c cat /home/me/repo/x", "cat /home/me/repo/x"),
        ("docker run --mount type=bind,source=/home/me/repository,target=/w x", "source=/home/me/repository,"),
    ],
)  # fmt: skip
def test_only_what_lies_below_coves_folders_has_another_path(words: str, there: str) -> None:
    assert there in " ".join(plan_carrying(words.split(" "), ROOTS).argv)


def test_a_build_names_what_must_be_there() -> None:
    argv = (
        "docker", "build", "-f", "/tmp/cove-scratch-b/Dockerfile", "--iidfile", "/tmp/cove-scratch-b/iid",
        "--secret", "id=ca,src=/home/me/.cache/cove/ca.pem", "/home/me/repo",
    )  # fmt: skip
    carried = plan_carrying(argv, ROOTS)
    assert carried.argv[-1] == "/r/home/me/repo"
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
    argv = ("docker", "run", "--mount", 'type=bind,"source=/home/me/repo/a,b",target=/w', "x")
    assert plan_carrying(argv, ROOTS).argv[3] == 'type=bind,"source=/r/home/me/repo/a,b",target=/w'
