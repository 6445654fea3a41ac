"""Every budget beside what is measured, in one run on one engine.

    python bench [--engine docker|podman] [--image IMAGE]

Run it on a machine that does nothing else. The exit code is 0 when every program ran to its end, whatever it found.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
COULD_NOT_RUN = 2


def main() -> int:
    words = argparse.ArgumentParser(prog="python bench")
    words.add_argument("--engine", choices=("docker", "podman"), default="docker")
    words.add_argument("--image", default="debian:bookworm-slim", help="a base image the engine has")
    args = words.parse_args()
    which = ("--engine", args.engine, "--image", args.image)
    programs = (
        ("up.py", *which),
        ("features.py", *which),
        ("many.py", *which),
        ("ssh.py", *which),
        ("gateway.py",),
    )
    codes = []
    for program in programs:
        print(f"\n{' '.join(program)}", flush=True)
        codes.append(
            subprocess.run([sys.executable, str(HERE / program[0]), *program[1:]], check=False).returncode
        )
    return max((code for code in codes if code >= COULD_NOT_RUN), default=0)


if __name__ == "__main__":
    sys.exit(main())
