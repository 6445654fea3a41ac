"""The CUDA that images, pins and commands need."""

from __future__ import annotations

import pytest

from cove.gpu.cuda_needs import (
    find_command_needs,
    find_image_need,
    find_requirement_files,
    find_text_needs,
    settle_needs,
)


@pytest.mark.parametrize(
    ("reference", "env", "version"),
    [
        ("nvidia/cuda:12.4.1-cudnn-devel-ubuntu22.04", {}, (12, 4)),
        ("docker.io/nvidia/cuda:11.8.0-base-ubuntu22.04", {}, (11, 8)),
        ("pytorch/pytorch:2.6.0-cuda12.4-cudnn9-runtime", {}, (12, 4)),
        ("registry:5000/team/train:cuda-12.6", {}, (12, 6)),
        ("anything", {"CUDA_VERSION": "12.4.1"}, (12, 4)),
        ("nvidia/cuda:13.0.0", {"CUDA_VERSION": "12.4.1"}, (12, 4)),
        ("anything", {"NVIDIA_REQUIRE_CUDA": "cuda>=12.6 brand=tesla,driver>=470,driver<471"}, (12, 6)),
        ("anything", {"NVIDIA_REQUIRE_CUDA": "", "CUDA_VERSION": "12.4.1"}, (12, 4)),
        ("python:3.12", {}, None),
        ("nvcr.io/nvidia/pytorch:24.05-py3", {}, None),
        ("debian:12.4", {}, None),
    ],
)
def test_images(reference: str, env: dict[str, str], version: tuple[int, int] | None) -> None:
    need = find_image_need(reference, env)
    assert (need and need.version) == version
    assert need is None or reference in need.source


def test_an_image_names_the_branches_on_which_its_own_package_runs() -> None:
    text = "cuda>=12.4 brand=tesla,driver>=470,driver<471 brand=tesla,driver>=535,driver<536"
    need = find_image_need("x", {"NVIDIA_REQUIRE_CUDA": text})
    assert need is not None
    assert (need.version, need.branches) == ((12, 4), (470, 535))


@pytest.mark.parametrize(
    ("line", "version"),
    [
        ("torch==2.6.0+cu124", (12, 4)),
        ("torch==2.6.0", (12, 4)),
        ("torch==2.6.0+cpu", None),
        ("torch==2.6.0+rocm6.2.4", None),
        ('torch = "2.6.0"', (12, 4)),
        ("jax-cuda13-plugin==0.8.0", (13, 0)),
        ("jaxlib==0.4.25+cuda12.cudnn89", (12, 0)),
        ("cudatoolkit=11.8", (11, 8)),
        ("torch==2.1.2", (12, 1)),
        ("torch==2.0.1", (11, 7)),
        ("torch==2.11.0", (13, 0)),
        ("torch~=2.7", (12, 6)),
        ("  - torch==2.8.0", (12, 8)),
        ('    "torch==2.8.0",', (12, 8)),
        ("torch==1.12.0", None),
        ("torchvision==0.20.0", None),
        ("tensorflow[and-cuda]==2.20.0", (12, 5)),
        ("tensorflow==2.20.0", None),
        ("nvidia-cuda-runtime-cu12==12.4.127", (12, 4)),
        ("nvidia-cuda-runtime==13.0.48", (13, 0)),
        ("cuda-toolkit==13.0.2", (13, 0)),
        ("pytorch-cuda=12.4", (12, 4)),
        ("jax[cuda12]==0.4.30", (12, 0)),
        ("jax[cuda12_pip]", (12, 0)),
        ("cupy-cuda11x", (11, 0)),
        ("--extra-index-url https://download.pytorch.org/whl/cu121", (12, 1)),
        ("# torch==2.6.0", None),
        ("numpy", None),
    ],
)
def test_pins(line: str, version: tuple[int, int] | None) -> None:
    needs = find_text_needs(line, "requirements.txt")
    assert [need.version for need in needs] == ([version] if version else [])
    assert all(need.certain and need.source.startswith("requirements.txt: ") for need in needs)


