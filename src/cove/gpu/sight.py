"""What torch, tensorflow and jax really see of the GPUs inside a container. Pure: a script to run there, and a verdict."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, NamedTuple

from cove.gpu.cuda import judge, newest_cuda, parse_version
from cove.gpu.cuda_needs import CudaNeed

if TYPE_CHECKING:
    from cove.gpu.inventory import Inventory

SCRIPT = r'''
import importlib.util, json, subprocess, sys

sys.path[:] = [place for place in sys.path if place]  # a folder of the repository may be named as a framework is

TORCH = """
import torch
built, cuda = torch.version.cuda or getattr(torch.version, "hip", None) or "", torch.cuda
say(version=torch.__version__, built=built, seen=cuda.device_count() if cuda.is_available() else 0)
if built:
    (torch.ones(2, device="cuda") * 2).sum().item()
"""
TENSORFLOW = """
import tensorflow as tf
info, gpus = tf.sysconfig.get_build_info(), tf.config.list_physical_devices("GPU")
say(version=tf.__version__, built=str(info.get("cuda_version") or info.get("rocm_version") or ""), seen=len(gpus))
if gpus:
    with tf.device("/GPU:0"):
        float(tf.reduce_sum(tf.ones(2) * 2))
"""
JAX = """
import jax
try:
    gpus, why = jax.devices("gpu"), ""
except RuntimeError as error:
    gpus, why = [], str(error)
built = "" if "Unknown backend" in why else "GPUs"
say(version=jax.__version__, built=built, seen=len(gpus))
if gpus:
    (jax.numpy.ones(2) * 2).sum().item()
elif built:
    raise RuntimeError(why)
"""
SAY = """
import json, sys
sys.path[:] = [place for place in sys.path if place]
def say(**facts):
    print(json.dumps(facts), flush=True)
"""
for name, code in {"torch": TORCH, "tensorflow": TENSORFLOW, "jax": JAX}.items():
    if importlib.util.find_spec(name) is None:
        continue
    try:
        done = subprocess.run([sys.executable, "-c", SAY + code], capture_output=True, text=True, timeout=120)
        said, failed = done.stdout, done.returncode != 0
        error = (done.stderr.strip().splitlines() or [f"it ended with {done.returncode}"])[-1] if failed else ""
    except subprocess.TimeoutExpired:
        said, error = "", "it did not answer within two minutes"
    facts = next((json.loads(line) for line in said.splitlines() if line.startswith("{")), {})
    print(json.dumps({"name": name, "error": error, **facts}), flush=True)
'''
"""Each framework in a process of its own: one that crashes says nothing of the others."""

CURES = {
    "torch": "Install the wheel that is built for CUDA {cuda} (`+cu{digits}`) rather than for the CPU.",
    "tensorflow": "Install `tensorflow[and-cuda]`, or an image that has CUDA.",
    "jax": "Install `jax[cuda{major}]`.",
}


class Sight(NamedTuple):
    """What one framework told."""

    name: str
    version: str = ""
    """Empty when it could not even be loaded."""
    built: str = ""
    """The CUDA or ROCm it is built for: `12.4`; empty for the CPU alone."""
    seen: int = 0
    """The GPUs it sees."""
    error: str = ""
    """Why it could not be loaded, or not compute."""


def parse_sights(text: str) -> list[Sight]:
    """Return what the script's lines say."""
    found = []
    for line in text.splitlines():
        try:
            facts = json.loads(line)
            found.append(
                Sight(
                    str(facts["name"]),
                    str(facts.get("version", "")),
                    str(facts.get("built", "")),
                    int(facts.get("seen", 0)),
                    str(facts.get("error", "")),
                )
            )
        except (ValueError, KeyError, TypeError):
            continue
    return found


def judge_sight(sight: Sight, held: int, inventory: Inventory) -> tuple[str, str]:
    """Return what a framework sees of the `held` GPUs of its container, and the remedy, empty when all is well."""
    if not sight.version:
        return f"{sight.name} cannot be loaded: {sight.error}", "Mend its installation in the image."
    if wrong := _judge_build(sight, inventory):
        return wrong
    built = f"{_name(sight)}, built for {'CUDA ' if parse_version(sight.built) else ''}{sight.built}"
    if not sight.seen:
        return (
            f"{built}, sees no GPU: {sight.error or 'it does not say why'}",
            "`cove doctor` says whether the container still has it; CUDA_VISIBLE_DEVICES must not hide it.",
        )
    if sight.error:
        return (
            f"{built}, sees {_gpus(sight.seen)}, but cannot compute: {sight.error}",
            "`no kernel image` means a build that does not know this GPU: install a newer one, or for another CUDA.",
        )
    if sight.seen != held:
        return (
            f"{built}, sees {_gpus(sight.seen)} of {held}",
            "Look at CUDA_VISIBLE_DEVICES in the container, and remove it: GPUs are numbered from 0 inside.",
        )
    return f"{built}, sees {_gpus(sight.seen)} and computes", ""


def _judge_build(sight: Sight, inventory: Inventory) -> tuple[str, str] | None:
    """Return what is wrong with a build for this machine."""
    if not sight.built:
        cuda = newest_cuda(parse_version(inventory.driver)) or (0, 0)
        words = {"cuda": ".".join(map(str, cuda)), "digits": "".join(map(str, cuda)), "major": cuda[0]}
        return f"{_name(sight)} is built for the CPU alone", CURES.get(sight.name, "").format(**words)
    need = parse_version(sight.built)
    if not (need and inventory.driver):
        return None
    verdict = judge(CudaNeed(need[:2], _name(sight)), inventory.driver, inventory.usable)
    return (verdict.text, verdict.hint) if verdict.kind == "unfit" else None


def _name(sight: Sight) -> str:
    return f"{sight.name} {sight.version}"


def _gpus(count: int) -> str:
    return "1 GPU" if count == 1 else f"{count} GPUs"
