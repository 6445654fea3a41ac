"""Cache volumes: their names, the variables, and what is left alone."""

from __future__ import annotations

import pytest

from cove.spec.caches import (
    KINDS,
    choose_cache_env,
    choose_kinds,
    parse_prepared,
    parse_volume_name,
    plan_cache_mounts,
    render_volume_name,
)
from cove.spec.run import Mount


def test_mounts() -> None:
    assert plan_cache_mounts(["pip", "uv"], owner=1000) == (
        Mount("volume", "cove-cache-1000-pip", "/opt/cove/cache/pip"),
        Mount("volume", "cove-cache-1000-uv", "/opt/cove/cache/uv"),
    )
    (mount,) = plan_cache_mounts(["pip"], owner=0, workspace="0123456789ab")
    assert mount.source == "cove-cache-0-0123456789ab-pip"


OURS = "drwxr-xr-x. 3 0 0 4096 Nov 26 09:00 /opt/cove/cache/pip"
THEIRS = "drwx------ 2 1000 1001 4096 2026-11-26 09:00 /opt/cove/cache/pip/1000"


@pytest.mark.parametrize(
    ("lines", "ready"),
    [
        ((OURS, THEIRS), True),
        ((THEIRS, OURS.replace("pip", "uv")), False),
        ((OURS,), False),
        ((OURS.replace("drwxr-xr-x", "drwxrwxrwx"), THEIRS), False),
        ((OURS.replace(" 0 0 ", " 1000 0 "), THEIRS), False),
        ((OURS, THEIRS.replace("drwx------", "lrwxrwxrwx")), False),
        ((OURS, THEIRS.replace(" 1000 1001 ", " 0 0 ")), False),
        (("total 0", "ls: what is -n?"), False),
    ],
)
def test_folders_that_are_ready(lines: tuple[str, ...], ready: bool) -> None:
    assert parse_prepared("\n".join(lines), 1000) == ({"pip"} if ready else set())


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("workspace", ["", "0123456789ab"])
def test_names_are_read_back(kind: str, workspace: str) -> None:
    name = render_volume_name(kind, owner=1000, workspace=workspace)
    assert parse_volume_name(name) == (1000, workspace, kind)


@pytest.mark.parametrize(
    "name", ["pip", "cove-cache-1000-pipe", "cove-cache-ada-pip", "my-cove-cache-1000-pip"]
)
def test_other_volumes_are_nobodys_cache(name: str) -> None:
    assert parse_volume_name(name) is None


@pytest.mark.parametrize(
    ("targets", "missing"),
    [
        ([], set()),
        (["/home/dev/.cache/pip"], {"pip"}),
        (["/root/.cache/huggingface/"], {"huggingface"}),
        (["/home/dev/.cache"], {"huggingface", "torch", "pip", "uv"}),
        (["/root/.npm", "/data"], {"npm"}),
    ],
)
def test_a_mount_of_ones_own_settles_it(targets: list[str], missing: set[str]) -> None:
    assert set(choose_kinds(KINDS, targets)) == set(KINDS) - missing


@pytest.mark.parametrize(
    ("kind", "said", "expected"),
    [
        (
            "huggingface",
            {},
            {
                "HF_HUB_CACHE": "/opt/cove/cache/huggingface/1000/hub",
                "HUGGINGFACE_HUB_CACHE": "/opt/cove/cache/huggingface/1000/hub",
                "HF_DATASETS_CACHE": "/opt/cove/cache/huggingface/1000/datasets",
            },
        ),
        ("huggingface", {"HF_HOME": "/models"}, {}),
        ("huggingface", {"HF_DATASETS_CACHE": "/data"}, {}),
        ("pip", {}, {"PIP_CACHE_DIR": "/opt/cove/cache/pip/1000"}),
        ("pip", {"XDG_CACHE_HOME": "/c"}, {}),
        ("pip", {"PIP_NO_CACHE_DIR": "1"}, {}),
        ("uv", {}, {"UV_CACHE_DIR": "/opt/cove/cache/uv/1000", "UV_LINK_MODE": "copy"}),
        ("uv", {"UV_LINK_MODE": "symlink"}, {"UV_CACHE_DIR": "/opt/cove/cache/uv/1000"}),
        ("npm", {"NPM_CONFIG_CACHE": "/n"}, {}),
        ("torch", {}, {"TORCH_HOME": "/opt/cove/cache/torch/1000"}),
        ("conda", {}, {"CONDA_PKGS_DIRS": "/opt/cove/cache/conda/1000"}),
    ],
)
def test_variables(kind: str, said: dict[str, str], expected: dict[str, str]) -> None:
    assert choose_cache_env([kind], 1000, said) == expected
