"""Which driver, which GPU and which framework go with which CUDA: tables as NVIDIA and the frameworks publish them.

Sources, read in November 2026: the environment of NVIDIA's images (COMPAT); NVIDIA, "CUDA Toolkit Release Notes" (table
of driver versions), "CUDA Compatibility" (minor version compatibility, forward compatibility), "CUDA Toolkit, Driver and
Architecture Matrix"; the metadata of the wheels of PyTorch and TensorFlow, PyTorch's RELEASE.md.

To refresh: a new CUDA is a line in SHIPPED_WITH; a new major one also in FLOORS and CAPABILITIES; what its image accepts
in COMPAT; a new PyTorch a line in TORCH if its wheels moved to another CUDA.
"""

from __future__ import annotations

Version = tuple[int, ...]

SHIPPED_WITH: dict[Version, Version] = {
    (11, 0): (450, 51),
    (11, 1): (455, 23),
    (11, 2): (460, 27, 3),
    (11, 3): (465, 19, 1),
    (11, 4): (470, 42, 1),
    (11, 5): (495, 29, 5),
    (11, 6): (510, 39, 1),
    (11, 7): (515, 43, 4),
    (11, 8): (520, 61, 5),
    (12, 0): (525, 60, 13),
    (12, 1): (530, 30, 2),
    (12, 2): (535, 54, 3),
    (12, 3): (545, 23, 6),
    (12, 4): (550, 54, 14),
    (12, 5): (555, 42, 2),
    (12, 6): (560, 28, 3),
    (12, 8): (570, 26),
    (12, 9): (575, 51, 3),
    (13, 0): (580, 65, 6),
    (13, 1): (590, 44, 1),
    (13, 2): (595, 45, 4),
    (13, 3): (610, 43, 2),
}
"""The Linux driver that came with each CUDA."""

FLOORS: dict[int, Version] = {11: (450, 80, 2), 12: (525, 60, 13), 13: (580, 65, 6)}
"""The oldest driver that runs any CUDA of that major version (minor version compatibility)."""

COMPAT: tuple[tuple[Version, Version], ...] = (
    ((11, 0), (418, 440)),
    ((11, 8), ()),
    ((12, 0), (450, 470, 510, 515)),
    ((12, 3), (470,)),
    ((13, 0), (535, 550, 565, 570, 575)),
    ((13, 1), (535, 550, 570, 575)),
    ((13, 2), (535, 570)),
)
"""From this CUDA on: the branches of drivers below its floor on which its package cuda-compat runs, on GPUs of DATA_CENTRE.

They are those that NVIDIA's own images of that CUDA accept (NVIDIA_REQUIRE_CUDA of nvidia/cuda 11.4, 11.8, 12.0, 12.1, 12.2,
12.4, 12.6, 12.8, 13.0, 13.1 and 13.2); a CUDA between two of these is taken to be as the older one, 12.3 as 12.4.
"""

CAPABILITIES: tuple[tuple[Version, Version, Version | None], ...] = (
    ((3, 5), (6, 0), (11, 8)),
    ((5, 0), (6, 5), (12, 9)),
    ((6, 0), (8, 0), (12, 9)),
    ((7, 0), (9, 0), (12, 9)),
    ((7, 5), (10, 0), None),
    ((8, 0), (11, 0), None),
    ((8, 6), (11, 1), None),
    ((8, 9), (11, 8), None),
    ((9, 0), (11, 8), None),
    ((10, 0), (12, 8), None),
    ((12, 0), (12, 8), None),
)
"""From this compute capability on: the first CUDA that knows it, and the last (None: the newest still does)."""

TORCH: tuple[tuple[Version, Version], ...] = (
    ((1, 13), (11, 7)),
    ((2, 1), (12, 1)),
    ((2, 5), (12, 4)),
    ((2, 7), (12, 6)),
    ((2, 8), (12, 8)),
    ((2, 11), (13, 0)),
)
"""From this PyTorch on: the CUDA of its wheels on PyPI."""

TENSORFLOW: tuple[tuple[Version, Version], ...] = (
    ((2, 5), (11, 2)),
    ((2, 12), (11, 8)),
    ((2, 15), (12, 2)),
    ((2, 16), (12, 3)),
    ((2, 18), (12, 5)),
)
"""From this TensorFlow on: the CUDA it is built with."""

DATA_CENTRE = (
    "P100", "P40", "P4", "V100", "T4", "A100", "A800", "A30", "A40", "A10", "A10G", "A16", "A2", "L4", "L40", "L40S",
    "H100", "H800", "H200", "H20", "GH200", "B100", "B200", "B300", "GB200", "GB300",
)  # fmt: skip
"""Names of the GPUs on which the packages cuda-compat put a newer CUDA on an older driver."""
