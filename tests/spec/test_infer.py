"""What is inferred from the files of a repository."""

from __future__ import annotations

import json

import pytest

from cove.spec.infer import infer, is_code, is_definition

PROJECT = '[project]\nname = "x"\nrequires-python = ">=3.12"\ndependencies = ["jax[cuda12]"]\n'
BUILD = '[build-system]\nrequires = ["hatchling"]\n'
NOTEBOOK = json.dumps({"cells": [{"cell_type": "code", "source": "import torch, sklearn, foo, model"}]})


@pytest.mark.parametrize(
    ("texts", "tool", "files", "packages", "install", "version"),
    [
        ({"requirements.txt": "numpy"}, "pip", ("requirements.txt",), (), "", "3.11"),
        ({"requirements-dev.txt": "numpy"}, "pip", ("requirements-dev.txt",), (), "", "3.11"),
        ({"requirements.txt": "", "requirements-gpu.txt": ""}, "pip", ("requirements.txt",), (), "", "3.11"),
        (
            {"requirements.txt": "-r requirements-base.txt\n-c ../etc/x", "requirements-base.txt": "six"},
            "pip",
            ("requirements.txt", "requirements-base.txt"),
            (),
            "",
            "3.11",
        ),
        (
            {"requirements.txt": "six\n-e .", "setup.py": "python_requires='>=3.12'"},
            "pip",
            ("requirements.txt",),
            (),
            "pip install --requirement requirements.txt",
            "3.13",
        ),
        (
            {"requirements.txt": "six", "setup.py": ""},
            "pip",
            ("requirements.txt",),
            (),
            "pip install --editable .",
            "3.11",
        ),
        (
            {
                "requirements/dev.txt": "-r base.txt\n-c ../constraints.txt",
                "requirements/base.txt": "",
                "constraints.txt": "",
            },
            "pip",
            ("requirements/dev.txt", "requirements/base.txt", "constraints.txt"),
            (),
            "",
            "3.11",
        ),
        ({"setup.py": ""}, "pip", (), (), "pip install --editable .", "3.11"),
        (
            {"setup.cfg": "[options]\npython_requires = ==3.10.*", "pyproject.toml": BUILD},
            "pip",
            (),
            (),
            "pip install --editable .",
            "3.10",
        ),
        ({"pyproject.toml": PROJECT}, "uv", ("pyproject.toml",), (), "", "3.13"),
        (
            {"pyproject.toml": PROJECT + BUILD},
            "uv",
            ("pyproject.toml",),
            (),
            "uv pip install --no-deps --editable .",
            "3.13",
        ),
        ({"pyproject.toml": PROJECT, "uv.lock": ""}, "uv", ("pyproject.toml", "uv.lock"), (), "", "3.13"),
        (
            {"pyproject.toml": PROJECT + BUILD, "uv.lock": "", "requirements.txt": ""},
            "uv",
            ("pyproject.toml", "uv.lock"),
            (),
            "uv sync --frozen --inexact",
            "3.13",
        ),
        (
            {"pyproject.toml": PROJECT, "uv.lock": 'name = "nets"\nsource = { editable = "nets" }\n'},
            "uv",
            ("pyproject.toml", "uv.lock"),
            (),
            "uv sync --frozen --inexact",
            "3.13",
        ),
        (
            {"pyproject.toml": '[project]\ndynamic = ["dependencies"]\n' + BUILD, "requirements.txt": "six"},
            "pip",
            ("requirements.txt",),
            (),
            "pip install --editable .",
            "3.11",
        ),
        (
            {"pyproject.toml": '[project]\ndynamic = ["dependencies"]\n' + BUILD},
            "pip",
            (),
            (),
            "pip install --editable .",
            "3.11",
        ),
        (
            {"pyproject.toml": PROJECT + '[tool.uv.sources]\nnets = { path = "nets" }\n'},
            "uv",
            (),
            (),
            "uv pip install --requirement pyproject.toml",
            "3.13",
        ),
        (
            {"pyproject.toml": PROJECT + BUILD + "[tool.uv.sources]\nnets = { workspace = true }\n"},
            "uv",
            (),
            (),
            "uv pip install --editable .",
            "3.13",
        ),
        (
            {"pyproject.toml": PROJECT + '[tool.uv.sources]\ntorch = { index = "cpu" }\n'},
            "uv",
            ("pyproject.toml",),
            (),
            "",
            "3.13",
        ),
        ({"pyproject.toml": "[tool.poetry]\n" + BUILD}, "pip", (), (), "pip install --editable .", "3.11"),
        (
            {"pyproject.toml": "[tool.ruff]", "requirements.txt": ""},
            "pip",
            ("requirements.txt",),
            (),
            "",
            "3.11",
        ),
        ({"pyproject.toml": "[broken", "a.ipynb": ""}, "pip", (), (), "", "3.11"),
        (
            {"environment.yml": "dependencies:\n  - pytorch", "requirements.txt": ""},
            "conda",
            ("environment.yml",),
            (),
            "",
            "3.11",
        ),
        (
            {"environment.yml": "- pip:\n  - -r requirements.txt", "requirements.txt": ""},
            "conda",
            ("environment.yml", "requirements.txt"),
            (),
            "",
            "3.11",
        ),
        ({".python-version": "3.12.1\n"}, "pip", (), (), "", "3.12"),
        ({"runtime.txt": "python-3.10.4"}, "pip", (), (), "", "3.10"),
        (
            {".python-version": "3.12", "pyproject.toml": PROJECT},
            "uv",
            ("pyproject.toml",),
            (),
            "",
            "3.12",
        ),
        ({"a.ipynb": NOTEBOOK}, "pip", (), ("scikit-learn", "torch"), "", "3.11"),
        ({"a.ipynb": "{}", "b.py": "import yaml"}, "pip", (), ("pyyaml",), "", "3.11"),
    ],
)
def test_infer(
    texts: dict[str, str],
    tool: str,
    files: tuple[str, ...],
    packages: tuple[str, ...],
    install: str,
    version: str,
) -> None:
    inferred = infer(texts, ("model",))
    assert inferred is not None
    assert (inferred.tool, inferred.files, inferred.packages) == (tool, files, packages)
    assert (inferred.install, inferred.python.version) == (install, version)


