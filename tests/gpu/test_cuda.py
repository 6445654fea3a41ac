"""Verdicts, each by the published tables."""

from __future__ import annotations

import pytest

from cove.gpu.cuda import is_data_centre, judge, newest_cuda, parse_version
from cove.gpu.cuda_needs import CudaNeed, find_image_need, find_text_needs, look_up
from cove.gpu.cuda_tables import TORCH
from cove.gpu.inventory import AMD, NVIDIA, Gpu


def gpu(name: str = "NVIDIA GeForce RTX 3090", capability: str = "8.6") -> Gpu:
    return Gpu(NVIDIA, 0, "GPU-a", name, "/dev/nvidia0", capability=capability)


GEFORCE, ADA, BLACKWELL = gpu(), gpu("NVIDIA GeForce RTX 4090", "8.9"), gpu("NVIDIA GeForce RTX 5090", "12.0")
A100, V100, T4, H100 = (
    gpu("NVIDIA A100-SXM4-40GB", "8.0"),
    gpu("Tesla V100-SXM2-16GB", "7.0"),
    gpu("Tesla T4", "7.5"),
    gpu("NVIDIA H100 80GB HBM3", "9.0"),
)
PASCAL, KEPLER, B200 = (
    gpu("NVIDIA GeForce GTX 1080", "6.1"),
    gpu("Tesla K80", "3.7"),
    gpu("NVIDIA B200", "10.0"),
)


@pytest.mark.parametrize(
    ("cuda", "driver", "on", "kind", "words"),
    [
        ((11, 0), "450.80.02", A100, "fits", "CUDA 11.0 runs on driver 450.80.02"),
        ((11, 8), "450.80.02", A100, "fits", "minor version compatibility"),
        ((11, 8), "450.51.05", GEFORCE, "unfit", "runs CUDA up to 11.0"),
        ((11, 1), "455.23", GEFORCE, "fits", ""),
        ((11, 8), "520.61.05", ADA, "fits", ""),
        ((11, 7), "520.61.05", ADA, "unfit", "does not know NVIDIA GeForce RTX 4090"),
        ((11, 8), "535.104.05", H100, "fits", ""),
        ((11, 4), "535.104.05", H100, "unfit", "does not know NVIDIA H100"),
        ((12, 0), "525.60.13", GEFORCE, "fits", ""),
        ((12, 4), "525.60.13", GEFORCE, "fits", "minor version compatibility"),
        ((12, 9), "525.60.13", GEFORCE, "fits", "minor version compatibility"),
        ((12, 0), "520.61.05", GEFORCE, "unfit", "runs CUDA up to 11.8"),
        ((12, 4), "470.256.02", GEFORCE, "unfit", "runs CUDA up to 11.4"),
        ((12, 4), "470.256.02", A100, "compat", "cuda-compat-12-4"),
        ((12, 4), "470.256.02", V100, "compat", "cuda-compat-12-4"),
        ((12, 4), "550.54.15", V100, "fits", ""),
        ((12, 9), "575.51.03", V100, "fits", ""),
        ((13, 0), "580.65.06", V100, "unfit", "has given up Tesla V100"),
        ((13, 0), "580.65.06", PASCAL, "unfit", "has given up NVIDIA GeForce GTX 1080"),
        ((12, 9), "580.65.06", PASCAL, "fits", ""),
        ((13, 0), "580.65.06", T4, "fits", ""),
        ((13, 0), "570.26", T4, "compat", "cuda-compat-13-0"),
        ((13, 0), "570.26", GEFORCE, "unfit", "runs CUDA up to 12.8"),
        ((13, 0), "535.183.01", H100, "compat", "cuda-compat-13-0"),
        ((13, 0), "560.28.03", H100, "unfit", "runs CUDA up to 12.6"),
        ((13, 2), "550.54.15", H100, "unfit", "runs CUDA up to 12.4"),
        ((13, 3), "570.26", H100, "compat", "cuda-compat-13-3"),
        ((12, 1), "515.65.01", A100, "compat", "cuda-compat-12-1"),
        ((12, 8), "515.65.01", A100, "unfit", "runs CUDA up to 11.7"),
        ((11, 4), "418.226.00", T4, "compat", "cuda-compat-11-4"),
        ((11, 4), "440.33.01", T4, "compat", "cuda-compat-11-4"),
        ((11, 8), "418.226.00", T4, "unfit", "is older than any that runs CUDA 11"),
        ((13, 3), "580.65.06", A100, "fits", "minor version compatibility"),
        ((13, 3), "610.43.02", A100, "fits", "CUDA 13.3 runs"),
        ((12, 6), "570.26", BLACKWELL, "unfit", "does not know NVIDIA GeForce RTX 5090"),
        ((12, 8), "570.26", BLACKWELL, "fits", ""),
        ((12, 6), "570.26", B200, "unfit", "does not know NVIDIA B200"),
        ((12, 8), "570.26", B200, "fits", ""),
        ((13, 0), "575.51.03", B200, "compat", "cuda-compat-13-0"),
        ((11, 8), "470.42.01", KEPLER, "fits", ""),
        ((12, 0), "470.42.01", KEPLER, "unfit", "has given up Tesla K80"),
        ((10, 2), "550.54.15", T4, "unknown", "not known"),
        ((12, 4), "", GEFORCE, "unknown", "not known"),
        ((14, 0), "610.43.02", A100, "unknown", "not known"),
        ((12, 4), "550.54.15", A100._replace(capability=""), "fits", ""),
        ((12, 4), "550.54.15", Gpu(AMD, 0, "a", "Radeon", "/dev/dri/renderD128"), "unknown", "not known"),
    ],
)
def test_verdicts(cuda: tuple[int, int], driver: str, on: Gpu, kind: str, words: str) -> None:
    verdict = judge(CudaNeed(cuda, "the image x"), driver, (on,))
    assert (verdict.kind, words in verdict.text) == (kind, True), verdict
    assert bool(verdict.hint) is (kind in {"unfit", "compat"})


