"""Teach a small network to tell the two arms of a spiral apart, on a GPU if there is one."""

import math

import torch
from torch import nn


def make_spirals(count: int, seed: int = 0) -> tuple[torch.Tensor, torch.Tensor]:
    """Return points, float32 of shape (2 * count, 2), and which arm each is on, int64 of shape (2 * count,)."""
    generator = torch.Generator().manual_seed(seed)
    turn = torch.rand(count, generator=generator).sqrt() * 3 * math.pi
    arm = torch.stack((turn.cos() * turn, turn.sin() * turn), dim=1) / (3 * math.pi)
    noise = torch.randn(2 * count, 2, generator=generator) * 0.02
    return torch.cat((arm, -arm)) + noise, torch.arange(2).repeat_interleave(count)


def train(epochs: int = 400) -> float:
    """Train on one set of points and return the accuracy on another."""
    device = "cuda" if torch.cuda.is_available() else "cpu"
    print(f"torch {torch.__version__} on {device}")
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(2, 64), nn.Tanh(), nn.Linear(64, 64), nn.Tanh(), nn.Linear(64, 2)).to(
        device
    )
    optimiser = torch.optim.Adam(model.parameters(), lr=0.01)
    points, arms = (tensor.to(device) for tensor in make_spirals(500))
    for _ in range(epochs):
        optimiser.zero_grad()
        nn.functional.cross_entropy(model(points), arms).backward()
        optimiser.step()
    points, arms = (tensor.to(device) for tensor in make_spirals(500, seed=1))
    with torch.no_grad():
        return float((model(points).argmax(dim=1) == arms).float().mean())


if __name__ == "__main__":
    print(f"accuracy {train():.2f}")
