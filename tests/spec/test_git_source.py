"""URLs of repositories: what git gets, and what of a repository is meant."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from cove.errors import CoveError, UsageError
from cove.spec.git_source import GitSource, parse_git_source, render_folder, render_title, split_tree

NETS = "https://github.com/ada/nets"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (NETS, GitSource(NETS)),
        (f"{NETS}.git", GitSource(f"{NETS}.git")),
        (f"{NETS}/", GitSource(NETS)),
        ("github.com/ada/nets", GitSource(NETS)),
        (f"{NETS}#v1.2", GitSource(NETS, ref="v1.2")),
        (f"{NETS}#feature/x:src/model/", GitSource(NETS, ref="feature/x", folder="src/model")),
        (f"{NETS}#:src", GitSource(NETS, folder="src")),
        (f"{NETS}#pull/5/head", GitSource(NETS, request="pull/5/head")),
        (f"{NETS}#pull/5:src", GitSource(NETS, request="pull/5/head", folder="src")),
        (f"{NETS}/tree/main", GitSource(NETS, tree="main")),
        (f"{NETS}/tree/feature/x/src", GitSource(NETS, tree="feature/x/src")),
        (f"{NETS}/pull/17", GitSource(NETS, request="pull/17/head")),
        (f"{NETS}/pull/17/files", GitSource(NETS, request="pull/17/head")),
        (f"{NETS}/commit/0123abc", GitSource(NETS, ref="0123abc")),
        (
            "https://gitlab.com/lab/sub/nets/-/tree/main/src",
            GitSource("https://gitlab.com/lab/sub/nets", tree="main/src"),
        ),
        (
            "https://gitlab.com/lab/nets/-/merge_requests/3",
            GitSource("https://gitlab.com/lab/nets", request="merge-requests/3/head"),
        ),
        (
            "https://huggingface.co/spaces/ada/demo/tree/main",
            GitSource("https://huggingface.co/spaces/ada/demo", tree="main"),
        ),
        ("git@example.org:ada/nets.git#v2", GitSource("git@example.org:ada/nets.git", ref="v2")),
        ("ssh://git@example.org:2222/nets", GitSource("ssh://git@example.org:2222/nets")),
        ("https://ada@example.org/nets", GitSource("https://ada@example.org/nets")),
        ("file:///srv/tree/nets/tree/x", GitSource("file:///srv/tree/nets/tree/x")),
        (".", None),
        ("examples/digits", None),
        ("/srv/a:b", None),
        ("C:/nets", None),
        ("-u@example.org:nets", None),
        ("ada@-example.org:nets", None),
        ("ext::sh -c true", None),
        ("ftp://example.org/nets", None),
        ("github.com", None),
        ("nets#v1", None),
    ],
)
def test_parse(text: str, expected: GitSource | None) -> None:
    assert parse_git_source(text) == expected


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("https://ada:secret@example.org/nets", "holds a password"),
        (f"{NETS}#--upload-pack=evil", "cannot be a branch"),
        (f"{NETS}#a..b", "cannot be a branch"),
        (f"{NETS}#v1:../../etc", "is no folder"),
        (f"{NETS}/tree/main#v1", "a page and a ref"),
        (f"{NETS}/blob/main/train.py", "names no folder"),
        (f"{NETS}/tree/-x", "cannot be a branch"),
    ],
)
def test_refused(text: str, message: str) -> None:
    with pytest.raises(UsageError, match=message) as caught:
        parse_git_source(text)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        (GitSource(NETS), "github.com/ada/nets"),
        (GitSource(f"{NETS}.git"), "github.com/ada/nets"),
        (GitSource(NETS, ref="feature/x"), "github.com/ada/nets@feature-x"),
        (GitSource(NETS, request="pull/5/head"), "github.com/ada/nets@pr-5"),
        (GitSource("git@example.org:ada/nets.git"), "example.org/ada/nets"),
        (GitSource("ssh://git@example.org:2222/~ada/nets"), "example.org-2222/ada/nets"),
        (GitSource("file:///srv/../nets.git"), "local/srv/nets"),
        (GitSource("https://example.org/a%2F..%2Fb c"), "example.org/a/b-c"),
    ],
)
def test_folder(source: GitSource, expected: str) -> None:
    assert render_folder(source) == expected


@pytest.mark.parametrize(
    ("tree", "ref", "folder"),
    [
        ("main", "main", ""),
        ("main/src/a", "main", "src/a"),
        ("feature/x/src", "feature/x", "src"),
        ("feature/xyz", "feature", "xyz"),
        ("0123abcd/src", "0123abcd", "src"),
    ],
)
def test_a_page_is_taken_apart(tree: str, ref: str, folder: str) -> None:
    found = split_tree(GitSource(NETS, tree=tree), ("main", "feature", "feature/x"))
    assert (found.ref, found.folder, found.tree) == (ref, folder, "")


def test_a_branch_that_is_not_there() -> None:
    with pytest.raises(UsageError, match="no branch or tag `mian`") as caught:
        split_tree(GitSource(NETS, tree="mian"), ("main",))
    assert caught.value.hint == "Did you mean `main`?"


def test_title() -> None:
    assert render_title(GitSource(NETS, request="pull/5/head")) == f"{NETS} pr-5"
    assert render_title(GitSource(NETS)) == NETS


@given(st.text(alphabet=st.sampled_from("ab./:#@-~%2F tree pull\n"), max_size=40))
@example("https://h/..%2f..#:")
def test_nothing_leaves_the_folder_of_clones(text: str) -> None:
    for word in (text, f"https://h/{text}", f"git@h:{text}"):
        try:
            source = parse_git_source(word)
        except CoveError:
            continue
        if source is not None:
            names = render_folder(source).split("/")
            assert not {"", ".", ".."} & set(names)
            assert ".." not in source.folder.split("/")
            assert not source.ref.startswith("-")
            assert not source.url.startswith("-")