def test_a_remedy_is_one_that_this_driver_can_take() -> None:
    hint = judge(CudaNeed((13, 0), "x"), "550.54.15", (GEFORCE,)).hint
    assert "Update the driver to 580.65.6 or newer" in hint
    assert "CUDA 12.9 or older (of PyTorch's own wheels those before 2.11)" in hint
    assert "an older CUDA" in judge(CudaNeed((11, 0), "x"), "440.33", (T4,)).hint


def test_an_images_own_package_runs_on_the_branches_that_it_names() -> None:
    need = CudaNeed((12, 4), "x", branches=(470, 525, 535))
    assert judge(need, "470.256.02", (A100,)).kind == "compat"
    assert "as it is in NVIDIA's own" in judge(need, "470.256.02", (A100,)).text
    assert judge(need, "510.108.03", (A100,)).kind == "unfit"
    assert judge(need, "470.256.02", (GEFORCE,)).kind == "unfit"


def test_a_package_that_is_in_the_image_is_told() -> None:
    env = {
        "NVIDIA_REQUIRE_CUDA": "cuda>=13.0 brand=tesla,driver>=535,driver<536",
        "NV_CUDA_COMPAT_PACKAGE": "x",
    }
    need = find_image_need("nvidia/cuda", env)
    assert need
    verdict = judge(need, "535.183.01", (A100,))
    assert verdict.kind == "compat"
    assert verdict.text == "CUDA 13.0 runs on driver 535.183.01 by cuda-compat-13-0, which is in the image"
    assert verdict.hint.startswith("Without it: update the driver to 580.65.6 or newer")


def test_one_gpu_that_cannot_is_enough() -> None:
    assert judge(CudaNeed((12, 6), "x"), "570.26", (A100, B200)).kind == "unfit"
    assert judge(CudaNeed((12, 4), "x"), "470.256.02", (A100, GEFORCE)).kind == "unfit"


def test_rows_begin_where_they_say() -> None:
    assert look_up(TORCH, (2, 4)) == (12, 1)
    assert look_up(TORCH, (1, 0)) is None
    assert newest_cuda((550, 54, 15)) == (12, 4)
    assert newest_cuda((1,)) == (0, 0)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("NVIDIA A100-SXM4-40GB", True),
        ("Tesla T4", True),
        ("NVIDIA L40S", True),
        ("NVIDIA GeForce RTX 4090", False),
        ("NVIDIA RTX A4000", False),
    ],
)
def test_data_centre(name: str, expected: bool) -> None:
    assert is_data_centre(name) is expected


@pytest.mark.parametrize(
    ("text", "expected"), [("550.54.15", (550, 54, 15)), ("12.4.1-devel", (12, 4, 1)), ("", ()), ("x", ())]
)
def test_versions(text: str, expected: tuple[int, ...]) -> None:
    assert parse_version(text) == expected


