"""What a container can lose of its GPUs, and what is said."""

from __future__ import annotations

import subprocess

import pytest

from cove.gpu.health import PROBE, judge_health, parse_probe
from cove.gpu.inventory import AMD, NVIDIA, Gpu, Hardware, Inventory, Problem

FIRST = Gpu(NVIDIA, 0, "GPU-a", "NVIDIA A100", "/dev/nvidia0")
SECOND = Gpu(NVIDIA, 1, "GPU-b", "NVIDIA A100", "/dev/nvidia1")
TWO = Inventory((FIRST, SECOND), hardware=Hardware(module="550.54.15"))
OPEN = {"/dev/nvidiactl": "ok", "/dev/nvidia-uvm": "ok", "/dev/nvidia0": "ok"}
DENIED = OPEN | {"/dev/nvidiactl": "Operation not permitted"}
UNKNOWN = OPEN | {"/dev/nvidia0": "No such device or address"}
RADEON = Gpu(AMD, 0, "0000:03:00.0", "Radeon", "/dev/dri/renderD128")
LOST = Inventory((FIRST._replace(problem="it has fallen off the bus"),))
MISMATCH = Inventory((), (Problem("NVIDIA's driver was updated", "Reboot."),))


@pytest.mark.parametrize(
    ("uuids", "inventory", "opened", "module"),
    [
        (("GPU-a",), TWO, OPEN, "550.54.15"),
        (("GPU-a",), TWO, OPEN, ""),
        (("GPU-a",), TWO, None, ""),  # it could not be asked
        (("GPU-a",), Inventory((FIRST,)), OPEN, "550.54.15"),
        (
            ("0000:03:00.0",),
            Inventory((Gpu(AMD, 0, "0000:03:00.0", "R", "/dev/dri/renderD128"),)),
            {"/dev/dri/renderD128": "ok"},
            "",
        ),
        (
            ("GPU-a",),
            TWO,
            OPEN | {"/dev/nvidia0": "Permission denied"},
            "",
        ),  # its group is the user's, not root's
        (("GPU-a",), TWO, OPEN | {"/dev/dri/renderD128": "No such device", "/dev/kfd": "x"}, ""),  # of others
        (("GPU-a",), Inventory((FIRST,), hardware=Hardware(dxg=True)), {}, ""),  # WSL has no such files
    ],
)
def test_healthy(
    uuids: tuple[str, ...], inventory: Inventory, opened: dict[str, str] | None, module: str
) -> None:
    assert judge_health(uuids, inventory, opened, module=module) is None


@pytest.mark.parametrize(
    ("uuids", "inventory", "opened", "module", "text", "hint"),
    [
        (
            ("GPU-a",),
            TWO,
            OPEN | {"/dev/nvidiactl": "Operation not permitted"},
            "",
            "systemd's daemon-reload",
            "create-dev-char-symlinks",
        ),
        (
            ("GPU-a",),
            TWO,
            OPEN | {"/dev/nvidia0": "No such device or address"},
            "",
            "/dev/nvidia0 cannot be opened in the container: No such",
            "--repair",
        ),
        (("GPU-a", "GPU-b"), TWO, OPEN, "", "/dev/nvidia1 is not in the container any more", "--repair"),
        (("GPU-a",), TWO, OPEN, "535.1", "updated from 535.1 to 550.54.15", "--repair"),
        (("GPU-z",), TWO, OPEN, "", "GPU-z is not in this machine any more", "another GPU"),
        (
            ("GPU-a",),
            LOST,
            OPEN,
            "",
            "GPU 0 cannot be used: it has fallen",
            "restarted",
        ),
        (("GPU-a",), MISMATCH, OPEN, "", "NVIDIA's driver was updated", "Reboot. Then `cove up --repair`"),
    ],
)
def test_losses(
    uuids: tuple[str, ...], inventory: Inventory, opened: dict[str, str], module: str, text: str, hint: str
) -> None:
    loss = judge_health(uuids, inventory, opened, module=module)
    assert loss is not None
    assert text in loss.text
    assert hint in loss.hint
    assert loss.repairable is (inventory is not MISMATCH)
    assert loss.same is ("another" not in loss.hint)


@pytest.mark.parametrize("shell", ["dash", "bash"])
def test_the_probe_says_what_cannot_be_opened(shell: str) -> None:
    """With other files for the GPUs': one that can be opened, one that cannot (no process here has a terminal), none."""
    script = PROBE.replace("/dev/nvidiactl", "/dev/null").replace("/dev/kfd", "/dev/tty")
    done = subprocess.run(
        [shell, "-c", script],
        capture_output=True,
        text=True,
        check=True,
        start_new_session=True,
        env={"LC_ALL": "C"},
    )
    assert parse_probe(done.stdout) == {"/dev/null": "ok", "/dev/tty": "No such device or address"}
