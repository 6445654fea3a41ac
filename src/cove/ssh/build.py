"""Building the SSH server: the distribution's source, a compiler from the package index, two minutes."""

from __future__ import annotations

import glob
import json
import os
import sys
from typing import TYPE_CHECKING, NamedTuple

from cove.errors import CoveError, EngineError, NetworkError
from cove.host.files import hash_file, remove_tree, scratch, write_atomic
from cove.host.proc import Command
from cove.ssh.recipe import (
    COMPILER,
    OPTIONS,
    PROGRAMS,
    SPLIT_PROGRAMS,
    TARGETS,
    change_source,
    read_names,
    recipe_digest,
    render_source_list,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from cove.host.machine import Machine
    from cove.host.proc import Outcome, Runner

STEP_SECONDS = 1800.0
ABOUT = "server.json"
TOOLS = ("apt-get", "make", "patch")


class ServerBuildError(CoveError):
    """The SSH server could not be built here."""

    exit_code = 5


class Workshop(NamedTuple):
    """With what a server is built: this machine, its processes, a folder for the while, and the ear of the person."""

    machine: Machine
    runner: Runner
    folder: str
    tell: Callable[[str], object]

    def run(self, *argv: str, cwd: str = "", **env: str) -> Outcome:
        """Run a step to its end. Raises ServerBuildError with its last lines."""
        outcome = self.runner.run(Command(argv, env=env, cwd=cwd or self.folder, timeout=STEP_SECONDS))
        if not outcome.ok:
            raise ServerBuildError(
                f"building the SSH server failed: `{' '.join(argv[:3])} …` ended with {outcome.code}",
                detail=outcome.last_lines(),
                hint="Give a server that was built elsewhere: the setting `ssh_server`, a folder or its .tar.gz.",
            )
        return outcome


def missing_tools(machine: Machine) -> list[str]:
    """Return the programs that a build needs and this machine has not."""
    import shutil

    return [tool for tool in TOOLS if not shutil.which(tool, path=machine.env.get("PATH"))]


def build_server(
    target: str,
    arch: str,
    machine: Machine,
    runner: Runner,
    *,
    tell: Callable[[str], object],
    index: str = "",
) -> None:
    """Build the server for `amd64` or `arm64` containers into the folder `target`, which appears whole.

    `index` is a Python package index other than pip's own. Raises EngineError for another architecture,
    ServerBuildError, NetworkError.
    """
    if arch not in TARGETS:
        raise EngineError(
            f"there is no SSH server for {arch} containers; there is for {' and '.join(TARGETS)}"
        )
    if missing := missing_tools(machine):
        raise ServerBuildError(
            f"the SSH server is not here yet, and building it needs {', '.join(missing)}",
            hint="Install them, or set `ssh_server` to one that was built elsewhere: a folder or its .tar.gz.",
        )
    with scratch("sshd") as folder:
        shop = Workshop(machine, runner, folder, tell)
        tell("ssh: fetching the distribution's source of OpenSSH")
        source, version = fetch_source(shop)
        tell("ssh: fetching a compiler")
        compiler = fetch_compiler(shop, index)
        tell(f"ssh: building OpenSSH {version}, which takes some minutes, once")
        programs = compile_programs(shop, source, compiler, arch)
        keep_programs(target, programs, {"version": version, "arch": arch, "recipe": recipe_digest()})


def fetch_source(shop: Workshop) -> tuple[str, str]:
    """Return the folder of the unpacked, patched and changed source, and its version as the distribution counts."""
    options = _private_apt(shop)
    shop.runner.run(Command(("apt-get", *options, "update"), cwd=shop.folder, timeout=STEP_SECONDS))
    os.mkdir(f"{shop.folder}/source")
    try:
        shop.run("apt-get", *options, "source", "--download-only", "openssh", cwd=f"{shop.folder}/source")
    except ServerBuildError as error:
        raise NetworkError(
            "the distribution's source of OpenSSH cannot be fetched", detail=error.detail, hint=error.hint
        ) from error
    described = _only(f"{shop.folder}/source/openssh_*.dsc")
    version = os.path.basename(described)[len("openssh_") : -len(".dsc")]
    shop.run(
        "tar",
        "xf",
        _only(f"{shop.folder}/source/openssh_*.orig.tar.*z*", but=".asc"),
        cwd=f"{shop.folder}/source",
    )
    source = _only(f"{shop.folder}/source/openssh-*/").rstrip("/")
    shop.run("tar", "xf", _only(f"{shop.folder}/source/openssh_*.debian.tar.*"), cwd=source)
    for name in _read_series(f"{source}/debian/patches/series"):
        shop.run("patch", "--silent", "-p1", "-i", f"debian/patches/{name}", cwd=source)
    _change(source)
    return source, version


def _private_apt(shop: Workshop) -> tuple[str, ...]:
    """Return the options that let apt read sources into the workshop, leaving the machine's lists alone."""
    parts = f"{shop.folder}/apt/parts"
    for folder in (parts, f"{shop.folder}/apt/lists/partial", f"{shop.folder}/apt/cache/archives/partial"):
        os.makedirs(folder)
    paths = ["/etc/apt/sources.list", *glob.glob("/etc/apt/sources.list.d/*")]
    for path in paths:
        if path.endswith((".list", ".sources")) and os.path.isfile(path):
            with open(path, encoding="utf-8", errors="replace") as file:
                text = render_source_list(file.read(), deb822=path.endswith(".sources"))
            write_atomic(f"{parts}/{os.path.basename(path)}", text, mode=0o644)
    places = {
        "Dir::Etc::SourceList": "/dev/null",
        "Dir::Etc::SourceParts": parts,
        "Dir::State::Lists": f"{shop.folder}/apt/lists",
        "Dir::Cache": f"{shop.folder}/apt/cache",
        "APT::Sandbox::User": "",
    }
    return tuple(word for name, value in places.items() for word in ("-o", f"{name}={value}"))


def _read_series(path: str) -> list[str]:
    with open(path, encoding="utf-8") as file:
        lines = [line.partition("#")[0].split() for line in file]
    return [words[0] for words in lines if words]


def _change(source: str) -> None:
    texts = {}
    for name in read_names():
        if os.path.exists(f"{source}/{name}"):
            with open(f"{source}/{name}", encoding="utf-8") as file:
                texts[name] = file.read()
    try:
        changed = change_source(texts)
    except ValueError as error:
        raise ServerBuildError(str(error)) from error
    for name, text in changed.items():
        write_atomic(f"{source}/{name}", text, mode=0o644)
    # The distribution's patches touch what `configure` is made from; it fits all the same.
    os.utime(f"{source}/configure")
    os.utime(f"{source}/config.h.in")


def fetch_compiler(shop: Workshop, index: str) -> str:
    """Return the compiler's program, fetched into the workshop."""
    from importlib.util import find_spec

    target = f"{shop.folder}/compiler"
    installer = (sys.executable, "-m", "pip") if find_spec("pip") else ("uv", "pip")
    words = ("--python", sys.executable) if installer[0] == "uv" else ("--disable-pip-version-check",)
    asked = ("--index-url", index) if index else ()
    shop.run(*installer, "install", *words, "--quiet", "--no-deps", "--target", target, *asked, COMPILER)
    return f"{target}/ziglang/zig"


def compile_programs(shop: Workshop, source: str, compiler: str, arch: str) -> list[str]:
    """Configure and build; return the programs' paths."""
    triple = TARGETS[arch]
    wrappers = f"{shop.folder}/bin"
    os.mkdir(wrappers)
    for name, words in (("cc", f"cc -target {triple}"), ("ar", "ar"), ("ranlib", "ranlib")):
        write_atomic(f"{wrappers}/{name}", f'#!/bin/sh\nexec "{compiler}" {words} "$@"\n', mode=0o755)
    env = {
        "CC": f"{wrappers}/cc", "AR": f"{wrappers}/ar", "RANLIB": f"{wrappers}/ranlib",
        "CFLAGS": "-Os", "LDFLAGS": "-static -s", "ZIG_GLOBAL_CACHE_DIR": f"{shop.folder}/cache",
    }  # fmt: skip
    shop.run("./configure", f"--host={triple}", *OPTIONS, cwd=source, **env)
    with open(f"{source}/Makefile.in", encoding="utf-8") as file:
        rules = file.read()
    programs = [*PROGRAMS, *(name for name in SPLIT_PROGRAMS if f"{name}$(EXEEXT):" in rules)]
    shop.run("make", f"-j{os.cpu_count() or 1}", *programs, cwd=source, **env)
    return [f"{source}/{name}" for name in programs]


def keep_programs(target: str, programs: list[str], about: dict[str, object]) -> None:
    """Put the programs into the folder `target` with their checksums, whole or not at all."""
    making = f"{target}.making-{os.urandom(4).hex()}"
    os.makedirs(making, mode=0o755)
    try:
        sums = {}
        for path in programs:
            name = os.path.basename(path)
            with open(path, "rb") as file:
                write_atomic(f"{making}/{name}", file.read(), mode=0o755)
            sums[name] = hash_file(f"{making}/{name}")
        write_atomic(f"{making}/{ABOUT}", json.dumps({**about, "sha256": sums}, indent=2) + "\n", mode=0o644)
        if os.path.lexists(target):
            os.rename(target, f"{making}.old")
            remove_tree(f"{making}.old")
        os.rename(making, target)
    finally:
        remove_tree(making)


def _only(pattern: str, *, but: str = "\0") -> str:
    found = [path for path in glob.glob(pattern) if not path.endswith(but)]
    if len(found) != 1:
        raise ServerBuildError(
            f"the source package is not as expected: {len(found)} of {os.path.basename(pattern)}"
        )
    return found[0]
