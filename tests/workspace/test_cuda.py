"""CUDA checked before the pull, and again by what the image says."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from cove.errors import GpuError, NetworkError
from cove.gpu.inventory import NVIDIA, Gpu, Inventory
from cove.workspace.cuda import check_before_pull, check_image, read_needs
from cove.workspace.gpu_wish import GpuOptions
from cove.workspace.image import prepare_image

if TYPE_CHECKING:
    from collections.abc import Callable

    from cove.testing import FakeEngine
    from cove.workspace.read import Reading
    from cove.workspace.session import Session

OLD = '{"image": "nvidia/cuda:12.4.1-devel-ubuntu22.04", "hostRequirements": {"gpu": %s}%s}'


@pytest.fixture(autouse=True)
def old_driver(monkeypatch: pytest.MonkeyPatch) -> None:
    gpus = (Gpu(NVIDIA, 0, "GPU-a", "NVIDIA GeForce RTX 3090", "/dev/nvidia0", capability="8.6"),)
    monkeypatch.setattr("cove.gpu.hardware.read_inventory", lambda *_: Inventory(gpus, driver="470.256.02"))


def test_an_image_too_new_for_the_driver_is_refused_before_it_is_pulled(
    session: Session, engine: FakeEngine, read: Callable[..., Reading]
) -> None:
    with pytest.raises(GpuError, match=r"the image nvidia/cuda:12\.4\.1\S+ needs CUDA 12\.4") as caught:
        check_before_pull(session, read(OLD % ("true", "")), None)
    assert "Update the driver to 525.60.13" in caught.value.hint
    assert "NVIDIA_DISABLE_REQUIRE=1" in caught.value.hint
    assert engine.calls == []


@pytest.mark.parametrize(
    ("gpu", "more", "options", "warnings"),
    [
        ('"optional"', "", GpuOptions(), 1),
        ("true", "", GpuOptions("none"), 0),
        ("true", ', "containerEnv": {"NVIDIA_DISABLE_REQUIRE": "1"}', GpuOptions(), 0),
        ("false", "", GpuOptions(), 0),
    ],
)
def test_where_it_is_no_error(
    session: Session, read: Callable[..., Reading], gpu: str, more: str, options: GpuOptions, warnings: int
) -> None:
    check_before_pull(session, read(OLD % (gpu, more)), options)
    assert len(session.progress.warnings) == warnings


def test_what_is_not_certain_is_a_warning(session: Session, read: Callable[..., Reading]) -> None:
    config = '{"image": "debian", "hostRequirements": {"gpu": true}}'
    check_before_pull(session, read(config, **{"requirements.txt": "torch\n"}), None)
    assert "requirements.txt: torch (not pinned) needs CUDA 13.0" in session.progress.warnings[0]


def test_what_a_repository_says(session: Session, read: Callable[..., Reading]) -> None:
    files = {
        "Dockerfile": "FROM pytorch/pytorch:2.6.0-cuda12.4-cudnn9-runtime AS base\nFROM base\n",
        "requirements-gpu.txt": "torch==2.7.1\n",
        "environment.yml": "dependencies:\n  - pytorch-cuda=12.1\n",
        "notes.txt": "torch==2.11\n",
    }
    found = {need.version: need.source for need in read_needs(session, read(**files))}
    assert set(found) == {(12, 4), (12, 6), (12, 1)}
    assert found[(12, 6)] == "requirements-gpu.txt: torch==2.7.1"


def test_what_is_installed_counts_too(session: Session, read: Callable[..., Reading]) -> None:
    files = {
        "Dockerfile": "FROM debian\nRUN pip install torch==2.4.1 --index-url https://download.pytorch.org/whl/cu121\n"
        "RUN pip install -r gpu.txt -r /elsewhere.txt\n",
        "gpu.txt": "jax[cuda13]==0.8.0\n",
    }
    found = {need.version: need.source for need in read_needs(session, read(**files))}
    assert set(found) == {(12, 1), (13, 0)}
    assert found[(12, 1)] == "Dockerfile: https://download.pytorch.org/whl/cu121"
    assert found[(13, 0)] == "gpu.txt: jax[cuda13]==0.8.0"
    config = '{"image": "debian", "postCreateCommand": {"torch": ["pip", "install", "torch==2.7.1"]}}'
    (need,) = read_needs(session, read(config))
    assert (need.version, need.source) == ((12, 6), "postCreateCommand: torch==2.7.1")


def test_a_lock_is_believed_over_what_is_not_pinned(session: Session, read: Callable[..., Reading]) -> None:
    lock = (
        'version = 1\n\n[[package]]\nname = "torch"\nversion = "2.6.0+cu124"\nsource = { registry = "x" }\n'
    )
    files = {"pyproject.toml": 'dependencies = [\n  "torch",\n]\n', "Dockerfile": "FROM debian\n"}
    (need,) = read_needs(session, read(**files))
    assert (need.version, need.certain) == ((13, 0), False)
    (need,) = read_needs(session, read(**files, **{"uv.lock": lock}))
    assert (need.version, need.source) == ((12, 4), "uv.lock: torch==2.6.0+cu124")


def test_an_image_that_is_here_tells_by_its_environment(
    session: Session, engine: FakeEngine, read: Callable[..., Reading]
) -> None:
    engine.add_image(
        "team/train", env={"NVIDIA_REQUIRE_CUDA": "cuda>=12.6 brand=tesla,driver>=470,driver<471"}
    )
    (need,) = read_needs(session, read('{"image": "team/train"}'))
    assert (need.version, need.source) == ((12, 6), "the image team/train (NVIDIA_REQUIRE_CUDA >=12.6)")


def test_a_registry_is_asked_where_the_name_says_nothing(
    session: Session, engine: FakeEngine, read: Callable[..., Reading], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def fetch(_: object, reference: str, arch: str) -> dict[str, str]:
        asked.append(f"{reference} {arch}")
        if reference == "team/away":
            raise NetworkError("away")
        return {"CUDA_VERSION": "12.6.0"}

    monkeypatch.setattr("cove.oci.image_env.fetch_image_env", fetch)
    with pytest.raises(GpuError, match=r"CUDA_VERSION 12\.6\.0\) needs CUDA 12\.6"):
        check_before_pull(session, read('{"image": "team/train", "hostRequirements": {"gpu": true}}'), None)
    check_before_pull(session, read('{"image": "team/away", "hostRequirements": {"gpu": true}}'), None)
    for quiet in (
        '{"image": "localhost/team", "hostRequirements": {"gpu": true}}',
        '{"image": "team/train"}',
    ):
        check_before_pull(session, read(quiet), None)
    with pytest.raises(GpuError, match="nvidia/cuda"):
        check_before_pull(session, read(OLD % ("true", "")), None)
    assert asked == ["team/train amd64", "team/away amd64"]
    assert engine.calls == []


def test_what_only_the_image_knows(
    session: Session, engine: FakeEngine, read: Callable[..., Reading], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cove.oci.image_env.fetch_image_env", lambda *_: {})
    reading = read('{"image": "team/train", "hostRequirements": {"gpu": true}}')
    check_before_pull(session, reading, None)
    engine.add_image("team/train", env={"CUDA_VERSION": "12.6.0"})
    image = prepare_image(session, reading, name="digits")
    with pytest.raises(GpuError, match=r"\(CUDA_VERSION 12\.6\.0\) needs CUDA 12\.6"):
        check_image(session, reading, image, None)
    off = image._replace(info=image.info._replace(env={**image.info.env, "NVIDIA_DISABLE_REQUIRE": "1"}))
    check_image(session, reading, off, None)
    assert session.progress.warnings == []


def test_a_machine_without_gpus_has_nothing_to_say(
    session: Session, read: Callable[..., Reading], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cove.gpu.hardware.read_inventory", lambda *_: Inventory())
    check_before_pull(session, read(OLD % ("true", "")), None)
    assert session.progress.warnings == []
