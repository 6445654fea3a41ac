"""Verdicts, by the facts."""

from __future__ import annotations

import pytest

from cove.engines.base import EngineInfo
from cove.errors import EngineError, NetworkError
from cove.gpu.inventory import NVIDIA, Gpu, Inventory, Problem
from cove.host.kernel import Kernel
from cove.workspace.check import (
    Check,
    choose_exit_code,
    judge_adaptations,
    judge_authorities,
    judge_bundle,
    judge_clock,
    judge_disk,
    judge_engine,
    judge_gateway,
    judge_gpus,
    judge_kernel,
    judge_site,
    judge_user_namespaces,
)

DOCKER = EngineInfo("docker", "28.2", rootless=False, remote=False, buildkit=True)
PODMAN = EngineInfo("podman", "4.3.1", rootless=True, remote=False, buildkit=False, quirks=("It is slow.",))
GIB = 1 << 30
A100 = Gpu(NVIDIA, 0, "GPU-a", "NVIDIA A100", "/dev/nvidia0")


@pytest.mark.parametrize(
    ("check", "verdict", "words"),
    [
        (judge_engine([DOCKER, PODMAN], None), "ok", "docker 28.2 with BuildKit; podman 4.3.1 rootless"),
        (judge_engine([DOCKER._replace(remote=True)], None), "ok", "on another machine"),
        (judge_engine([], EngineError("docker is away", hint="Start it.")), "failed", "docker is away"),
        (judge_engine([], None), "failed", "none answers"),
        (judge_adaptations([DOCKER]), "ok", "none needed"),
        (judge_adaptations([PODMAN]), "ok", "podman: It is slow."),
        (judge_disk("cache", "/c", 20 * GIB), "ok", "20.0 GiB free in /c"),
        (judge_disk("cache", "/c", 5 * GIB), "warning", "5.0 GiB"),
        (judge_disk("cache", "/c", GIB), "failed", "1.0 GiB"),
        (judge_kernel(Kernel()), "ok", "cgroups v2, systemd, 1048576 open files"),
        (judge_kernel(Kernel(systemd=False, open_files=1024)), "warning", "no systemd, 1024 open files"),
        (judge_user_namespaces(needed=False, most=0, ranges=False), "ok", "not needed"),
        (judge_user_namespaces(needed=True, most=0, ranges=True), "failed", "allows none"),
        (judge_user_namespaces(needed=True, most=9, ranges=False), "warning", "/etc/subuid"),
        (judge_user_namespaces(needed=True, most=9, ranges=True), "ok", "with a range"),
        (judge_site("gallery", "https://g", 401, None, needed_for="x"), "ok", "https://g answers (401)"),
        (judge_site("gallery", "https://g", 0, NetworkError("g is away"), needed_for="x"), "warning", "g is away; needed"),
        (judge_clock(None), "unchecked", "no site"),
        (judge_clock(2.2), "ok", "2 s ahead"),
        (judge_clock(-900), "failed", "900 s behind"),
        (judge_authorities(own=0, proxies=()), "ok", "no certificate authority of its own; no proxy"),
        (judge_authorities(own=2, proxies=("HTTPS_PROXY", "HTTP_PROXY")), "ok", "2 certificate authorities"),
        (judge_bundle("code-server 4.1", {}), "ok", "code-server 4.1 is here"),
        (judge_bundle("", {"ide_source": "/a.tar.gz", "x": ""}), "ok", "from ide_source /a.tar.gz"),
        (judge_bundle("", {}), "ok", "npm registry"),
        (judge_gateway(running="http://localhost:1", port=1, free=False), "ok", "runs at http://localhost:1"),
        (judge_gateway(running="", port=1, free=True), "ok", "port 1 is free"),
        (judge_gateway(running="", port=1, free=False), "warning", "port 1 is taken"),
    ],
)  # fmt: skip
def test_verdicts(check: Check, verdict: str, words: str) -> None:
    assert (check.verdict, words in check.evidence) == (verdict, True), check
    assert bool(check.exit_code) is (verdict == "failed")
    assert (
        bool(check.fix)
        or verdict in {"ok", "unchecked"}
        or not check.name.startswith(("cache", "limits", "user"))
    )


def test_gpus() -> None:
    assert judge_gpus(Inventory(), {}) == [Check("GPU", "ok", "none here; workspaces run on the CPU")]
    broken = judge_gpus(Inventory((), (Problem("a module is old", "Reboot."),)), {})
    assert [(check.verdict, check.evidence, check.fix) for check in broken] == [
        ("warning", "a module is old", "Reboot.")
    ]
    ways = {"docker": "cannot: no toolkit → Install it.", "podman": "by CDI"}
    found = judge_gpus(Inventory((A100, A100), (), "550.54", "12.4"), ways)
    assert [(check.name, check.verdict, check.evidence, check.fix) for check in found] == [
        ("GPU", "ok", "2 (NVIDIA A100), driver 550.54 for CUDA up to 12.4", ""),
        ("GPU in docker", "warning", "cannot: no toolkit", "Install it."),
        ("GPU in podman", "ok", "by CDI", ""),
    ]


def test_the_exit_code_is_the_first_failures() -> None:
    ok, bad = Check("a", "ok", ""), Check("b", "failed", "", exit_code=4)
    assert choose_exit_code([ok]) == 0
    assert choose_exit_code([ok, Check("w", "warning", "", exit_code=9), bad, bad._replace(exit_code=8)]) == 4
