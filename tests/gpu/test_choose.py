from __future__ import annotations

import pytest

from cove.errors import GpuError
from cove.gpu.choose import Lease, NotFree, Promise, choose_gpus, promise_gpus
from cove.gpu.inventory import AMD, INTEL, NVIDIA, Gpu, GpuProcess, Inventory, Problem
from cove.gpu.use import Lately
from cove.spec.gpus import ALL, GpuRequest


def gpu(
    number: int, *, gib: int = 40, used: int = 0, name: str = "NVIDIA A100", numa: int = -1, **more: object
) -> Gpu:
    return Gpu(
        NVIDIA,
        number,
        f"GPU-{number}",
        name,
        f"/dev/nvidia{number}",
        gib << 30,
        used << 30,
        numa=numa,
        **more,
    )  # type: ignore[arg-type]


FOUR = Inventory(tuple(gpu(number) for number in range(4)))
MIXED = Inventory((gpu(0, gib=16, name="Tesla T4"), gpu(1, gib=80, name="NVIDIA H100"), gpu(2)))
BESIDE = Inventory((gpu(0), Gpu(INTEL, 1, "0000:00:02.0", "Intel GPU", "/dev/dri/renderD128")))
BUSY = (GpuProcess(4711, 1 << 30, "python train.py"),)
DRAWING = (GpuProcess(815, 1 << 28, "Xorg", graphics=True),)


def leased(*numbers: int) -> dict[str, Lease]:
    return {
        f"GPU-{number}": Lease(f"GPU-{number}", "digits", "ada", "2026-11-22T06:35:49Z") for number in numbers
    }


@pytest.mark.parametrize(
    ("request_", "inventory", "leases", "numbers"),
    [
        (GpuRequest(), FOUR, (), [0]),
        (GpuRequest(2), FOUR, (), [0, 1]),
        (GpuRequest(), FOUR, (0, 2), [1]),
        (GpuRequest(2), FOUR, (0, 2), [1, 3]),
        (GpuRequest(ALL), FOUR, (), [0, 1, 2, 3]),
        (GpuRequest(1, ("2",)), FOUR, (), [2]),
        (GpuRequest(2, ("GPU-3", "1")), FOUR, (), [1, 3]),
        (GpuRequest(memory=60 << 30), MIXED, (), [1]),
        (GpuRequest(name="t4"), MIXED, (), [0]),
        (GpuRequest(), MIXED, (), [1]),  # the one with most memory free
        (GpuRequest(shared=True), FOUR, (0, 1), [2]),
        (GpuRequest(shared=True), FOUR, (0, 1, 2, 3), [0]),
        (GpuRequest(), Inventory((gpu(0, processes=BUSY), gpu(1, used=9))), (), [0]),
        (GpuRequest(), Inventory((gpu(0, used=20), gpu(1, gib=24, used=0))), (), [1]),
        (GpuRequest(), Inventory((gpu(0, problem="lost"), gpu(1))), (), [1]),
        (GpuRequest(cores=7000), Inventory((gpu(0, cores=2560), gpu(1, cores=16896))), (), [1]),
        (GpuRequest(memory=1, cores=1), Inventory((gpu(0, gib=0),)), (), [0]),  # not known counts as enough
        (GpuRequest(ALL), BESIDE, (), [0]),  # of one maker
        (GpuRequest(maker=NVIDIA), BESIDE, (), [0]),
        (GpuRequest(name="intel"), BESIDE, (), [1]),
        (GpuRequest(1, ("1",)), BESIDE, (), [1]),
        (GpuRequest(), Inventory(BESIDE.gpus[1:]), (), [1]),
        (
            GpuRequest(),
            Inventory((gpu(0, processes=DRAWING), gpu(1, gib=24))),
            (),
            [0],
        ),  # a desktop is no obstacle
        (GpuRequest(), Inventory((gpu(0, processes=DRAWING, recording=7), gpu(1, gib=24))), (), [1]),
        (GpuRequest(2), Inventory((gpu(0, numa=0), gpu(1, numa=1), gpu(2, numa=1))), (), [1, 2]),
        (GpuRequest(2), Inventory((gpu(0, numa=0), gpu(1, numa=1), gpu(2, numa=1, used=9))), (), [0, 1]),
        (GpuRequest(3), Inventory((gpu(0, numa=0), gpu(1, numa=1), gpu(2, numa=1))), (), [0, 1, 2]),
    ],
)
def test_choices(
    request_: GpuRequest, inventory: Inventory, leases: tuple[int, ...], numbers: list[int]
) -> None:
    choice = choose_gpus(request_, inventory, leased(*leases))
    assert [found.number for found in choice.gpus] == numbers
    assert choice.why.startswith(f"GPU {numbers[0]}")


