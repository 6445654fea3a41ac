"""What a call of cove imported, as the interpreter tells it."""

from __future__ import annotations

IMPORT_TIME = {"PYTHONPROFILEIMPORTTIME": "1"}
"""With this in its environment, Python writes a line to stderr for each module it imports."""

HEAVY = frozenset(
    {
        "aiohttp",
        "asyncio",
        "concurrent.futures",
        "dataclasses",
        "email",
        "hashlib",
        "http.client",
        "importlib.metadata",
    }
    | {"inspect", "logging", "pathlib", "rich", "shutil", "ssl", "tempfile", "tomllib", "typing_extensions"}
    | {"unittest", "urllib.request", "urllib3", "uvloop", "zipfile"}
)
"""What the quick commands have no time for; design: a bare `python -c pass` takes 22 ms, each of these 5 to 400 more."""


def parse_import_times(stderr: str) -> set[str]:
    """Return the modules named in `-X importtime` output: `import time:  213 |  380 |   sitecustomize`."""
    lines = (line for line in stderr.splitlines() if line.startswith("import time:"))
    return {line.rpartition("|")[2].strip() for line in lines} - {"imported package"}


def heavy(modules: set[str]) -> set[str]:
    """Return what is too heavy among them."""
    return modules & HEAVY
