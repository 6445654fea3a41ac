"""What notebooks and scripts import, and the distributions that bring it."""

from __future__ import annotations

import json
import re
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

IMPORT = re.compile(
    r"^[ \t]*(?:from[ \t]+([A-Za-z_]\w*)[\w.]*[ \t]+import\b|import[ \t]+([^#\n;]+))", re.MULTILINE
)

DISTRIBUTIONS = {
    "accelerate": "accelerate", "albumentations": "albumentations", "altair": "altair", "bokeh": "bokeh",
    "bs4": "beautifulsoup4", "catboost": "catboost", "cv2": "opencv-python-headless", "dask": "dask",
    "datasets": "datasets", "diffusers": "diffusers", "duckdb": "duckdb", "einops": "einops",
    "evaluate": "evaluate", "faiss": "faiss-cpu", "fastai": "fastai", "flax": "flax", "gensim": "gensim",
    "h5py": "h5py", "huggingface_hub": "huggingface-hub", "imageio": "imageio", "ipywidgets": "ipywidgets",
    "jax": "jax", "joblib": "joblib", "keras": "keras", "librosa": "librosa", "lightgbm": "lightgbm",
    "lightning": "lightning", "matplotlib": "matplotlib", "networkx": "networkx", "nltk": "nltk",
    "numba": "numba", "numpy": "numpy", "openpyxl": "openpyxl", "optax": "optax", "optuna": "optuna",
    "pandas": "pandas", "peft": "peft", "PIL": "pillow", "plotly": "plotly", "polars": "polars",
    "pyarrow": "pyarrow", "pydantic": "pydantic", "pytorch_lightning": "pytorch-lightning", "requests": "requests",
    "scipy": "scipy", "seaborn": "seaborn", "sentence_transformers": "sentence-transformers",
    "shap": "shap", "skimage": "scikit-image", "sklearn": "scikit-learn", "spacy": "spacy",
    "statsmodels": "statsmodels", "sympy": "sympy", "tensorboard": "tensorboard", "tensorflow": "tensorflow",
    "timm": "timm", "tokenizers": "tokenizers", "torch": "torch", "torchaudio": "torchaudio",
    "torchvision": "torchvision", "tqdm": "tqdm", "transformers": "transformers", "wandb": "wandb",
    "xarray": "xarray", "xgboost": "xgboost", "yaml": "pyyaml",
}  # fmt: skip
"""Distributions by the name they are imported by. Others are not guessed: whoever owns a name of the same spelling on
an index would run code in the build."""


def parse_notebook(text: str) -> str:
    """Return the code cells of a notebook as one text; nothing for one that is not Python's, or cannot be read."""
    try:
        notebook = json.loads(text)
        kernel = notebook.get("metadata", {}).get("kernelspec", {}).get("language", "python")
        cells = (
            [cell for cell in notebook["cells"] if cell["cell_type"] == "code"] if kernel == "python" else []
        )
        return "\n".join("".join(cell["source"]) for cell in cells)
    except (ValueError, KeyError, TypeError, AttributeError):
        return ""


def find_imports(code: str) -> set[str]:
    r"""Return the first part of each module that a text imports; lines that are no Python (`%magic`) do not matter.

    >>> sorted(find_imports("import numpy as np, os.path\\n%matplotlib inline\\nfrom sklearn.svm import SVC"))
    ['numpy', 'os', 'sklearn']
    """
    return set(_imports(code))


def _imports(code: str) -> Iterator[str]:
    for match in IMPORT.finditer(code):
        if match[1]:
            yield match[1]
        else:
            for name in match[2].split(","):
                if word := re.match(r"\s*([A-Za-z_]\w*)", name):
                    yield word[1]


def choose_distributions(imported: Iterable[str], local: Iterable[str]) -> tuple[list[str], list[str]]:
    """Return the distributions to install, and the imports that are neither known, nor Python's, nor the repository's."""
    foreign = sorted({*imported} - {*local} - sys.stdlib_module_names - {"IPython", "ipykernel", "google"})
    found = sorted({DISTRIBUTIONS[name] for name in foreign if name in DISTRIBUTIONS})
    return found, [name for name in foreign if name not in DISTRIBUTIONS]