@pytest.mark.parametrize(
    ("request_", "inventory", "leases", "message", "detail"),
    [
        (GpuRequest(origin="o"), Inventory(), (), "this machine has no GPU", ""),
        (GpuRequest(), Inventory((), (Problem("driver broken", "reboot"),)), (), "driver broken", ""),
        (
            GpuRequest(5, origin="--gpus 5"),
            FOUR,
            (),
            "--gpus 5 wants 5 GPUs, more than this machine has",
            "GPU 3 NVIDIA",
        ),
        (
            GpuRequest(memory=90 << 30, origin="o"),
            MIXED,
            (),
            "o wants a GPU with 90 GiB, and this machine has no such",
            "T4, 16 GiB",
        ),
        (GpuRequest(), BESIDE, (0,), "a GPU, but 0 of 1 are free", "GPU 0 is held"),  # Intel's is no stand-in
        (GpuRequest(memory=90 << 30), BESIDE, (), "with 90 GiB, and this machine has no such", "Intel GPU"),
        (
            GpuRequest(maker=NVIDIA),
            Inventory(BESIDE.gpus[1:]),
            (),
            "a GPU by NVIDIA, and this machine has no such",
            "Intel",
        ),
        (GpuRequest(maker=AMD), BESIDE, (), "a GPU by AMD, and this machine has no such", "Intel"),
        (GpuRequest(), Inventory(BESIDE.gpus[1:], (Problem("no driver", "reboot"),)), (), "no driver", ""),
        (GpuRequest(ALL, name="V100"), FOUR, (), "all GPUs named V100, and this machine has no such", ""),
        (GpuRequest(1, ("7",)), FOUR, (), "wants GPU 7, and this machine has no such", ""),
        (
            GpuRequest(),
            FOUR,
            (0, 1, 2, 3),
            "a GPU, but 0 of 4 are free",
            "GPU 2 is held by digits of ada since 2026",
        ),
        (GpuRequest(2), FOUR, (0, 1, 2), "2 GPUs, but 1 of 4 is free", "GPU 0 is held"),
        (GpuRequest(ALL), FOUR, (3,), "all GPUs, but 3 of 4 are free", "GPU 3 is held"),
        (GpuRequest(1, ("0",)), FOUR, (0,), "GPU 0, but 0 of 1 are free", "GPU 0 is held"),
    ],
)
def test_what_cannot_be_had(
    request_: GpuRequest, inventory: Inventory, leases: tuple[int, ...], message: str, detail: str
) -> None:
    with pytest.raises(GpuError) as caught:
        choose_gpus(request_, inventory, leased(*leases))
    assert message in caught.value.message
    assert detail in caught.value.detail
    assert caught.value.hint
    assert isinstance(caught.value, NotFree) is ("held" in caught.value.detail)
    choice = choose_gpus(request_._replace(optional=True), inventory, leased(*leases))
    assert choice.gpus == ()
    assert choice.why == f"runs on the CPU: {caught.value.message}"


def test_who_is_there_already_is_named_before_the_start() -> None:
    shared = choose_gpus(GpuRequest(shared=True), Inventory((gpu(0),)), leased(0))
    assert shared.warnings == ("GPU 0 is shared with digits of ada since 2026-11-22T06:35:49Z",)
    foreign = choose_gpus(GpuRequest(), Inventory((gpu(0, used=12, processes=BUSY),)), {})
    assert foreign.warnings == ("GPU 0 is in use by python train.py outside of cove: 12.0 of 40.0 GiB",)
    assert choose_gpus(GpuRequest(), FOUR, {}).warnings == ()