@pytest.mark.parametrize("line", ["torch", "torch>=2.0", "torch ; sys_platform == 'linux'"])
def test_what_is_not_pinned_is_the_newest_and_not_certain(line: str) -> None:
    (need,) = find_text_needs(line, "requirements.txt")
    assert (need.version, need.certain) == ((13, 0), False)


def test_a_lock_names_its_versions() -> None:
    text = 'version = 1\n\n[[package]]\nname = "numpy"\nversion = "2.0"\n\n[[package]]\nname = "torch"\nversion = "2.6.0"\n'
    (need,) = find_text_needs(text, "uv.lock")
    assert (need.version, need.source) == ((12, 4), "uv.lock: torch==2.6.0")


@pytest.mark.parametrize(
    ("text", "versions"),
    [
        ("RUN pip install --no-cache-dir torch==2.6.0 numpy", [(12, 4)]),
        ("RUN pip install \\\n    torch==2.8.0 \\\n    torchvision && rm -rf /root/.cache", [(12, 8)]),
        ("RUN uv pip install 'jax[cuda12]==0.4.35'", [(12, 0)]),
        ("RUN conda install -y pytorch-cuda=12.1 -c nvidia; true", [(12, 1)]),
        (
            "RUN python3 -m pip install torch --index-url https://download.pytorch.org/whl/cu118",
            [(13, 0), (11, 8)],
        ),
        ('"pip install torch==2.7.1"', [(12, 6)]),
        ('["pip", "install", "torch==2.7.1"]', [(12, 6)]),
        ('{"a": "uv sync", "b": "uv pip install \\"tensorflow[and-cuda]==2.20.0\\""}', [(12, 5)]),
        ("# RUN pip install torch==2.6.0", []),
        ("RUN echo torch==2.6.0", []),
        ("RUN pip install torch==${TORCH}", []),
        ("RUN apt-get install -y python3", []),
    ],
)
def test_commands(text: str, versions: list[tuple[int, int]]) -> None:
    assert [need.version for need in find_command_needs(text, "Dockerfile")] == versions


def test_commands_name_files_of_requirements() -> None:
    text = (
        "RUN pip install -r requirements/gpu.txt && pip install --requirement /tmp/a.txt\nRUN pip install x"
    )
    assert find_requirement_files(text) == ["requirements/gpu.txt", "/tmp/a.txt"]


CU118, CPU = (f"--index-url https://download.pytorch.org/whl/{build}" for build in ("cu118", "cpu"))


@pytest.mark.parametrize(
    ("text", "settled"),
    [
        ("torch==2.4.1", [(12, 1, True)]),
        (f"{CU118}\ntorch==2.4.1", [(11, 8, True)]),
        (f"{CPU}\ntorch==2.4.1", []),
        (f"{CPU}\n{CU118}\ntorch", [(11, 8, False)]),
        (
            "torch==2.6.0; sys_platform == 'darwin'\ntorch==2.6.0+cu124; sys_platform == 'linux'",
            [(12, 4, True)],
        ),
        ("torch==2.4.1+cpu", []),
        (f"{CPU}\ntorch==2.4.1\njax[cuda12]", [(12, 0, True)]),
        ("torch==2.4.1\ntorch~=2.3", [(12, 1, True)]),
    ],
)
def test_what_is_named_closest_counts(text: str, settled: list[tuple[int, int, bool]]) -> None:
    needs = settle_needs(find_text_needs(text, "requirements.txt"), [text])
    assert [(*need.version, need.certain) for need in needs] == settled


def test_a_lock_with_a_build_for_another_system() -> None:
    lock = "".join(
        f'[[package]]\nname = "torch"\nversion = "{version}"\n' for version in ("2.6.0", "2.6.0+cu118")
    )
    (need,) = settle_needs(find_text_needs(lock, "uv.lock"), [lock])
    assert need.version == (11, 8)
