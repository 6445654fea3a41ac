"""The budgets of the everyday commands, against the reference CLI and the bare engine, in one run on one engine.

    python bench/up.py [--engine docker|podman] [--runs 7]

Needs an engine that answers, npm for the reference CLI (installed into .cache/bench once), and a base image with a
shell; it makes one workspace of its own and removes it.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

from own import COVE, ENGINE_OWN, ENGINE_RUN, bundle_cache, install_peer, own_folders, up, write_workspace
from timing import Side, command, compare, report


def main() -> None:
    words = argparse.ArgumentParser()
    words.add_argument("--engine", choices=("docker", "podman"), default="docker")
    words.add_argument("--image", default="debian:bookworm-slim", help="a base image the engine has")
    words.add_argument("--runs", type=int, default=7)
    args = words.parse_args()
    peer = install_peer()
    with own_folders(args.engine) as (home, env):
        measure(args, env, write_workspace(home, {"image": args.image}), peer)


def measure(args: argparse.Namespace, env: dict[str, str], folder: Path, peer: list[str]) -> None:
    """Print a line for each budget."""
    opened = up(env, folder)
    container = opened["containerId"]
    engine = ENGINE_OWN[args.engine]
    docker = ["--docker-path", args.engine] if args.engine != "docker" else []
    theirs = [*peer, "up", "--workspace-folder", str(folder), *docker]
    print(f"{args.engine}, median of {args.runs} runs in turn\n")

    ours = Side("cove", command([*COVE, "up", str(folder), "-q"], env=env))
    reference = Side("reference CLI", command(theirs, env=env))
    found = compare(ours, reference, runs=args.runs)
    report("up, already running", ours, reference, found, "ratio at most 0.20", met=found.ratio <= 0.20)

    ours = Side("cove", command([*COVE, "exec", opened["name"], "--", "true"], env=env))
    bare = Side(f"{args.engine} exec", command([*engine, "exec", container, "true"], env=env))
    found = compare(ours, bare, runs=args.runs)
    report("exec -- true", ours, bare, found, "at most 80 ms more", met=found.ours - found.theirs <= 0.080)

    where = ["--workspace-folder", str(folder), *docker]
    reference = Side("reference CLI", command([*peer, "exec", *where, "true"], env=env))
    found = compare(ours, reference, runs=args.runs)
    report("exec -- true", ours, reference, found, "ratio at most 0.25", met=found.ratio <= 0.25)

    ours = Side("cove", command([*COVE, "devcontainer", "read-configuration", *where], env=env))
    reference = Side("reference CLI", command([*peer, "read-configuration", *where], env=env))
    found = compare(ours, reference, runs=args.runs)
    report("read-configuration", ours, reference, found, "ratio at most 0.25", met=found.ratio <= 0.25)

    ours = Side("cove", lambda: fresh_up(env, folder))
    by_hand = Side("by hand", lambda: start_by_hand(engine, ENGINE_RUN[args.engine], args.image, env, folder))
    found = compare(ours, by_hand, runs=max(3, args.runs // 2))
    report(
        "up, image ready, editor answers", ours, by_hand, found, "ratio at most 1.25", met=found.ratio <= 1.25
    )


def fresh_up(env: dict[str, str], folder: Path) -> float:
    """Make the container anew from an image that is there; return the seconds until the editor answers."""
    subprocess.run([*COVE, "rm", "tiny", "-q"], env=env, check=True, stdout=subprocess.DEVNULL)
    began = time.perf_counter()
    up(env, folder)
    return time.perf_counter() - began


def start_by_hand(
    engine: list[str], words: list[str], image: str, env: dict[str, str], folder: Path
) -> float:
    """Run a container with the same bundle and the editor as its main process; return the seconds until it answers."""
    sockets = Path(tempfile.mkdtemp(prefix="cvh", dir="/tmp"))
    bundle = newest_bundle()
    argv = [
        *engine, "run", "-d", "--init", *words,
        "-v", f"{bundle}:/opt/cove/ide:ro", "-v", f"{folder}:/work", "-v", f"{sockets}:/run/hand",
        "--entrypoint", "/opt/cove/ide/bin/node", image, "/opt/cove/ide/code-server/out/node/entry.js",
        "--auth", "none", "--disable-telemetry", "--disable-update-check", "--socket", "/run/hand/s", "/work",
    ]  # fmt: skip
    began = time.perf_counter()
    container = subprocess.run(argv, env=env, check=True, stdout=subprocess.PIPE, text=True).stdout.strip()
    try:
        wait_for(sockets / "s")
        return time.perf_counter() - began
    finally:
        subprocess.run([*engine, "rm", "-f", container], env=env, check=True, stdout=subprocess.DEVNULL)
        shutil.rmtree(sockets, ignore_errors=True)


def newest_bundle() -> Path:
    return max(
        (path.parent for path in bundle_cache().glob("*/bundle.json")), key=lambda path: path.stat().st_mtime
    )


def wait_for(path: Path) -> None:
    """Wait until the editor answers its health check on the socket."""
    probe = ["curl", "-fs", "--unix-socket", str(path), "http://localhost/healthz"]
    deadline = time.monotonic() + 60
    while subprocess.run(probe, check=False, stdout=subprocess.DEVNULL).returncode:
        if time.monotonic() > deadline:
            raise SystemExit("the editor started by hand did not answer")
        time.sleep(0.02)


if __name__ == "__main__":
    main()