ADA, BOB = Lease("", "digits", "ada", "2026-11-22T06:35:49Z"), Lease("", "speech", "bob")


@pytest.mark.parametrize(
    ("promises", "held", "expected"),
    [
        ([], (), {}),
        ([Promise(ADA, 1, ("GPU-0", "GPU-1"))], (), {"GPU-0": "digits"}),
        ([Promise(ADA, 1, ("GPU-0", "GPU-1"))], ("GPU-0",), {"GPU-1": "digits"}),
        # Who wants two keeps the one that is free until another is; who wants other ones is no obstacle.
        ([Promise(ADA, 2, ("GPU-0", "GPU-1"))], ("GPU-0",), {"GPU-1": "digits"}),
        (
            [Promise(ADA, 1, ("GPU-3",)), Promise(BOB, 1, ("GPU-3", "GPU-2"))],
            (),
            {"GPU-3": "digits", "GPU-2": "speech"},
        ),
        ([Promise(ADA, 1, ("GPU-3",)), Promise(BOB, 1, ("GPU-3",))], (), {"GPU-3": "digits"}),
        ([Promise(ADA, 4, ("GPU-of-another-machine",))], (), {}),
    ],
)
def test_what_is_free_goes_to_those_who_wait(
    promises: list[Promise], held: tuple[str, ...], expected: dict[str, str]
) -> None:
    promised = promise_gpus(promises, FOUR, held)
    assert {uuid: lease.workspace for uuid, lease in promised.items()} == expected
    assert all(lease.promised and lease.uuid == uuid for uuid, lease in promised.items())


def test_a_promise_is_kept_from_those_who_share_too() -> None:
    promised = promise_gpus([Promise(ADA, 1, ("GPU-0",))], FOUR, ())
    one = Inventory((gpu(0),))
    for request in (GpuRequest(), GpuRequest(shared=True)):
        with pytest.raises(NotFree, match="0 of 1 are free") as caught:
            choose_gpus(request, one, promised)
        assert (
            caught.value.detail
            == "GPU 0 goes to the next in the queue, digits of ada since 2026-11-22T06:35:49Z"
        )
        assert (caught.value.wanted, caught.value.among) == (1, ("GPU-0",))


@pytest.mark.parametrize(
    ("found", "lately", "words"),
    [
        (gpu(0), None, "shared with digits of ada since 2026-11-22T06:35:49Z"),
        (gpu(0, used=30, busy=87), None, "06:35:49Z, who uses it (87 % now): 10.0 of 40.0 GiB are free"),
        (gpu(0, used=30), None, "06:35:49Z, who uses it: 10.0 of 40.0 GiB are free"),
        (
            gpu(0, used=30, busy=0),
            Lately(61, 31 << 30, ()),
            "(0 % now, 61 % and at most 31.0 GiB over the last minutes): 10.0 of 40.0 GiB are free",
        ),
        (
            gpu(0),
            Lately(5, 20 << 30, ()),
            "at most 20.0 GiB over the last minutes): 40.0 of 40.0 GiB are free",
        ),
        (gpu(0), Lately(0, 0, ()), "shared with digits of ada since 2026-11-22T06:35:49Z"),
    ],
)
def test_who_shares_a_busy_one_is_told_before(found: Gpu, lately: Lately | None, words: str) -> None:
    (warning,) = choose_gpus(
        GpuRequest(shared=True), Inventory((found,)), leased(0), lately={"GPU-0": lately} if lately else {}
    ).warnings
    assert warning.startswith("GPU 0 is shared with digits of ada since")
    assert warning.endswith(words)


def test_ones_own_come_first() -> None:
    busy = Inventory((gpu(0), gpu(1, used=9, processes=BUSY)))
    assert [found.number for found in choose_gpus(GpuRequest(), busy, {}, own=("GPU-1",)).gpus] == [1]
    assert [found.number for found in choose_gpus(GpuRequest(), busy, leased(1), own=("GPU-1",)).gpus] == [0]
