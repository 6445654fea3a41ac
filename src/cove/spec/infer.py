"""What a repository without devcontainer.json and Dockerfile needs, by the files it has: each choice with its reason."""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from cove.spec.imports import choose_distributions, find_imports, parse_notebook
from cove.spec.python_choice import choose_python

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cove.spec.python_choice import PythonChoice

CONDA_NAMES = ("environment.yml", "environment.yaml")
DEFINITION = re.compile(
    r"environment\.ya?ml|pyproject\.toml|uv\.lock|setup\.(?:py|cfg)|constraints[\w.-]*\.txt"
    r"|(?:[\w.-]*[-_.])?requirements[\w.-]*\.(?:txt|in)|requirements/[\w.-]+\.(?:txt|in)"
    r"|\.python-version|runtime\.txt"
)
CODE = re.compile(r"[^.].*\.(?:ipynb|py)")
FRAMEWORKS = re.compile(r"(?<![\w./-])(torch|pytorch|tensorflow|tensorflow-gpu|jax|cupy)(?![\w./-])")
COMMENT = re.compile(r"#.*")
OF_THE_REPOSITORY = re.compile(r"^\s*(?:-e\b|--editable\b|\.{1,2}(?:/|\[|\s*$)|file:)", re.MULTILINE)
INCLUDED = re.compile(r"^[\s-]*?(?:-r|--requirement|-c|--constraint)[= ]?\s*(\S+)", re.MULTILINE)
LOCKED_HERE = re.compile(r"^source = \{ (?:editable|directory) = ", re.MULTILINE)
SETUP = ("setup.py", "setup.cfg", "pyproject.toml")
LISTED_MODULES = 4
EXPECTED = (*CONDA_NAMES, "pyproject.toml", "uv.lock", "requirements.txt", "setup.py", ".python-version")
"""Where one of these appears, or goes, another configuration would be inferred."""

Tool = Literal["pip", "uv", "conda"]


class Inferred(NamedTuple):
    """What was found, and what follows from it."""

    python: PythonChoice
    tool: Tool
    files: tuple[str, ...] = ()
    """What the layer of packages is made from, relative to the repository; first the one that is named to the tool."""
    packages: tuple[str, ...] = ()
    """To be installed by name, since no file says so."""
    kernel: bool = False
    """Notebooks need one."""
    frameworks: tuple[str, ...] = ()
    install: str = ""
    """The command that brings the repository's own package in, once it is mounted; empty: it has none."""
    has_lock: bool = False
    mentions_itself: bool = False
    """The requirements name folders of the repository, which are not there yet when the layer is made."""
    reasons: tuple[str, ...] = ()

    @property
    def origin(self) -> str:
        """What the image is made from, in a person's words."""
        return " and ".join(self.files) or "what the repository holds"

    @property
    def wants_gpu(self) -> bool:
        """Whether a GPU would be used if there is one."""
        return bool(self.frameworks)


class _Found(NamedTuple):
    """The part of an Inferred that says where the packages come from."""

    tool: Tool
    files: tuple[str, ...]
    reason: str
    packages: tuple[str, ...] = ()
    install: str = ""
    has_lock: bool = False
    mentions_itself: bool = False


def is_definition(name: str) -> bool:
    """Return whether a file of this name, at the top of a repository, says what it needs."""
    return bool(DEFINITION.fullmatch(name))


def is_code(name: str) -> bool:
    """Return whether a file of this name is a notebook or a script."""
    return bool(CODE.fullmatch(name))


def infer(texts: Mapping[str, str], local: tuple[str, ...] = ()) -> Inferred | None:
    """Return what a repository needs, or None where nothing says what kind of project it is.

    `texts` are its definitions, notebooks and scripts by name; `local` the modules and packages it has. What says most
    wins: environment.yml, then pyproject.toml, requirements, setup.py, and last what the code imports.
    """
    if not any(is_definition(name) or name.endswith(".ipynb") for name in texts):
        return None  # scripts alone may lie anywhere
    document = parse_toml(texts.get("pyproject.toml", ""))
    found = (
        _conda(texts)
        or _project(texts, document)
        or _requirements(texts, document)
        or _setup(texts, document)
        or _imported(texts, local)
    )
    said = found.files or (() if found.packages else SETUP)
    named = "\n".join((*(texts.get(name, "") for name in said), *found.packages))
    frameworks = tuple(dict.fromkeys(FRAMEWORKS.findall(COMMENT.sub("", named))))
    python = choose_python(*_asked_python(texts, document))
    notebooks = sorted(name for name in texts if name.endswith(".ipynb"))
    reasons = [] if found.tool == "conda" else [python.reason]
    reasons.append(found.reason)
    if notebooks:
        reasons.append(
            f"ipykernel: {_some(notebooks)} {'is a notebook' if len(notebooks) == 1 else 'are notebooks'}"
        )
    if frameworks:
        reasons.append(f"a GPU if there is one: {' and '.join(frameworks)} can use it")
    return Inferred(
        python=python,
        tool=found.tool,
        files=found.files,
        packages=found.packages,
        kernel=bool(notebooks),
        frameworks=frameworks,
        install=found.install,
        has_lock=found.has_lock,
        mentions_itself=found.mentions_itself,
        reasons=tuple(reasons),
    )


def parse_toml(text: str) -> Mapping[str, Any]:
    """Return the document, or nothing for one that is not TOML: the tool that reads it says so better."""
    import tomllib

    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return {}


# -- where packages come from, each None where its file is not there


