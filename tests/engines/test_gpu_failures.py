"""Each known message as it is written, and the words by which its cause and next step are known."""

from __future__ import annotations

import re

import pytest

from cove.engines.failures import plan_run_error
from cove.engines.gpu_failures import FAILURES, explain
from cove.errors import EngineError, GpuError

DAEMON = "docker: Error response from daemon: "
SHIM = (
    "failed to create task for container: failed to create shim task: OCI runtime create failed: runc create failed: unable"
    " to start container process: error during container init: error running hook #0: error running hook: exit status 1,"
    " stdout: , stderr: Auto-detected mode as 'legacy'\n"
)
MESSAGES = [
    (
        f'{DAEMON}could not select device driver "" with capabilities: [[gpu]].',
        "not restarted since",
        "toolkit",
    ),
    (f'{DAEMON}could not select device driver "cdi" with capabilities: []', "CDI switched off", "28.2"),
    (
        "Error: setting up CDI devices: unresolvable CDI devices nvidia.com/gpu=9",
        "describes nvidia.com/gpu=9:",
        "cdi generate",
    ),
    (
        f"{DAEMON}CDI device injection failed: unresolvable CDI devices nvidia.com/gpu=GPU-a, nvidia.com/gpu=GPU-b",
        "describes nvidia.com/gpu=GPU-a",
        "cdi generate",
    ),
    ("docker: nvidia.com/gpu=all is not an absolute path.", "such as nvidia.com/gpu=all", "command line"),
    (
        f"{DAEMON}Unknown runtime specified nvidia.",
        "does not know the runtime",
        "nvidia-ctk runtime configure",
    ),
    (
        f"{DAEMON}unknown or invalid runtime name: nvidia.",
        "does not know the runtime",
        "nvidia-ctk runtime configure",
    ),
    (
        (
            "Error: crun: error stat'ing file `/usr/lib/x86_64-linux-gnu/libcuda.so.535.1`: stat"
            " /usr/lib/x86_64-linux-gnu/libcuda.so.535.1: No such file or directory"
        ),
        "names /usr/lib/x86_64-linux-gnu/libcuda.so.535.1, which is gone",
        "cdi generate",
    ),
    (
        'Error: failed to stat CDI host device "/dev/nvidia-uvm": no such file or directory',
        "names /dev/nvidia-uvm",
        "cdi generate",
    ),
    (
        (
            f"{DAEMON}{SHIM}nvidia-container-cli: requirement error: unsatisfied condition: cuda>=12.4, please update your"
            " driver to a newer version, or use an earlier cuda container: unknown"
        ),
        "wants cuda>=12.4",
        "NVIDIA_DISABLE_REQUIRE",
    ),
    (
        (
            f"{DAEMON}{SHIM}nvidia-container-cli: initialization error: load library failed: libnvidia-ml.so.1: cannot open"
            " shared object file: no such file or directory: unknown"
        ),
        "no NVIDIA driver where the engine runs",
        "snap",
    ),
    (
        f"{DAEMON}{SHIM}nvidia-container-cli: device error: 7: unknown device: unknown",
        "the GPU 7",
        "cove gpus",
    ),
    (
        f"{DAEMON}{SHIM}nvidia-container-cli: container error: cgroup subsystem devices not found: unknown",
        "too old",
        "1.8",
    ),
    (
        (
            f"{DAEMON}{SHIM}nvidia-container-cli: mount error: failed to add device rules: unable to find any existing device"
            " filters attached to the cgroup: bpf_prog_query(BPF_CGROUP_DEVICE) failed: operation not permitted: unknown"
        ),
        "rootless engine may not",
        "no-cgroups = true",
    ),
    (
        f"{DAEMON}{SHIM}nvidia-container-cli: initialization error: nvml error: driver not loaded",
        "not loaded",
        "reboot",
    ),
    (
        f"{DAEMON}{SHIM}nvidia-container-cli: something else: unknown",
        "toolkit failed: something else",
        "doctor --gpu",
    ),
    ("Failed to initialize NVML: Driver/library version mismatch", "old kernel module", "Reboot"),
    (
        "Error: crun: error executing hook `/usr/bin/nvidia-cdi-hook` (exit code: 1): OCI runtime error",
        "the CDI file names failed",
        "cdi generate",
    ),
    (
        'Error: OCI runtime: exec: "/usr/bin/nvidia-ctk": stat /usr/bin/nvidia-ctk: no such file or directory',
        "is gone",
        "cdi generate",
    ),
    (
        'No GPU support found yet a GPU was required - consider marking it as "optional"',
        "reference CLI",
        "cove up",
    ),
    ("Unable to determine the device handle: GPU requires reset", "must be reset", "Restart"),
    ("CUDA error: uncorrectable ECC error encountered", "must be reset", "--repair"),
    (
        "cudaErrorCallRequiresNewerDriver: API call is not supported in the installed CUDA driver",
        "does not know yet",
        "Update the driver",
    ),
    (
        "OSError: libcuda.so.1: cannot open shared object file: No such file or directory",
        "without `compute`",
        "NVIDIA_DRIVER_CAPABILITIES",
    ),
    (
        "An NVIDIA GPU may be present on this machine, but a CUDA-enabled jaxlib is not installed. Falling back to cpu.",
        "JAX is built for the CPU",
        "jax[cuda12]",
    ),
    (
        "Cannot dlopen some GPU libraries. Please make sure the missing libraries mentioned above are installed properly",
        "does not find the CUDA libraries",
        "tensorflow[and-cuda]",
    ),
    ("Could not find cuda drivers on your machine, GPU will not be used.", "no GPU is in", "--gpus 1"),
    ("failed call to cuInit: CUDA_ERROR_NO_DEVICE: no CUDA-capable device", "no GPU is in", "--gpus 1"),
    ("RuntimeError: No HIP GPUs are available", "no GPU is in", "--gpus 1"),
    ("Failed to initialize NVML: Unknown Error", "daemon-reload", "--repair"),
    ("Failed to initialize NVML: Insufficient Permissions", "may not open", "groups"),
    ("NVIDIA-SMI has failed because it couldn't communicate with the NVIDIA driver.", "not loaded", "reboot"),
    (
        "Unable to determine the device handle for GPU 0000:01:00.0: GPU is lost.",
        "fallen off the bus",
        "--repair",
    ),
    ("Unable to open /dev/kfd read-write: Permission denied", "may not open", "groups"),
    (
        "CUDA error: CUDA driver version is insufficient for CUDA runtime version",
        "newer than the driver",
        "doctor --gpu",
    ),
    (
        "RuntimeError: The NVIDIA driver on your system is too old (found version 11040).",
        "newer than",
        "older image",
    ),
    (
        "the provided PTX was compiled with an unsupported toolchain.",
        "newer than the driver",
        "own architecture",
    ),
    (
        "RuntimeError: CUDA error: no kernel image is available for execution on the device",
        "other GPUs",
        "build",
    ),
    (
        "Error 803: system has unsupported display driver / cuda driver combination",
        "cuda-compat",
        "Update the driver",
    ),
    (
        "Error 804: forward compatibility was attempted on non supported HW",
        "cuda-compat",
        "without cuda-compat",
    ),
    (
        "CUDA unknown error - this may be due to an incorrectly set up environment",
        "nvidia-uvm",
        "nvidia-modprobe -u",
    ),
    ("AssertionError: Torch not compiled with CUDA enabled", "CPU alone", "wheel"),
    ("RuntimeError: No CUDA GPUs are available", "no GPU is in the container", "--gpus 1"),
    ("RuntimeError: Found no NVIDIA driver on your system.", "no GPU is in the container", "--gpus 1"),
    ("cudaErrorNoDevice: no CUDA-capable device is detected", "CUDA_VISIBLE_DEVICES", "cove gpus"),
    (
        "torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 2.00 GiB.",
        "memory is full",
        "cove gpus",
    ),
    (
        "ERROR: Unexpected bus error. It might be caused by insufficient shared memory (shm).",
        "shared memory",
        "shmSize",
    ),
    ("RuntimeError: DataLoader worker (pid 9) is killed by signal: Bus error.", "shared memory", "shmSize"),
]


@pytest.mark.parametrize(
    ("message", "cause", "step"), MESSAGES, ids=[message[-60:] for message, *_ in MESSAGES]
)
def test_messages(message: str, cause: str, step: str) -> None:
    known = explain(message)
    assert known is not None
    assert cause in known.cause
    assert step in known.step
    assert "{" not in known.cause


def test_every_entry_has_its_message() -> None:
    first = [
        next(failure.pattern for failure in FAILURES if re.search(failure.pattern, message, re.IGNORECASE))
        for message, *_ in MESSAGES
    ]
    assert {failure.pattern for failure in FAILURES} == set(first)


def test_a_start_that_fails_for_a_gpu_is_a_gpus_failure() -> None:
    error = plan_run_error("docker", MESSAGES[0][0])
    assert (type(error), error.exit_code) == (GpuError, 7)
    assert error.message.startswith("docker cannot give the GPU: docker knows no way")
    assert "could not select" in error.detail
    assert type(plan_run_error("docker", "docker: something else")) is EngineError


@pytest.mark.parametrize("message", ["", "hello", "stat /srv/data: no such file or directory"])
def test_what_is_not_known(message: str) -> None:
    assert explain(message) is None
