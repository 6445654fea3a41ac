"""A repository with five Features of which nothing has changed, against the reference CLI, in one run on one engine.

    python bench/features.py [--engine docker|podman] [--runs 5]

Both find the container that runs; then both make it anew from what the engine has built before.
"""

from __future__ import annotations

import argparse
import json
import subprocess

from own import COVE, ENGINE_OWN, install_peer, own_folders, write_workspace
from timing import Side, command, compare, report

NAMES = ("one", "two", "three", "four", "five")


def main() -> None:
    words = argparse.ArgumentParser()
    words.add_argument("--engine", choices=("docker", "podman"), default="docker")
    words.add_argument("--image", default="debian:bookworm-slim", help="a base image the engine has")
    words.add_argument("--runs", type=int, default=5)
    args = words.parse_args()
    peer = install_peer()
    with own_folders(args.engine) as (home, env):
        folder = write_workspace(
            home, {"image": args.image, "features": {f"./{name}": {"word": name} for name in NAMES}}
        )
        for name in NAMES:
            place = folder / ".devcontainer" / name
            place.mkdir()
            options = {"word": {"type": "string", "default": ""}}
            (place / "devcontainer-feature.json").write_text(
                json.dumps({"id": name, "version": "1.0.0", "options": options})
            )
            (place / "install.sh").write_text(f'echo "$WORD" > /opt/{name}\n')
        docker = ["--docker-path", args.engine] if args.engine != "docker" else []
        where = ["up", "--workspace-folder", str(folder), *docker]
        try:
            ours = [*COVE, "up", str(folder), "-q"]
            for argv in (ours, [*COVE, "devcontainer", *where], [*peer, *where]):
                subprocess.run(
                    argv, env=env, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
                )
            anew = ["--remove-existing-container"]
            for what, argv, more in (
                ("cove up", ours, []),
                ("drop-in", [*COVE, "devcontainer", *where], []),
                ("drop-in, made anew", [*COVE, "devcontainer", *where, *anew], anew),
            ):
                side = Side("cove", command(argv, env=env))
                theirs = Side("reference CLI", command([*peer, *where, *more], env=env))
                found = compare(side, theirs, runs=args.runs)
                report(
                    f"five Features, {what}",
                    side,
                    theirs,
                    found,
                    "ratio at most 0.20",
                    met=found.ratio <= 0.20,
                )
        finally:
            engine = ENGINE_OWN[args.engine]
            label = f"label=devcontainer.local_folder={folder}"
            ids = subprocess.check_output(
                [*engine, "ps", "-aq", "--filter", label], env=env, text=True
            ).split()
            subprocess.run([*engine, "rm", "-f", *ids], env=env, check=False, stdout=subprocess.DEVNULL)


if __name__ == "__main__":
    main()