@pytest.mark.parametrize(
    ("texts", "frameworks"),
    [
        ({"setup.py": "install_requires=['torch>=2']"}, ("torch",)),
        ({"pyproject.toml": "# torch\n[tool.poetry.dependencies]\njax = '*'\n" + BUILD}, ("jax",)),
        ({"pyproject.toml": PROJECT, "setup.py": "torch"}, ("jax",)),
        ({"requirements.txt": "torch==2.4\ntorchvision"}, ("torch",)),
        ({"requirements.txt": "numpy\n# torch\ntensorflow-cpu\npytorch-lightning"}, ()),
        ({"pyproject.toml": PROJECT}, ("jax",)),
        (
            {"environment.yml": "dependencies:\n  - pytorch\n  - pytorch-cuda=12.1"},
            ("pytorch",),
        ),
        ({"a.ipynb": NOTEBOOK}, ("torch",)),
        ({"requirements.txt": "numpy"}, ()),
    ],
)
def test_frameworks_that_use_a_gpu(texts: dict[str, str], frameworks: tuple[str, ...]) -> None:
    inferred = infer(texts)
    assert inferred is not None
    assert inferred.frameworks == frameworks
    assert inferred.wants_gpu == bool(frameworks)


@pytest.mark.parametrize("texts", [{}, {"train.py": "import torch"}])
def test_nothing_says_what_it_is(texts: dict[str, str]) -> None:
    assert infer(texts) is None


def test_every_choice_has_its_reason() -> None:
    inferred = infer({"a.ipynb": NOTEBOOK}, ("model",))
    assert inferred is not None
    assert inferred.reasons == (
        "Python 3.11: no file asks for another",
        inferred.reasons[1],
        "ipykernel: a.ipynb is a notebook",
        "a GPU if there is one: torch can use it",
    )
    assert inferred.reasons[1] == (
        "packages that the code imports: scikit-learn, torch; not installed, since cove does not know foo: "
        "a requirements.txt would say"
    )
    assert inferred.origin == "what the repository holds"


def test_requirements_that_are_left_out_are_told() -> None:
    inferred = infer({"requirements.txt": "", "requirements-gpu.txt": "", "a.ipynb": "", "b.ipynb": ""})
    assert inferred is not None
    assert inferred.reasons[1:] == (
        "packages from requirements.txt, not from requirements-gpu.txt",
        "ipykernel: a.ipynb, b.ipynb are notebooks",
    )


@pytest.mark.parametrize(
    ("name", "definition", "code"),
    [
        ("requirements.txt", True, False),
        ("dev-requirements.txt", True, False),
        ("requirements_gpu.txt", True, False),
        ("my requirements.txt", False, False),
        ("requirements/base.txt", True, False),
        ("requirements/readme.md", False, False),
        ("constraints.txt", True, False),
        ("environment.yaml", True, False),
        ("uv.lock", True, False),
        ("readme.txt", False, False),
        ("train.py", False, True),
        ("notebooks/a.ipynb", False, True),
        (".hidden.py", False, False),
    ],
)
def test_which_files_are_looked_at(name: str, *, definition: bool, code: bool) -> None:
    assert (is_definition(name), is_code(name)) == (definition, code)
