"""Train a small classifier on scikit-learn's bundled digits: print its accuracy, draw what it confuses."""

import argparse
from pathlib import Path

import matplotlib as mpl

mpl.use("Agg")  # draws to files; there is no screen in a container

from matplotlib import pyplot as plt
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import ConfusionMatrixDisplay
from sklearn.model_selection import train_test_split
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

PLOT = Path(__file__).parent / "plots" / "confusion.png"


def make_model(strength: float) -> Pipeline:
    """Return an untrained model; `strength` is the inverse of its regularisation."""
    return make_pipeline(StandardScaler(), LogisticRegression(C=strength, max_iter=1000))


def train(strength: float = 0.1, seed: int = 0, plot: Path = PLOT) -> float:
    """Train on three quarters of the digits, draw the confusion matrix, return the accuracy on the rest."""
    images, labels = load_digits(return_X_y=True)
    train_x, test_x, train_y, test_y = train_test_split(
        images, labels, test_size=0.25, random_state=seed, stratify=labels
    )
    model = make_model(strength).fit(train_x, train_y)
    draw_confusion(model, test_x, test_y, plot)
    return float(model.score(test_x, test_y))


def draw_confusion(model: Pipeline, images: object, labels: object, plot: Path) -> None:
    """Write which digit was taken for which as a picture."""
    plot.parent.mkdir(parents=True, exist_ok=True)
    figure, axes = plt.subplots(figsize=(5, 5), layout="constrained")
    ConfusionMatrixDisplay.from_estimator(model, images, labels, ax=axes, cmap="Blues", colorbar=False)
    axes.set_title("Digits: what the model takes for what")
    figure.savefig(plot, dpi=120)
    plt.close(figure)


def main() -> None:
    """Read the options, train, report."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--strength", type=float, default=0.1, help="inverse of the regularisation (default: 0.1)"
    )
    parser.add_argument("--seed", type=int, default=0, help="which images are held back (default: 0)")
    options = parser.parse_args()
    accuracy = train(options.strength, options.seed)
    print(f"accuracy {accuracy:.2f}")
    print(f"confusion matrix in {PLOT.relative_to(Path(__file__).parent)}")


if __name__ == "__main__":
    main()