IMAGES_AND_PINS = [
    # what is wished, the driver, the GPU, the verdict by the published tables
    ("nvidia/cuda:11.8.0-runtime-ubuntu22.04", "470.256.02", GEFORCE, "fits"),
    ("nvidia/cuda:11.8.0-runtime-ubuntu22.04", "450.51.06", GEFORCE, "unfit"),
    ("nvidia/cuda:12.1.1-devel-ubuntu22.04", "535.183.01", GEFORCE, "fits"),
    ("nvidia/cuda:12.4.1-cudnn-devel-ubuntu22.04", "535.183.01", A100, "fits"),
    ("nvidia/cuda:12.4.1-cudnn-devel-ubuntu22.04", "470.256.02", A100, "compat"),
    ("nvidia/cuda:12.4.1-cudnn-devel-ubuntu22.04", "470.256.02", GEFORCE, "unfit"),
    ("nvidia/cuda:12.8.0-base-ubuntu24.04", "570.124.06", BLACKWELL, "fits"),
    ("nvidia/cuda:12.6.3-base-ubuntu24.04", "570.124.06", BLACKWELL, "unfit"),
    ("nvidia/cuda:13.0.1-base-ubuntu24.04", "580.95.05", H100, "fits"),
    ("nvidia/cuda:13.0.1-base-ubuntu24.04", "550.163.01", H100, "compat"),
    ("nvidia/cuda:13.0.1-base-ubuntu24.04", "550.163.01", ADA, "unfit"),
    ("nvidia/cuda:13.0.1-base-ubuntu24.04", "580.95.05", V100, "unfit"),
    ("pytorch/pytorch:2.6.0-cuda12.4-cudnn9-runtime", "535.183.01", T4, "fits"),
    ("pytorch/pytorch:2.6.0-cuda12.4-cudnn9-runtime", "515.105.01", PASCAL, "unfit"),
    ("pytorch/pytorch:2.9.0-cuda13.0-cudnn9-runtime", "575.57.08", GEFORCE, "unfit"),
    ("torch==1.13.1", "450.80.02", GEFORCE, "fits"),
    ("torch==2.0.1", "450.80.02", ADA, "unfit"),  # CUDA 11.7 knows no Ada
    ("torch==2.4.1", "525.60.13", GEFORCE, "fits"),
    ("torch==2.4.1", "520.61.05", GEFORCE, "unfit"),
    ("torch==2.6.0+cu118", "450.80.02", T4, "fits"),
    ("torch==2.6.0+cu124", "470.256.02", T4, "compat"),
    ("torch==2.7.1+cu128", "570.26", B200, "fits"),
    ("torch==2.7.1", "570.26", B200, "unfit"),  # its wheels on the index are CUDA 12.6's
    ("torch==2.10.0", "525.60.13", GEFORCE, "fits"),
    ("torch==2.11.0", "570.211.01", GEFORCE, "unfit"),
    ("torch==2.11.0", "580.65.06", PASCAL, "unfit"),
    ("torch==2.11.0", "580.65.06", T4, "fits"),
    ("--index-url https://download.pytorch.org/whl/cu126", "560.35.05", V100, "fits"),
    ("tensorflow[and-cuda]==2.15.1", "525.60.13", GEFORCE, "fits"),
    ("tensorflow[and-cuda]==2.14.1", "450.80.02", GEFORCE, "fits"),
    ("tensorflow[and-cuda]==2.20.0", "470.256.02", GEFORCE, "unfit"),
    ("jax[cuda12]==0.4.35", "535.183.01", A100, "fits"),
    ("jax[cuda13]==0.8.0", "570.26", GEFORCE, "unfit"),
    ("nvidia-cuda-runtime-cu12==12.8.90", "570.26", BLACKWELL, "fits"),
    ("nvidia-cuda-runtime==13.0.48", "550.163.01", A100, "compat"),
    ("cuda-toolkit==13.0.2", "580.65.06", A100, "fits"),
    ("pytorch-cuda=12.1", "470.256.02", GEFORCE, "unfit"),
    ("cupy-cuda11x==13.3.0", "470.256.02", KEPLER, "fits"),
    ("cupy-cuda12x==13.3.0", "550.54.15", KEPLER, "unfit"),
]


@pytest.mark.parametrize(("wished", "driver", "on", "kind"), IMAGES_AND_PINS)
def test_an_image_or_a_pin_on_a_driver(wished: str, driver: str, on: Gpu, kind: str) -> None:
    image = find_image_need(wished, {}) if "/" in wished and not wished.startswith("--") else None
    (need,) = [image] if image else find_text_needs(wished, "requirements.txt")
    assert judge(need, driver, (on,)).kind == kind
