"""Command lines as the reference reads them."""

from __future__ import annotations

import pytest

from cove.cli.devcontainer.options import FLAG, LOCKFILE, Option, parse
from cove.errors import UsageError

OPTIONS = {
    "config": Option(),
    "prebuild": FLAG,
    "mount-workspace-git-root": FLAG._replace(default=True),
    "id-label": Option(many=True),
    "remote-env": Option(many=True),
    "log-level": Option(choices=("info", "trace"), default="info"),
}


@pytest.mark.parametrize(
    ("words", "field", "value"),
    [
        ((), "prebuild", False),
        (("--prebuild",), "prebuild", True),
        (("--prebuild", "false"), "prebuild", False),
        (("--prebuild=true",), "prebuild", True),
        (("--mount-workspace-git-root=false",), "mount_workspace_git_root", False),
        (("--config", "a"), "config", "a"),
        (("--mountWorkspaceGitRoot", "false"), "mount_workspace_git_root", False),
        (("--logLevel=trace", "--idLabel", "a=B"), "id_label", ["a=B"]),
        (("--config=a=b",), "config", "a=b"),
        (("--id-label", "a=b", "--id-label", "c=d"), "id_label", ["a=b", "c=d"]),
        (("--prebuild", "sh", "-c", "--config"), "rest", ("sh", "-c", "--config")),
        (("--config", "a", "--", "--b"), "rest", ("--b",)),
        ((), "log_level", "info"),
    ],
)
def test_parsed(words: tuple[str, ...], field: str, value: object) -> None:
    assert getattr(parse("p", "doc", OPTIONS, words), field) == value


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--conf", "a"), "unrecognized"),
        (("--Config", "a"), "unrecognized"),
        (("--log-level", "loud"), "invalid choice"),
        (("--id-label", "a"), "id-label must match"),
        (("--id-label", "a="), "id-label must match"),
        (("--remote-env", "=a"), "remote-env must match"),
        (("--config",), "expected one argument"),
    ],
)
def test_refused(words: tuple[str, ...], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        parse("p", "doc", OPTIONS, words)


def test_other_words() -> None:
    args = parse("p", "doc", OPTIONS, ("a", "--config", "c", "b", "--prebuild"), positionals=2)
    assert (args.rest, args.config, args.prebuild) == (("a", "b"), "c", True)
    with pytest.raises(UsageError, match="Unknown argument: b"):
        parse("p", "doc", OPTIONS, ("a", "b"), positionals=1)
    with pytest.raises(UsageError, match="nonsense"):
        parse("p", "doc", OPTIONS, ("a", "--nonsense"), positionals=1)


def test_a_lockfile_that_is_frozen_and_unused() -> None:
    words = ("--no-lockfile", "--experimental-frozen-lockfile")
    with pytest.raises(UsageError, match="mutually exclusive"):
        parse("p", "doc", LOCKFILE, words)
