"""The rules of the house, executable: docs/architecture/overview.md says why."""

from __future__ import annotations

import ast
import re
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[1]
SOURCE = ROOT / "src" / "cove"

FLOORS = (
    "errors",
    "spec settings",
    "host",
    "engines oci ide gpu",
    "places",
    "workspace",
    "gateway ssh jupyter sagemaker hub",
    "api",
    "mcp",
    "cli",
    "testing __main__",
)
FLOOR = {room: level for level, rooms in enumerate(FLOORS) for room in rooms.split()}

PURE_ROOMS = frozenset({"spec", "settings"})
IMPURE_MODULES = frozenset(
    {"os", "subprocess", "socket", "time", "random", "uuid", "asyncio", "threading"}
    | {
        "secrets",
        "shutil",
        "tempfile",
        "pathlib",
        "http",
        "urllib",
        "urllib3",
        "aiohttp",
        "select",
        "selectors",
    }
)
"""What a pure file has no use for. Names and paths in it are text; `posixpath` and `urllib.parse` only work on text."""
TEXT_ONLY = frozenset({"urllib.parse"})

PROCESS_STARTERS = re.compile(r"^(system|popen|fork|forkpty|exec[lv]p?e?|spawn[lv]p?e?|posix_spawnp?)$")
VAGUE_NAMES = frozenset({"utils", "util", "helpers", "helper", "manager", "managers", "common", "misc"})

NO_TEST_OF_ITS_OWN = {
    "engines/base.py": "a protocol and values",
    "ide/base.py": "values",
    "places/base.py": "a protocol and values",
    "spec/locations.py": "two tuples; tests/workspace/test_address.py walks them",
    "spec/run.py": "values; each renderer's tests are theirs",
    "workspace/terms.py": "values",
    "__main__.py": "two lines, run by every live test",
    "gateway/__main__.py": "the process itself, started by every live test of the gateway",
}
"""Modules without a mirrored test file, and why; a package's own `__init__` needs one only when it defines a function."""


class Import(NamedTuple):
    """One imported module, by its full name."""

    name: str
    line: int
    at_top: bool
    """When the module is imported, as opposed to: for the type checker, or inside a function."""
    typing_only: bool


class Module(NamedTuple):
    """One file of cove."""

    path: str
    tree: ast.Module

    @property
    def room(self) -> str:
        return self.path.split("/")[0].removesuffix(".py")

    @property
    def name(self) -> str:
        return "cove." + self.path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")

    @property
    def docstring(self) -> str:
        return ast.get_docstring(self.tree) or ""

    @property
    def is_pure(self) -> bool:
        """Whether it stands in a pure room, or its docstring's first paragraph says the word."""
        return self.room in PURE_ROOMS or bool(
            re.search(r"\bpure\b", self.docstring.partition("\n\n")[0], re.IGNORECASE)
        )


def read_modules() -> list[Module]:
    paths = sorted(SOURCE.rglob("*.py"))
    return [Module(path.relative_to(SOURCE).as_posix(), ast.parse(path.read_text(), path)) for path in paths]


MODULES = read_modules()
NAMES = {module.name for module in MODULES}


def imports_of(module: Module) -> Iterator[Import]:
    """Return every import, wherever it stands; `from cove.room import module` counts as that module."""
    yield from _imports(module.tree, at_top=True, typing_only=False)


def _imports(node: ast.AST, *, at_top: bool, typing_only: bool) -> Iterator[Import]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Import):
            for alias in child.names:
                yield Import(alias.name, child.lineno, at_top, typing_only)
        elif isinstance(child, ast.ImportFrom):
            for alias in child.names:
                full = f"{child.module}.{alias.name}"
                name = full if full in NAMES or full in TEXT_ONLY else child.module or ""
                yield Import(name, child.lineno, at_top, typing_only)
        elif isinstance(child, ast.If) and ast.unparse(child.test) == "TYPE_CHECKING":
            yield from _imports(child, at_top=False, typing_only=True)
        else:
            inside = isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef)
            yield from _imports(child, at_top=at_top and not inside, typing_only=typing_only)


def test_imports_point_down() -> None:
    """A room knows lower floors only; rooms on one floor do not know each other. For the type checker too."""
    faults = []
    for module in MODULES:
        for imported in imports_of(module):
            if module.path == "__init__.py" or not imported.name.startswith("cove."):
                continue
            other = imported.name.split(".")[1]
            if other != module.room and FLOOR.get(other, 99) >= FLOOR.get(module.room, -1):
                faults.append(f"{module.path}:{imported.line}: {module.room} may not know {other}")
    assert not faults, "\n".join(faults)


def test_every_room_stands_on_a_floor() -> None:
    assert {module.room for module in MODULES} - {"__init__"} <= FLOOR.keys()


def test_no_module_imports_itself_by_a_detour() -> None:
    """No circles among the imports that happen when a module is imported."""
    edges = {
        module.name: {i.name for i in imports_of(module) if i.at_top and i.name in NAMES} - {module.name}
        for module in MODULES
    }
    while free := {name for name in edges if not edges[name] or name not in set().union(*edges.values())}:
        edges = {name: needs - free for name, needs in edges.items() if name not in free}
    assert not edges, f"these import each other in a circle: {sorted(edges)}"


