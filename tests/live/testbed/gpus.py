"""GPUs that are not there: a stand-in for NVIDIA's binding, CDI names for podman, a hook for docker's `--gpus`.

Only the outside world is simulated: cove asks the binding as always, and the engines do what they do with real GPUs.
The device files in the containers are /dev/null under NVIDIA's names.
"""

from __future__ import annotations

import contextlib
import json
from pathlib import Path
from typing import TYPE_CHECKING

from testbed.cards import Card, Cards

if TYPE_CHECKING:
    from collections.abc import Iterator

    from testbed.slot import Slot

CDI_FOLDER = Path("/var/run/cdi")
NAME = "NVIDIA A100"

BINDING = '''
"""A driver that reads what it knows from a file."""
import json
from types import SimpleNamespace


class NVMLError(Exception):
    def __init__(self, value, text="Not Supported"):
        super().__init__(text)
        self.value = value


def nvmlInit():
    pass


def nvmlShutdown():
    pass


def nvmlSystemGetDriverVersion():
    return "550.54.15"


def nvmlSystemGetCudaDriverVersion_v2():
    return 12040


def _gpus():
    with open(STATE) as file:
        return json.load(file)


def nvmlDeviceGetCount():
    return len(_gpus())


def nvmlDeviceGetHandleByIndex(index):
    return _gpus()[index]


def nvmlDeviceGetMemoryInfo(gpu):
    return SimpleNamespace(total=40 << 30, used=gpu["used"])


def nvmlDeviceGetComputeRunningProcesses(gpu):
    return [SimpleNamespace(pid=pid, usedGpuMemory=gpu["used"]) for pid in gpu["pids"]]


def __getattr__(name):
    fields = {"nvmlDeviceGetUUID": "uuid", "nvmlDeviceGetName": "name", "nvmlDeviceGetMinorNumber": "minor"}

    def ask(gpu, *_):
        if name not in fields:
            raise NVMLError(3)
        return gpu[fields[name]]

    return ask
'''

HOOK = """\
#!/usr/bin/env python3
# As NVIDIA's: called before the container's main process, with the state of the container on standard input.
import json, os, subprocess, sys

state = json.load(sys.stdin)
with open(os.path.join(state["bundle"], "config.json")) as file:
    config = json.load(file)
root = os.path.join(state["bundle"], config["root"]["path"])
env = dict(pair.split("=", 1) for pair in config["process"]["env"])
for uuid in env["NVIDIA_VISIBLE_DEVICES"].split(","):
    node = f"{root}/dev/nvidia{int(uuid[-4:])}"
    subprocess.run(["nsenter", "-t", str(state["pid"]), "-m", "mknod", "-m", "666", node, "c", "1", "3"], check=True)
"""


def occupy(gpus: Cards, number: int, *, used: int = 0, pids: tuple[int, ...] = ()) -> None:
    """Say what is used of a simulated GPU, in bytes, and which processes compute on it."""
    assert gpus.folder is not None
    path = gpus.folder / "state.json"
    known = json.loads(path.read_text())
    known[number] |= {"used": used, "pids": list(pids)}
    path.write_text(json.dumps(known))


def write_hook(folder: Path) -> Path:
    """Write docker's hook; the daemon looks for it on its PATH once, at its start."""
    folder.mkdir(exist_ok=True)
    hook = folder / "nvidia-container-runtime-hook"
    hook.write_text(HOOK)
    hook.chmod(0o755)
    return folder


@contextlib.contextmanager
def simulated_gpus(slot: Slot, folder: Path, count: int) -> Iterator[Cards]:
    """Let there be GPUs until the block ends; they have UUIDs of this session's own."""
    cards = tuple(
        Card(number, f"GPU-{slot.number:08}-c07e-4000-8000-00000000{number:04}", NAME, f"nvidia{number}")
        for number in range(count)
    )
    state = folder / "state.json"
    known = [
        {"uuid": card.uuid, "name": card.name, "minor": card.number, "used": 0, "pids": []} for card in cards
    ]
    state.write_text(json.dumps(known))
    (folder / "pynvml.py").write_text(f"STATE = {str(state)!r}\n{BINDING}")
    CDI_FOLDER.mkdir(parents=True, exist_ok=True)
    try:
        write_cdi(slot, cards)
        yield Cards(cards, folder)
    finally:
        cdi_file(slot).unlink(missing_ok=True)


def cdi_file(slot: Slot) -> Path:
    """Return the CDI file of a session."""
    return CDI_FOLDER / f"cove-test-{slot.number}.json"


def write_cdi(slot: Slot, cards: tuple[Card, ...], *, rootless: bool = False) -> None:
    """Write the CDI file; a rootless runtime makes no device file, and mounts one that is there."""

    def edits(card: Card) -> dict[str, object]:
        inside = f"/dev/{card.node}"
        if rootless:
            return {"mounts": [{"hostPath": "/dev/null", "containerPath": inside, "options": ["bind"]}]}
        return {"deviceNodes": [{"path": inside, "hostPath": "/dev/null"}]}

    devices = [{"name": card.uuid, "containerEdits": edits(card)} for card in cards]
    spec = {"cdiVersion": "0.5.0", "kind": "nvidia.com/gpu", "devices": devices}
    cdi_file(slot).write_text(json.dumps(spec))
