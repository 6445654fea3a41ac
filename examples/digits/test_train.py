from pathlib import Path

from train import train


def test_it_learns_and_draws(tmp_path: Path) -> None:
    plot = tmp_path / "confusion.png"
    assert train(plot=plot) > 0.9
    assert plot.read_bytes().startswith(b"\x89PNG")