def test_pure_files_touch_nothing() -> None:
    """What decides gets text and facts as arguments; then its tests are tables."""
    faults = [
        f"{module.path}:{imported.line}: a pure file imports {imported.name}"
        for module in MODULES
        if module.is_pure
        for imported in imports_of(module)
        if not imported.typing_only and imported.name not in TEXT_ONLY
        if imported.name.split(".")[0] in IMPURE_MODULES
    ]
    assert not faults, "\n".join(faults)


def test_processes_start_in_one_place() -> None:
    faults = []
    for module in MODULES:
        if module.path == "host/proc.py":
            continue
        faults += [
            f"{module.path}:{imported.line}: subprocess belongs to host/proc.py"
            for imported in imports_of(module)
            if imported.name == "subprocess" and not imported.typing_only
        ]
        faults += [
            f"{module.path}:{node.lineno}: {ast.unparse(node)} belongs to host/proc.py"
            for node in ast.walk(module.tree)
            if isinstance(node, ast.Attribute) and ast.unparse(node.value) == "os"
            if PROCESS_STARTERS.match(node.attr)
        ]
    assert not faults, "\n".join(faults)


def test_every_module_says_what_it_is() -> None:
    faults = [module.path for module in MODULES if not module.docstring]
    assert not faults, f"no docstring: {faults}"


def test_names_say_something() -> None:
    faults = [
        module.path for module in MODULES if VAGUE_NAMES & set(module.path.removesuffix(".py").split("/"))
    ]
    assert not faults, f"these names do not tell what is in them: {faults}"


def mirror_of(path: str) -> str:
    """Return the test file that belongs to a module: `cli/up.py` has `cli/test_up.py`, a package `test_init.py`."""
    folder, _, name = path.rpartition("/")
    return f"{folder}/test_{'init.py' if name == '__init__.py' else name}".lstrip("/")


def needs_tests(module: Module) -> bool:
    """Whether a module must have a mirrored test file."""
    defines = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
    empty = module.path.endswith("__init__.py") and not any(
        isinstance(node, defines) for node in module.tree.body
    )
    return not empty and module.path not in NO_TEST_OF_ITS_OWN


def test_every_module_has_its_tests() -> None:
    wanted = [mirror_of(module.path) for module in MODULES if needs_tests(module)]
    faults = [path for path in wanted if not (ROOT / "tests" / path).exists()]
    assert not faults, f"missing below tests/: {faults}"


def test_the_exceptions_are_still_needed() -> None:
    paths = {module.path for module in MODULES}
    for path in NO_TEST_OF_ITS_OWN:
        assert path in paths, f"{path} is gone: take it off the list"
        assert not (ROOT / "tests" / mirror_of(path)).exists(), f"{path} has its tests: take it off the list"


def test_every_test_file_has_its_module() -> None:
    mirrors = {mirror_of(module.path) for module in MODULES}
    rooms = {module.room for module in MODULES if "/" in module.path}
    orphans = [
        name
        for room in sorted(rooms)
        for path in sorted((ROOT / "tests" / room).rglob("test_*.py"))
        if (name := path.relative_to(ROOT / "tests").as_posix()) not in mirrors
    ]
    assert not orphans, f"no module of that name for: {orphans}"


def tracked_texts() -> list[tuple[str, str]]:
    """Return the path and text of what a clone holds, and of new files that are not ignored."""
    listed = subprocess.run(
        [
            "git",
            "-c",
            f"safe.directory={ROOT}",
            "ls-files",
            "-z",
            "--cached",
            "--others",
            "--exclude-standard",
        ],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    found = []
    for name in filter(None, listed.split("\0")):
        path = ROOT / name
        if path.is_file() and b"\0" not in (data := path.read_bytes()):
            found.append((name, data.decode("utf-8", "replace")))
    return found


FORBIDDEN = {
    "the place of this checkout": re.escape(str(ROOT)) + r"\b",
    "a developer's own Python": r"/\." + "pyenv/",
    "a package index, which settings name": r"\b(pypi|pythonhosted|test\.pypi)" + r"\.org\b",
    "a package registry, which settings name": r"\bnpmjs" + r"\.(org|com)\b",
    "a mirror, which the host's settings name": r"\b(deb|security|snapshot|ftp)" + r"\.debian\.org\b",
    "Ubuntu's mirror, which the host's settings name": r"\b(archive|security|ports)" + r"\.ubuntu\.com\b",
}


@pytest.mark.parametrize("what", FORBIDDEN)
def test_no_file_holds(what: str) -> None:
    pattern = re.compile(FORBIDDEN[what])
    found = [
        f"{name}:{text[: match.start()].count(chr(10)) + 1}: {match.group()}"
        for name, text in tracked_texts()
        for match in pattern.finditer(text)
    ]
    assert not found, f"{what}: {found[:10]}"


def test_no_test_is_skipped() -> None:
    """What cannot run fails and says what is missing."""
    words = re.compile(r"\b(pytest\.skip|mark\.skip|skipif|mark\.xfail|importor" + r"skip)\b")
    found = [
        name
        for name, text in tracked_texts()
        if name.startswith("tests/") and name != "tests/test_house.py" and words.search(text)
    ]
    assert not found
