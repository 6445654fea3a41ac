"""What frameworks see inside: the script with frameworks of paper, and a table of verdicts."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from cove.gpu.inventory import NVIDIA, Gpu, Inventory
from cove.gpu.sight import SCRIPT, Sight, judge_sight, parse_sights

if TYPE_CHECKING:
    from pathlib import Path

GEFORCE = Gpu(NVIDIA, 0, "GPU-a", "NVIDIA GeForce RTX 3090", "/dev/nvidia0", capability="8.6")
HOST = Inventory((GEFORCE,), driver="550.54.15", cuda="12.4")
TORCH = Sight("torch", "2.6.0+cu124", "12.4", 1)


@pytest.mark.parametrize(
    ("sight", "held", "text", "fix"),
    [
        (TORCH, 1, "torch 2.6.0+cu124, built for CUDA 12.4, sees 1 GPU and computes", ""),
        (TORCH._replace(seen=2), 2, "sees 2 GPUs and computes", ""),
        (
            TORCH._replace(version="2.6.0+cpu", built="", seen=0),
            1,
            "is built for the CPU alone",
            "CUDA 12.4 (`+cu124`)",
        ),
        (
            Sight("tensorflow", "2.20.0"),
            1,
            "tensorflow 2.20.0 is built for the CPU alone",
            "tensorflow[and-cuda]",
        ),
        (Sight("jax", "0.4.30"), 1, "jax 0.4.30 is built for the CPU alone", "`jax[cuda12]`"),
        (Sight("jax", "0.4.30", "GPUs", 1), 1, "jax 0.4.30, built for GPUs, sees 1 GPU", ""),
        (
            TORCH._replace(built="13.0", seen=0, error="too old"),
            1,
            "needs CUDA 13.0, and driver 550.54.15",
            "Update the driver",
        ),
        (
            TORCH._replace(seen=0, error="No CUDA GPUs are available"),
            1,
            "sees no GPU: No CUDA GPUs",
            "CUDA_VISIBLE_DEVICES",
        ),
        (
            TORCH._replace(error="no kernel image is available"),
            1,
            "cannot compute: no kernel image",
            "does not know this GPU",
        ),
        (TORCH, 2, "sees 1 GPU of 2", "CUDA_VISIBLE_DEVICES"),
        (
            Sight("torch", error="libcudart.so.12: cannot open"),
            1,
            "torch cannot be loaded: libcudart",
            "Mend",
        ),
    ],
)
def test_verdicts(sight: Sight, held: int, text: str, fix: str) -> None:
    said, cure = judge_sight(sight, held, HOST)
    assert text in said
    assert fix in cure
    assert bool(cure) is bool(fix)


def test_a_host_whose_driver_is_not_known() -> None:
    assert judge_sight(TORCH, 1, Inventory())[1] == ""
    assert "built for the CPU" in judge_sight(TORCH._replace(built=""), 1, Inventory())[0]


FRAMEWORKS = {
    "torch": """
from types import SimpleNamespace
__version__, version = "2.6.0", SimpleNamespace(cuda="12.4")
cuda = SimpleNamespace(is_available=lambda: False, device_count=lambda: 9)
def ones(*_, device):
    print("noise on stdout")
    raise RuntimeError("Found no NVIDIA driver on your system")
""",
    "tensorflow": """
from types import SimpleNamespace
from contextlib import nullcontext
print("a line of its own")
__version__ = "2.20.0"
sysconfig = SimpleNamespace(get_build_info=lambda: {"cuda_version": "12.5"})
config = SimpleNamespace(list_physical_devices=lambda kind: [kind])
device, ones, reduce_sum = lambda _: nullcontext(), lambda n: n, float
""",
    "jax": """
__version__ = "0.4.30"
def devices(kind):
    raise RuntimeError("Unknown backend: 'gpu' requested")
""",
}


def test_a_folder_of_the_repository_is_no_framework(tmp_path: Path) -> None:
    (tmp_path / "work" / "torch").mkdir(parents=True)
    assert run(tmp_path, cwd=tmp_path / "work") == []


def run(folder: Path, *, cwd: Path | None = None) -> list[Sight]:
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT],
        capture_output=True,
        text=True,
        check=True,
        cwd=cwd,
        env={"PYTHONPATH": str(folder)},
    )
    return parse_sights(done.stdout)


def test_the_script_asks_each_framework(tmp_path: Path) -> None:
    assert run(tmp_path) == []
    for name, text in FRAMEWORKS.items():
        (tmp_path / f"{name}.py").write_text(text)
    assert run(tmp_path) == [
        Sight("torch", "2.6.0", "12.4", 0, "RuntimeError: Found no NVIDIA driver on your system"),
        Sight("tensorflow", "2.20.0", "12.5", 1),
        Sight("jax", "0.4.30"),
    ]
    (tmp_path / "torch.py").write_text("import os\nos.abort()\n")
    (tmp_path / "jax.py").write_text("raise ImportError('libcudart is missing')\n")
    first, _, last = run(tmp_path)
    assert (first.version, bool(first.error)) == ("", True)
    assert last == Sight("jax", error="ImportError: libcudart is missing")


def test_lines_that_are_none() -> None:
    assert parse_sights('x\n{}\n[]\n{"name": "torch", "seen": "many"}\n') == []
