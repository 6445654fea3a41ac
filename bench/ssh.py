"""A large file through scp against the engine's own `cp`, a command over SSH against its exec; in one run on one engine.

    python bench/ssh.py [--engine docker|podman] [--runs 3] [--size 1024]

The ratios are for a comparison with other machines: OpenSSH encrypts, the engine does not.
"""

from __future__ import annotations

import argparse
import os

from own import COVE, ENGINE_OWN, ENGINE_RUN, own_folders, up, write_workspace
from timing import Side, command, compare, report

BUDGET_COPY, BUDGET_COMMAND = 20.0, 6.0
"""A scp of 50 MB/s where the engine copies 1 GB/s; a connection of half a second where exec takes a tenth."""


def main() -> None:
    words = argparse.ArgumentParser()
    words.add_argument("--engine", choices=("docker", "podman"), default="docker")
    words.add_argument("--image", default="debian:bookworm-slim", help="a base image the engine has")
    words.add_argument("--runs", type=int, default=3)
    words.add_argument("--size", type=int, default=1024, help="MiB")
    args = words.parse_args()
    engine = ENGINE_OWN[args.engine]
    with own_folders(args.engine) as (home, env):
        folder = write_workspace(home, {"image": args.image, "runArgs": ENGINE_RUN[args.engine]})
        container = up(env, folder)["containerId"]
        command([*COVE, "ssh", "tiny", "--", "true"], env=env)()
        config = f"{home}/h/state/ssh/config"
        payload = home / "payload"
        with payload.open("wb") as file:
            for _ in range(args.size):
                file.write(os.urandom(1 << 20))
        scp, cp = ["scp", "-q", "-F", config], [*engine, "cp"]
        copies = (
            ("in", [*scp, str(payload), "tiny.cove:/tmp/p"], [*cp, str(payload), f"{container}:/tmp/q"]),
            ("out", [*scp, "tiny.cove:/tmp/p", f"{home}/p"], [*cp, f"{container}:/tmp/q", f"{home}/q"]),
        )
        for way, ours, theirs in copies:
            sides = Side("scp", command(ours, env=env)), Side(f"{args.engine} cp", command(theirs, env=env))
            found = compare(*sides, runs=args.runs, warm=0)
            met = found.ratio <= BUDGET_COPY
            report(f"{args.size} MiB {way}", *sides, found, f"ratio at most {BUDGET_COPY:g}", met=met)
        ssh = Side("ssh", command(["ssh", "-F", config, "tiny.cove", "true"], env=env))
        plain = Side(f"{args.engine} exec", command([*engine, "exec", container, "true"], env=env))
        found = compare(ssh, plain, runs=max(args.runs, 5))
        met = found.ratio <= BUDGET_COMMAND
        report("connect and `true`", ssh, plain, found, f"ratio at most {BUDGET_COMMAND:g}", met=met)


if __name__ == "__main__":
    main()
