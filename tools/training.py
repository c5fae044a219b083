"""A training loop that shows where it stands, survives an interruption, and gives the same weights for a seed.

Every step draws from a generator seeded by the seed and the step's number, so a run that was cut off and goes on ends
exactly where an uninterrupted one does.
"""

from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

KEPT = Path(__file__).parent.parent / "_build" / "training"
SHOW_EVERY, KEEP_EVERY = 50, 200


def train_(
    model: nn.Module,
    optimiser: torch.optim.Optimizer,
    loss_of: Callable[[torch.Generator], Tensor],
    rate_at: Callable[[int], float],
    *,
    name: str,
    steps: int,
    seed: int,
) -> None:
    """Train a model in place for a number of steps, with the learning rate of each step given by ``rate_at``.

    The state is kept under ``_build/training`` every few hundred steps; a later call with the same name and seed goes
    on from there. Delete the file to start afresh.
    """
    file = KEPT / f"{name}-{seed}.pt"
    start = 0
    if file.exists():
        state = torch.load(file, weights_only=True)
        model.load_state_dict(state["model"])
        optimiser.load_state_dict(state["optimiser"])
        start = state["step"]
        print(f"{name}: goes on from step {start}")
    for step in range(start, steps):
        for group in optimiser.param_groups:
            group["lr"] = rate_at(step)
        loss = loss_of(torch.Generator().manual_seed(seed * 1_000_003 + step))
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        if (step + 1) % SHOW_EVERY == 0:
            print(f"{name}, seed {seed}: step {step + 1} of {steps}, loss {loss.item():.4f}", flush=True)
        if (step + 1) % KEEP_EVERY == 0 or step + 1 == steps:
            _keep(file, {"model": model.state_dict(), "optimiser": optimiser.state_dict(), "step": step + 1})


def rounded(value: Tensor, *, bits: int) -> np.ndarray:
    """Half precision with fewer bits of mantissa, which a compressed file stores in less room."""
    fraction, exponent = torch.frexp(value)
    half: np.ndarray = torch.ldexp((fraction * 2 ** (bits + 1)).round(), exponent - bits - 1).half().numpy()
    return half


def write(file: Path, entries: Mapping[str, np.ndarray]) -> None:
    """What is shipped, in its smallest form, and how large that is."""
    np.savez_compressed(file, **entries)
    print(f"{file.name}: {file.stat().st_size / 1e6:.2f} MB")


def _keep(file: Path, state: dict[str, object]) -> None:
    """Written elsewhere and moved, so that an interruption leaves the last whole state."""
    file.parent.mkdir(parents=True, exist_ok=True)
    fresh = file.with_suffix(".new")
    torch.save(state, fresh)
    fresh.replace(file)
