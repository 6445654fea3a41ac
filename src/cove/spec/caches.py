"""Cache volumes: models, data sets and packages that outlive a container and are shared by a person's workspaces.

One volume a kind and person; in it one folder for each user id inside, since only its owner may write there. The
variables name folders that hold no token: Hugging Face's `token` stays beside its `hub`, in the container.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from cove.spec.run import Mount

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

CACHES_AT = "/opt/cove/cache"
"""Where the volumes appear in a container."""
LISTED_FIELDS = 7
"""Of a line of `ls -l`, before the name; a date is two of them or three."""
LABEL = "cove.caches"
"""On the container: the kinds it has, with commas between them."""
PREFIX = "cove-cache-"


class Kind(NamedTuple):
    """One kind of cache."""

    doc: str
    variables: Mapping[str, str]
    """What its programs read, and the folder in the cache that each names; `.` is the cache itself."""
    others: tuple[str, ...] = ()
    """Variables by which an image or a person may have settled the same."""
    usual: tuple[str, ...] = ()
    """Where these programs keep it by themselves: whoever mounts something there has settled it too."""
    settings: Mapping[str, str] = {}
    """What else suits a cache that is a file system of its own."""


KINDS: Mapping[str, Kind] = {
    # huggingface_hub, "Environment variables"; HUGGINGFACE_HUB_CACHE is the name before 0.16; datasets, "Cache management"
    "huggingface": Kind(
        "models and data sets of the Hugging Face hub",
        {"HF_HUB_CACHE": "hub", "HUGGINGFACE_HUB_CACHE": "hub", "HF_DATASETS_CACHE": "datasets"},
        ("HF_HOME", "TRANSFORMERS_CACHE", "XDG_CACHE_HOME"),
        ("/.cache/huggingface", "/.cache"),
    ),
    # torch.hub, "Where are my downloaded models saved?"
    "torch": Kind(
        "checkpoints of torch.hub and torchvision",
        {"TORCH_HOME": "."},
        ("XDG_CACHE_HOME",),
        ("/.cache/torch", "/.cache"),
    ),
    "pip": Kind(
        "downloads and wheels of pip",
        {"PIP_CACHE_DIR": "."},
        ("PIP_NO_CACHE_DIR", "XDG_CACHE_HOME"),
        ("/.cache/pip", "/.cache"),
    ),
    # uv, "Environment variables"; it warns when it cannot link from its cache
    "uv": Kind(
        "downloads and wheels of uv",
        {"UV_CACHE_DIR": "."},
        ("UV_NO_CACHE", "XDG_CACHE_HOME"),
        ("/.cache/uv", "/.cache"),
        {"UV_LINK_MODE": "copy"},
    ),
    "conda": Kind(
        "packages of conda and mamba", {"CONDA_PKGS_DIRS": "."}, (), ("/.conda/pkgs", "/conda/pkgs")
    ),
    "npm": Kind("packages of npm", {"npm_config_cache": "."}, ("NPM_CONFIG_CACHE",), ("/.npm",)),
}

PREPARE = f"""
uid=$1 gid=$2
shift 2
for kind; do
  cd {CACHES_AT}/"$kind" && chown 0:0 . && chmod 755 . && [ ! -h "$uid" ] && mkdir -p "$uid" || exit 1
  chown "$uid:$gid" "$uid" && chmod 700 "$uid" || exit 1
done
"""
"""Run as root in a container: makes the folders of its user; a link there would be another container's trick."""

LISTING = f'ls -ldn {CACHES_AT}/* {CACHES_AT}/*/"$id"'
"""Run in a container, with the user's id in `$id`: what `parse_prepared` reads."""


def parse_prepared(listing: str, uid: int) -> frozenset[str]:
    r"""Return the kinds whose folders are as PREPARE leaves them, from what LISTING printed.

    >>> parse_prepared("drwxr-xr-x 3 0 0 60 Nov 26 09:00 /opt/cove/cache/pip\n"
    ...     "drwx------ 2 1000 1000 40 Nov 26 09:00 /opt/cove/cache/pip/1000\n", 1000)
    frozenset({'pip'})
    """
    fields = [line.split() for line in listing.splitlines()]
    found = {(words[0][:10], words[2], words[-1]) for words in fields if len(words) > LISTED_FIELDS}
    return frozenset(
        kind
        for kind in KINDS
        if ("drwxr-xr-x", "0", f"{CACHES_AT}/{kind}") in found
        and ("drwx------", str(uid), f"{CACHES_AT}/{kind}/{uid}") in found
    )


def plan_cache_mounts(kinds: Iterable[str], *, owner: int, workspace: str = "") -> tuple[Mount, ...]:
    """Return the volumes of the host user `owner`; with the id of a workspace, those it shares with nobody."""
    return tuple(
        Mount("volume", render_volume_name(kind, owner=owner, workspace=workspace), f"{CACHES_AT}/{kind}")
        for kind in kinds
    )


def choose_kinds(wanted: Iterable[str], targets: Iterable[str]) -> tuple[str, ...]:
    """Return the kinds that are wanted and not settled by a mount of somebody's own at one of these targets."""
    taken = tuple(target.rstrip("/") for target in targets)
    return tuple(kind for kind in wanted if not any(target.endswith(KINDS[kind].usual) for target in taken))


def choose_cache_env(kinds: Iterable[str], uid: int, said: Mapping[str, str]) -> dict[str, str]:
    """Return the variables for these kinds and this user; a kind for which `said` holds any variable is left alone."""
    found: dict[str, str] = {}
    for name in kinds:
        kind = KINDS[name]
        if not any(variable in said for variable in (*kind.variables, *kind.others)):
            base = f"{CACHES_AT}/{name}/{uid}"
            found |= {
                variable: base if folder == "." else f"{base}/{folder}"
                for variable, folder in kind.variables.items()
            }
            found |= {variable: value for variable, value in kind.settings.items() if variable not in said}
    return found


def render_volume_name(kind: str, *, owner: int, workspace: str = "") -> str:
    """Return a volume's name.

    >>> render_volume_name("pip", owner=1000), render_volume_name("pip", owner=1000, workspace="0123456789ab")
    ('cove-cache-1000-pip', 'cove-cache-1000-0123456789ab-pip')
    """
    return f"{PREFIX}{owner}-{f'{workspace}-' if workspace else ''}{kind}"


def parse_volume_name(name: str) -> tuple[int, str, str] | None:
    """Return owner, workspace's id (empty: shared by all of the owner's) and kind; None for any other volume.

    >>> parse_volume_name("cove-cache-1000-0123456789ab-pip")
    (1000, '0123456789ab', 'pip')
    """
    found = re.fullmatch(rf"{PREFIX}(\d+)-(?:([0-9a-f]+)-)?({'|'.join(KINDS)})", name)
    return (int(found[1]), found[2] or "", found[3]) if found else None
