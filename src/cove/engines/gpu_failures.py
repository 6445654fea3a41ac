"""What docker, podman, NVIDIA's toolkit and drivers and the frameworks write when a GPU cannot be had. Pure.

Each known message becomes its cause and the next step. Sources: NVIDIA's container toolkit (documentation,
"Troubleshooting", and issues 48, 213 and 1227), CUDA's list of errors, docker's and podman's own texts.
"""

from __future__ import annotations

import re
from typing import NamedTuple

GENERATE = "`sudo nvidia-ctk cdi generate --output=/etc/cdi/nvidia.yaml`"
NEWER_DRIVER = "Update the driver, or use an older image or wheel: `cove doctor --gpu PATH` says which."
REPAIR = "`cove up --repair` makes the container anew with its GPUs."


class GpuFailure(NamedTuple):
    """A message, what it comes of, and what to do; `{found}` is what the pattern's group found."""

    pattern: str
    cause: str
    step: str


FAILURES = (
    # docker and podman
    GpuFailure(
        r'could not select device driver "" with capabilities: \[\[gpu\]\]',
        "docker knows no way to give GPUs: NVIDIA's container toolkit is not installed, or docker was not restarted since",
        "Install nvidia-container-toolkit, `sudo nvidia-ctk runtime configure --runtime=docker`, then restart that docker.",
    ),
    GpuFailure(
        r'could not select device driver "cdi"',
        "docker's daemon has CDI switched off, or is older than 25",
        'Set "features": {"cdi": true} in its daemon.json and restart it, or update docker to 28.2 or newer.',
    ),
    GpuFailure(
        r"unresolvable CDI devices ([^\s:]+)",
        "no CDI file describes {found}: there is none, or the GPU or its MIG instances have changed since",
        f"Write the file anew: {GENERATE}.",
    ),
    GpuFailure(
        r"(\S+/gpu=\S+) is not an absolute path",
        "docker's command line is too old to know CDI names such as {found}",
        "Update docker's command line to 25 or newer, as its daemon.",
    ),
    GpuFailure(
        r"unknown (?:or invalid )?runtime (?:specified|name:?) \"?nvidia",
        "docker does not know the runtime `nvidia`",
        "`sudo nvidia-ctk runtime configure --runtime=docker`, then restart docker; or leave out `--runtime`: cove needs none.",
    ),
    GpuFailure(
        r"(?:stat|open|CDI host device|error stating device) [\"']?(\S*(?:nvidia|libcuda)[^\s\"':]*)[\"']?: no such",
        "the CDI file names {found}, which is gone: the driver was updated since it was written",
        f"Write the file anew: {GENERATE}.",
    ),
    GpuFailure(
        r"hook[^\n]*nvidia-(?:ctk|cdi-hook)|nvidia-(?:ctk|cdi-hook)[^\n]*(?:no such file|not found)",
        "a program of NVIDIA's container toolkit that the CDI file names failed, or is gone",
        f"Install nvidia-container-toolkit anew and write the file anew: {GENERATE}.",
    ),
    GpuFailure(
        r"No GPU support found yet a GPU was required",
        "the reference CLI found no runtime `nvidia` in docker; it looks for nothing else",
        "`cove up` finds CDI, docker's `--gpus` and podman too: `cove doctor --gpu` says which way there is.",
    ),
    # NVIDIA's container toolkit
    GpuFailure(
        r"unsatisfied condition: ([^,\n]+)",
        "the driver is too old for this image, which wants {found}",
        NEWER_DRIVER + " `NVIDIA_DISABLE_REQUIRE=1` in containerEnv goes on regardless.",
    ),
    GpuFailure(
        r"load library failed: libnvidia-ml\.so|libnvidia-ml\.so\.1: cannot open",
        "there is no NVIDIA driver where the engine runs; docker from a snap does not see the host's",
        "Install the driver on the host, or another docker than the snap's.",
    ),
    GpuFailure(
        r"nvidia-container-cli: device error: (\S+): unknown device",
        "the driver does not know the GPU {found}",
        "`cove gpus` shows those that are there. A workspace made for another one: `cove up --repair`.",
    ),
    GpuFailure(
        r"cgroup subsystem devices not found",
        "NVIDIA's container library is too old for this host's control groups (v2)",
        "Update nvidia-container-toolkit and libnvidia-container to 1.8 or newer.",
    ),
    GpuFailure(
        r"failed to add device rules|bpf_prog_(?:query|attach)[^\n]*operation not permitted",
        "a rootless engine may not change the rules for devices, which NVIDIA's hook wants to",
        "Set `no-cgroups = true` in /etc/nvidia-container-runtime/config.toml, or give GPUs by CDI.",
    ),
    # the driver
    GpuFailure(
        r"driver/library version mismatch",
        "NVIDIA's driver was updated, but the old kernel module is still in use",
        "Reboot; or end what uses the GPUs and reload the modules. An update that is held back keeps it from happening.",
    ),
    GpuFailure(
        r"nvml error: driver not loaded|NVML: driver not loaded|couldn't communicate with the NVIDIA driver",
        "the kernel module of NVIDIA's driver is not loaded",
        "Install the driver for this kernel and reboot; `dmesg | grep -i nvidia` says more.",
    ),
    GpuFailure(
        r"GPU is lost|fallen off the bus|GPU requires reset|uncorrectable ECC error",
        "the GPU has fallen off the bus, or failed and must be reset",
        "Restart the machine; `dmesg | grep -i xid` says more. Another GPU until then: `cove up --repair`.",
    ),
    GpuFailure(
        r"NVML: insufficient permissions|unable to open /dev/kfd[^\n]*permission denied",
        "the user in the container may not open the GPU's device files",
        "cove gives the groups of these files: make the container with `cove up`, or look at the files' modes on the host.",
    ),
    GpuFailure(
        r"Failed to initialize NVML: Unknown Error",
        "the container has lost its GPU: systemd's daemon-reload renewed the rules for its devices without it; in a"
        " rootful engine `no-cgroups = true` does the same from the start",
        REPAIR
        + " So that it stays: CDI, or `sudo nvidia-ctk system create-dev-char-symlinks --create-all` at each boot.",
    ),
    # CUDA and the frameworks
    GpuFailure(
        r"driver version is insufficient for CUDA runtime|NVIDIA driver on your system is too old|cudaErrorInsufficientDriver",
        "the CUDA in the image is newer than the driver can run",
        NEWER_DRIVER,
    ),
    GpuFailure(
        r"CallRequiresNewerDriver|API call is not supported in the installed CUDA driver",
        "the program calls what this driver does not know yet, although its CUDA runs on it",
        NEWER_DRIVER,
    ),
    GpuFailure(
        r"libcuda\.so(?:\.1)?['\"]?: cannot open",
        "the container has no libcuda: NVIDIA_DRIVER_CAPABILITIES is without `compute`, or it was given no GPU",
        "Add `compute` to NVIDIA_DRIVER_CAPABILITIES where image or containerEnv set it; `cove gpus` says who holds one.",
    ),
    GpuFailure(
        r"provided PTX was compiled with an unsupported toolchain|UnsupportedPtxVersion",
        "code was built by a CUDA newer than the driver, which must translate it",
        "Build it for this GPU's own architecture, or update the driver.",
    ),
    GpuFailure(
        r"no kernel image is available",
        "the framework was built for other GPUs, older or newer than this one",
        "Install a build that knows this GPU: `cove doctor --gpu PATH` says which CUDA has it.",
    ),
    GpuFailure(
        r"unsupported display driver / cuda driver combination|forward compatibility was attempted on non supported HW",
        "the image's cuda-compat libraries put a newer CUDA on this driver than this GPU, or this branch, allows",
        "Update the driver, or use an image without cuda-compat whose CUDA the driver runs.",
    ),
    GpuFailure(
        r"CUDA unknown error|initialization error: nvml error: unknown error|cudaErrorUnknown",
        "CUDA could not start: /dev/nvidia-uvm is often missing",
        "`sudo nvidia-modprobe -u` on the host, then " + REPAIR,
    ),
    GpuFailure(
        r"CUDA-enabled jaxlib is not installed",
        "JAX is built for the CPU alone",
        "Install `jax[cuda12]` or `jax[cuda13]`: `cove doctor --gpu` says which the driver runs.",
    ),
    GpuFailure(
        r"Cannot dlopen some GPU libraries",
        "TensorFlow does not find the CUDA libraries that it was built with",
        "Install `tensorflow[and-cuda]`, which brings them, or an image that has this CUDA and cuDNN.",
    ),
    GpuFailure(
        r"not compiled with CUDA enabled",
        "PyTorch is built for the CPU alone",
        "Install the wheel for a CUDA that the driver runs: `cove doctor --gpu` says which.",
    ),
    GpuFailure(
        r"no CUDA-capable device is detected|No (?:CUDA|HIP) GPUs are available|Found no NVIDIA driver"
        r"|Could not find cuda drivers|CUDA_ERROR_NO_DEVICE",
        "no GPU is in the container, or CUDA_VISIBLE_DEVICES hides it",
        "`cove gpus` says whether the workspace holds one; `cove up --gpus 1 --rebuild` gives it one.",
    ),
    GpuFailure(
        r"CUDA out of memory|CUDA_ERROR_OUT_OF_MEMORY|RESOURCE_EXHAUSTED: Out of memory",
        "the GPU's memory is full",
        "`cove gpus` says who uses it; take less at once, or a GPU of one's own: `cove up --gpus 1 --rebuild`.",
    ),
    GpuFailure(
        r"insufficient shared memory|killed by signal: Bus error",
        "the shared memory is too small for the data loader's workers",
        'Leave `shmSize` in customizations.cove as it is by default, or set it to more, such as "16gb".',
    ),
    # The wrapper comes last: what is behind it says more.
    GpuFailure(
        r"nvidia-container-cli: ([^\n]+)",
        "NVIDIA's container toolkit failed: {found}",
        "`cove doctor --gpu` looks at driver, device files and toolkit.",
    ),
)
"""The first that fits counts."""


class Explained(NamedTuple):
    """A message in other words."""

    cause: str
    step: str


def explain(text: str) -> Explained | None:
    """Return the cause of a message about GPUs and the next step, None for one that is not known."""
    for failure in FAILURES:
        if match := re.search(failure.pattern, text, re.IGNORECASE):
            found = next((group for group in match.groups() if group), "").rstrip("'\"\\.")
            return Explained(failure.cause.replace("{found}", found), failure.step)
    return None
