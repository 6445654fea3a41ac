"""A hundred workspaces on one engine: how long `ls` takes against the engine's own list; and what one costs in memory.

    python bench/many.py [--engine docker|podman] [--count 100]

One is brought up by cove; the others are containers with the same labels under other names, each with a folder.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

from own import COVE, ENGINE_OWN, ENGINE_RUN, own_folders, up, write_workspace
from timing import Side, command, compare, report

if TYPE_CHECKING:
    from collections.abc import Iterable

MEBIBYTE_IN_KIB = 1024


def main() -> None:
    words = argparse.ArgumentParser()
    words.add_argument("--engine", choices=("docker", "podman"), default="docker")
    words.add_argument("--image", default="debian:bookworm-slim", help="a base image the engine has")
    words.add_argument("--count", type=int, default=100)
    words.add_argument("--runs", type=int, default=7)
    args = words.parse_args()
    engine = ENGINE_OWN[args.engine]
    with own_folders(args.engine) as (home, env):
        folder = write_workspace(home, {"image": args.image})
        opened = up(env, folder)
        weigh(engine, env, opened["containerId"])
        described = subprocess.check_output([*engine, "inspect", opened["containerId"]], env=env)
        labels = json.loads(described)[0]["Config"]["Labels"]
        made: list[str] = []
        try:
            for number in range(1, args.count):
                other = folder.with_name(f"tiny-{number}")
                shutil.copytree(folder, other)
                own = {
                    name: value.replace(str(folder), str(other)).replace(opened["name"], other.name)
                    if name != "cove.id"
                    else f"{number:012d}"
                    for name, value in labels.items()
                }
                flags = [word for name, value in own.items() for word in ("--label", f"{name}={value}")]
                run = [
                    *engine,
                    "run",
                    "-d",
                    *ENGINE_RUN[args.engine],
                    "--network",
                    "none",
                    *flags,
                    args.image,
                ]
                made.append(subprocess.check_output([*run, "sleep", "3600"], env=env, text=True).strip())
            listed = json.loads(subprocess.check_output([*COVE, "ls", "--json"], env=env))["workspaces"]
            if len(listed) < args.count:
                raise SystemExit(f"cove ls shows {len(listed)} of {args.count}")
            ours = Side("cove ls", command([*COVE, "ls"], env=env))
            theirs = Side(f"{args.engine} ps", command([*engine, "ps", "-a"], env=env))
            found = compare(ours, theirs, runs=args.runs)
            report(
                f"ls, {args.count} workspaces",
                ours,
                theirs,
                found,
                "at most 150 ms more",
                met=found.ours - found.theirs <= 0.150,
            )
        finally:
            subprocess.run([*engine, "rm", "-f", *made], env=env, check=False, stdout=subprocess.DEVNULL)


def weigh(engine: list[str], env: dict[str, str], container: str) -> None:
    """Print what the gateway and an editor nobody looks at hold in memory, shared pages counted in parts."""
    status = subprocess.run(
        [*COVE, "gateway", "status", "--json"], env=env, check=True, stdout=subprocess.PIPE
    )
    gateway = json.loads(status.stdout).get("pid")
    top = subprocess.check_output(
        [*engine, "top", container, *(["-o", "pid,args"] if engine[0] == "docker" else ["hpid", "args"])],
        env=env,
        text=True,
    )
    editor = [int(line.split()[0]) for line in top.splitlines()[1:] if "node" in line]
    for what, pids in (("gateway", [gateway] if gateway else []), ("editor", editor)):
        print(
            f"     memory of the {what}: {read_memory(pids) / MEBIBYTE_IN_KIB:.0f} MiB ({len(pids)} processes)"
        )


def read_memory(pids: Iterable[int]) -> int:
    """Return the proportional set size of these processes in KiB (proc_pid_smaps_rollup(5))."""
    texts = (Path(f"/proc/{pid}/smaps_rollup").read_text() for pid in pids)
    return sum(
        int(line.split()[1]) for text in texts for line in text.splitlines() if line.startswith("Pss:")
    )


if __name__ == "__main__":
    main()
