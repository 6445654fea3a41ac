"""What code imports, and which distributions that makes."""

from __future__ import annotations

import json

import pytest

from cove.spec.imports import choose_distributions, find_imports, parse_notebook

CELLS = [
    {"cell_type": "markdown", "source": "import nothing"},
    {"cell_type": "code", "source": ["%pip list\n", "import numpy as np\n"]},
    {"cell_type": "code", "source": "from PIL import Image"},
]


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("import numpy", {"numpy"}),
        ("import numpy as np, os.path", {"numpy", "os"}),
        ("import torch.nn as nn  # comment, words", {"torch"}),
        ("from sklearn.svm import SVC", {"sklearn"}),
        ("from . import model\nfrom .model import Net", set()),
        ("    import yaml; yaml.load", {"yaml"}),
        ("%matplotlib inline\n!pip install x", set()),
        ("print('imported')\nimportant = 1", set()),
    ],
)
def test_find_imports(code: str, expected: set[str]) -> None:
    assert find_imports(code) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (json.dumps({"cells": CELLS}), "%pip list\nimport numpy as np\n\nfrom PIL import Image"),
        (json.dumps({"cells": CELLS, "metadata": {"kernelspec": {"language": "R"}}}), ""),
        ("{}", ""),
        ("[]", ""),
        ("no json", ""),
    ],
)
def test_parse_notebook(text: str, expected: str) -> None:
    assert parse_notebook(text) == expected


def test_only_known_distributions_are_chosen() -> None:
    """An unknown name may be anybody's on an index."""
    found = choose_distributions({"sklearn", "cv2", "os", "model", "nmupy", "IPython"}, {"model"})
    assert found == (["opencv-python-headless", "scikit-learn"], ["nmupy"])
