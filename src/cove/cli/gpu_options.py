"""The words by which `up` and `run` take GPUs."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import argparse

    from cove.workspace.gpu_wish import GpuOptions


def add_gpu_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare --gpus, --share and --wait."""
    group = parser.add_argument_group("GPUs")
    group.add_argument(
        "--gpus",
        default="",
        metavar="N|all|none|UUID",
        help="how many, or which (`device=0,1`), instead of what the files say",
    )
    group.add_argument("--share", action="store_true", help="let others have them too")
    group.add_argument("--wait", action="store_true", help="wait until enough are free")


def parse_gpu_arguments(args: argparse.Namespace) -> GpuOptions | None:
    """Return what was said of GPUs, None for nothing. Raises UsageError."""
    if not (args.gpus or args.share or args.wait):
        return None
    from cove.spec.gpus import parse_gpu_option
    from cove.workspace.gpu_wish import GpuOptions

    if args.gpus:
        parse_gpu_option(args.gpus)  # said now rather than after a build
    return GpuOptions(args.gpus, share=args.share, wait=args.wait)