def _conda(texts: Mapping[str, str]) -> _Found | None:
    name = next((name for name in CONDA_NAMES if name in texts), "")
    if not name:
        return None
    return _Found("conda", (name, *_included(name, texts)), f"packages from {name}, by micromamba")


def _project(texts: Mapping[str, str], document: Mapping[str, Any]) -> _Found | None:
    if "uv.lock" in texts:
        files = ("pyproject.toml", "uv.lock")
        waits = "build-system" in document or LOCKED_HERE.search(texts["uv.lock"])
        install = "uv sync --frozen --inexact" if waits else ""
        return _Found("uv", files, "packages from uv.lock, exactly as locked", install=install, has_lock=True)
    if not document.get("project") or _are_dynamic(document):
        return None  # the settings of linters and the like; or other files say what is needed
    if _has_local_sources(document):
        what = "--editable ." if "build-system" in document else "--requirement pyproject.toml"
        reason = (
            "packages from pyproject.toml, installed once the repository is mounted: some are folders of it"
        )
        return _Found("uv", (), reason, install=f"uv pip install {what}")
    install = "uv pip install --no-deps --editable ." if "build-system" in document else ""
    return _Found("uv", ("pyproject.toml",), "packages from pyproject.toml", install=install)


def _are_dynamic(document: Mapping[str, Any]) -> bool:
    """Return whether a [project] leaves its dependencies to the tool that builds it."""
    project = document.get("project")
    return isinstance(project, dict) and "dependencies" in project.get("dynamic", ())


def _has_local_sources(document: Mapping[str, Any]) -> bool:
    """Return whether uv is told to take a package from a folder; it has to be there then, also for the others."""
    table: Any = document
    for key in ("tool", "uv", "sources"):
        table = table.get(key) if isinstance(table, dict) else None
    sources = table.values() if isinstance(table, dict) else ()
    return any(isinstance(source, dict) and {"path", "workspace"} & source.keys() for source in sources)


def _requirements(texts: Mapping[str, str], document: Mapping[str, Any]) -> _Found | None:
    names = sorted(
        (
            name
            for name in texts
            if DEFINITION.fullmatch(name) and "requirements" in name and name.endswith(".txt")
        ),
        key=lambda name: (name != "requirements.txt", len(name), name),
    )
    if not names:
        return None
    chosen = names[0]
    files = [chosen]
    for name in files:
        files += [file for file in _included(name, texts) if file not in files]
    itself = any(OF_THE_REPOSITORY.search(texts[name]) for name in files)
    others = [name for name in names if name not in files]
    reason = f"packages from {' and '.join(files)}" + (f", not from {_some(others)}" if others else "")
    install = f"pip install --requirement {chosen}" if itself else ""
    if not itself and ("setup.py" in texts or _are_dynamic(document)):
        install = "pip install --editable ."
    return _Found("pip", tuple(files), reason, install=install, mentions_itself=itself)


def parse_included(name: str, text: str) -> list[str]:
    """Return the paths of the files that a list of packages includes, as far as they lie in the repository."""
    folder = posixpath.dirname(name)
    paths = (posixpath.normpath(posixpath.join(folder, path)) for path in INCLUDED.findall(text))
    return [path for path in paths if not path.startswith(("../", "/"))]


def _included(name: str, texts: Mapping[str, str]) -> list[str]:
    return [path for path in parse_included(name, texts[name]) if path in texts]


def _setup(texts: Mapping[str, str], document: Mapping[str, Any]) -> _Found | None:
    if "setup.py" not in texts and "build-system" not in document:
        return None  # pip installs nothing from a setup.cfg alone
    name = next(name for name in SETUP if name in texts)
    reason = f"packages as {name} has them, installed once the repository is mounted"
    return _Found("pip", (), reason, install="pip install --editable .")


def _imported(texts: Mapping[str, str], local: tuple[str, ...]) -> _Found:
    code = {name: parse_notebook(text) if name.endswith(".ipynb") else text for name, text in texts.items()}
    imported: set[str] = set()
    for name, text in code.items():
        imported |= find_imports(text) if CODE.fullmatch(name) else set()
    packages, unknown = choose_distributions(imported, local)
    reason = (
        f"packages that the code imports: {', '.join(packages)}" if packages else "no packages: none is named"
    )
    if unknown:
        reason += f"; not installed, since cove does not know {_some(unknown)}: a requirements.txt would say"
    return _Found("pip", (), reason, packages=tuple(packages))


# -- Python


def _asked_python(texts: Mapping[str, str], document: Mapping[str, Any]) -> tuple[str, str]:
    """Return the version or specifier that the repository asks for, and the file that does; both may be empty."""
    said = texts.get(".python-version", "").strip().splitlines()
    if said and re.match(r"\d", said[0]):
        return said[0].strip(), ".python-version"
    if match := re.match(r"\s*python-(\d[\d.]*)", texts.get("runtime.txt", "")):
        return match[1], "runtime.txt"
    project = document.get("project")
    asked = project.get("requires-python") if isinstance(project, dict) else None
    if isinstance(asked, str):
        return asked, "pyproject.toml"
    if match := re.search(r"^python_requires\s*=\s*(\S.*)$", texts.get("setup.cfg", ""), re.MULTILINE):
        return match[1], "setup.cfg"
    if match := re.search(r"python_requires\s*=\s*[\"']([^\"']+)[\"']", texts.get("setup.py", "")):
        return match[1], "setup.py"
    return "", ""


def _some(names: list[str]) -> str:
    more = f" and {len(names) - LISTED_MODULES} more" if len(names) > LISTED_MODULES else ""
    return ", ".join(names[:LISTED_MODULES]) + more
