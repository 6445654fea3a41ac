"""A repository named by URL: what git clones, and which of its branches, tags, commits, requests and folders is meant.

Understood are git's own URLs (git-clone, "GIT URLS"), with `#REF:FOLDER` as docker build has it ("Git repositories"),
and the addresses of the pages on which GitHub, GitLab and Hugging Face show a branch, a commit or a request.
"""

from __future__ import annotations

import re
from typing import NamedTuple
from urllib.parse import unquote, urlsplit

from cove.errors import UsageError

SCHEMES = ("https", "http", "ssh", "git", "file")
HOSTS = ("github.com", "gitlab.com", "huggingface.co", "bitbucket.org")
"""Addresses that begin with one of these need no scheme."""
_SCP = re.compile(r"\w[\w.-]*@\w[\w.-]*:(?!//)(?P<path>\S+)")
_PAGE = re.compile(
    r"(?P<repository>/[^/]+/.+?)(?:/-)?/(?P<kind>tree|blob|commit|pull|merge_requests)/(?P<rest>[^?]+)"
)
_COMMIT = re.compile(r"[0-9a-f]{7,64}")
_REF = re.compile(r"[\w][\w./+@-]*")
_REQUEST = re.compile(r"(pull|merge-requests)/(\d+)(/head)?")


class GitSource(NamedTuple):
    """What is to be cloned, and what of it is meant."""

    url: str
    """As git takes it; without a password."""
    ref: str = ""
    """A branch, a tag or a commit; empty: the remote's default branch."""
    request: str = ""
    """A pull or merge request, as the remote's ref: `pull/5/head`, `merge-requests/5/head`."""
    folder: str = ""
    """Inside the repository, without slashes at its ends; empty: the repository itself."""
    tree: str = ""
    """A branch or tag and perhaps a folder, `feature/x/src`, which only the remote's refs tell apart."""

    @property
    def may_be_commit(self) -> bool:
        """Whether the ref could be a commit's id."""
        return bool(_COMMIT.fullmatch(self.ref))


def parse_git_source(text: str) -> GitSource | None:
    """Return what a URL names, or None for text that is no URL and so a folder's path.

    Raises UsageError for a URL that holds a password or names something that cannot be a ref or a folder.

    >>> parse_git_source("https://github.com/ada/nets/tree/main/examples")
    GitSource(url='https://github.com/ada/nets', ref='', request='', folder='', tree='main/examples')
    >>> parse_git_source("git@example.org:nets.git#v2:src")
    GitSource(url='git@example.org:nets.git', ref='v2', request='', folder='src', tree='')
    """
    address, _, fragment = text.partition("#")
    if not _SCP.fullmatch(address):
        scheme, separator, _ = address.partition("://")
        if not separator and address.split("/")[0] in HOSTS and "/" in address:
            address = f"https://{address}"
        elif not separator or scheme.lower() not in SCHEMES:
            return None
        _refuse_password(address)
        if scheme.lower() != "file" and (page := _PAGE.fullmatch(urlsplit(address).path)):
            if fragment:
                raise UsageError(f"{text} names a page and a ref", hint="Leave out what follows `#`.")
            return _of_page(address, page)
    ref, _, folder = fragment.partition(":")
    return _checked(GitSource(address.rstrip("/"), folder=folder.strip("/")), ref)


def render_folder(source: GitSource) -> str:
    """Return where a clone belongs, below the folder of all clones: host, path, and what of it is not the default.

    >>> render_folder(GitSource("https://github.com/ada/nets.git", request="pull/5/head"))
    'github.com/ada/nets@pr-5'
    """
    if found := _SCP.fullmatch(source.url):
        host, path = source.url.partition(":")[0].rpartition("@")[2], found["path"]
    else:
        parts = urlsplit(source.url)
        host, path = parts.netloc.rpartition("@")[2], unquote(parts.path)
    names = [_plain(name) for name in (host or "local", *path.removesuffix(".git").split("/"))]
    base = "/".join(name for name in names if name)
    which = request_branch(source) or _plain(source.ref)
    return f"{base}@{which}" if which else base


def request_branch(source: GitSource) -> str:
    """Return the name of the branch that a request is checked out on; empty where none is meant."""
    return f"pr-{source.request.split('/')[1]}" if source.request else ""


def split_tree(source: GitSource, refs: tuple[str, ...]) -> GitSource:
    """Return the source with `tree` taken apart into the longest ref of the remote's and a folder.

    Raises UsageError when the remote has no such ref.
    """
    tree = f"{source.tree}/"
    for ref in sorted(refs, key=len, reverse=True):
        if tree.startswith(f"{ref}/"):
            return source._replace(tree="", ref=ref, folder=tree.removeprefix(f"{ref}/").strip("/"))
    first, _, folder = source.tree.partition("/")
    if _COMMIT.fullmatch(first):
        return source._replace(tree="", ref=first, folder=folder)
    raise unknown_ref(source, source.tree, refs)


def unknown_ref(source: GitSource, ref: str, refs: tuple[str, ...]) -> UsageError:
    """Return the error for a ref that the remote does not have."""
    from difflib import get_close_matches

    close = get_close_matches(ref, refs, n=1)
    known = ", ".join(refs[:10])
    hint = f"Did you mean `{close[0]}`?" if close else f"It has: {known}." if known else ""
    return UsageError(f"{source.url} has no branch or tag `{ref}`", hint=hint)


def _of_page(address: str, page: re.Match[str]) -> GitSource:
    parts = urlsplit(address)
    url = f"{parts.scheme}://{parts.netloc}{page['repository']}"
    rest = unquote(page["rest"]).strip("/")
    number = rest.split("/")[0]
    match page["kind"]:
        case "pull" | "merge_requests" if number.isdigit():
            kind = {"pull": "pull", "merge_requests": "merge-requests"}[page["kind"]]
            return GitSource(url, request=f"{kind}/{number}/head")
        case "commit":
            return _checked(GitSource(url), number)
        case "tree":
            return _checked(GitSource(url, tree=rest), "")
        case _:
            raise UsageError(f"{address} names no folder", hint="Name the repository, or a folder of it.")


def _checked(source: GitSource, ref: str) -> GitSource:
    if found := _REQUEST.fullmatch(ref):
        source = source._replace(request=f"{found[1]}/{found[2]}/head")
    else:
        source = source._replace(ref=ref)
    for word in (source.ref, source.tree):
        if word and (not _REF.fullmatch(word) or ".." in word):
            raise UsageError(f"`{word}` cannot be a branch, a tag or a commit")
    if ".." in source.folder.split("/"):
        raise UsageError(f"`{source.folder}` is no folder of the repository")
    return source


def _refuse_password(address: str) -> None:
    if urlsplit(address).password:
        raise UsageError(
            "the URL holds a password, and others can see a command's words",
            hint="Leave it out: git asks your credential helper (`git help credentials`).",
        )


def _plain(text: str) -> str:
    """Return a text as the name of one folder."""
    return re.sub(r"[^\w.+-]+", "-", text).strip(".-")


def render_title(source: GitSource) -> str:
    """Return a source in a person's words."""
    return f"{source.url} {request_branch(source) or source.ref or source.tree}".strip()
