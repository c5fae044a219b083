"""What the scripts share: a training loop that shows where it stands, survives an interruption, and gives the same
weights for a seed; the learning rate over its steps; how pictures are drawn and moved; and how a file of the package
is written.

Every step draws from a generator seeded by the seed and the step's number, so a run that was cut off and goes on ends
exactly where an uninterrupted one does.
"""

import copy
import math
import sys
from collections.abc import Callable, Mapping, Sequence
from hashlib import sha256
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import pad

from mmnotes.flow import Velocity, euler, time_grid
from mmnotes.layers.samples import Axes, Place, Samples
from mmnotes.models.generator import to_pictures

PACKAGE = Path(__file__).parent.parent / "mmnotes"
KEPT = Path(__file__).parent.parent / "_build" / "training"
SHOW_EVERY, KEEP_EVERY = 50, 200
MANTISSA = 6  # bits that are kept of weights: a relative error of at most 1/128


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
    file = _file(name, seed)
    start = 0
    if file.exists():
        state = torch.load(file, weights_only=True)
        model.load_state_dict(state["model"])
        optimiser.load_state_dict(state["optimiser"])
        start = state["step"]
        print(f"{name}: goes on from step {start}")
    for step in range(start, steps):
        loss = one_step(optimiser, loss_of, rate_at, step=step, seed=seed)
        if (step + 1) % SHOW_EVERY == 0:
            print(f"{name}, seed {seed}: step {step + 1} of {steps}, loss {loss.item():.4f}", flush=True)
        if (step + 1) % KEEP_EVERY == 0 or step + 1 == steps:
            _keep(file, {"model": model.state_dict(), "optimiser": optimiser.state_dict(), "step": step + 1})


def kept_state(*, name: str, seed: int) -> dict[str, Tensor]:
    """The state of the model that ``train_`` kept last of a run."""
    state: dict[str, Tensor] = torch.load(_file(name, seed), weights_only=True)["model"]
    return state


def steps_done(*, name: str, seed: int) -> int:
    """How many steps of a run ``train_`` has kept; 0 where there is no such run."""
    file = _file(name, seed)
    return int(torch.load(file, weights_only=True)["step"]) if file.exists() else 0


def check_whole(*, name: str, seed: int, steps: int) -> None:
    """End a study of a run that is not trained to its end: a number of one would pass for a result."""
    if (done := steps_done(name=name, seed=seed)) != steps:
        sys.exit(f"{name}, seed {seed}, has {done} of {steps} steps; nothing is written")


class Averaged(nn.Module):
    """A network, and the running mean of its weights, which keeps a share ``kept`` of itself at each step."""

    def __init__(self, network: nn.Module, *, kept: float) -> None:
        super().__init__()
        self.network, self.mean = network, copy.deepcopy(network).requires_grad_(False)
        self.kept = kept

    @torch.no_grad()
    def follow_(self) -> None:
        """Move the mean a little towards the weights."""
        for mean, now in zip(self.mean.parameters(), self.network.parameters(), strict=True):
            mean.lerp_(now, 1 - self.kept)


def one_step(
    optimiser: torch.optim.Optimizer,
    loss_of: Callable[[torch.Generator], Tensor],
    rate_at: Callable[[int], float],
    *,
    step: int,
    seed: int,
) -> Tensor:
    """The step of this number of a run; the loss before it."""
    for group in optimiser.param_groups:
        group["lr"] = rate_at(step)
    loss = loss_of(torch.Generator().manual_seed(seed * 1_000_003 + step))
    optimiser.zero_grad()
    loss.backward()
    optimiser.step()
    return loss.detach()


def rate(step: int, *, highest: float, steps: int, warm_up: int, first: int = 0, level: float = 0.0) -> float:
    """The learning rate: up in a straight line over ``warm_up`` steps, at last to zero along a cosine.

    It is level until a share ``level`` of the steps. Step 0 is taken as the ``first`` of the way up, so that a rate
    which counts from 0 begins with a step of size zero.
    """
    late = max(0.0, (step - level * steps) / (steps - level * steps))
    return highest * min(1.0, (step + first) / warm_up) * (1 + math.cos(math.pi * late)) / 2


def shifted(pictures: Tensor, *, most: int, random: torch.Generator) -> Tensor:
    """Square pictures (batch, channels, side, side) on white, each moved by at most so many pixels up or down and left
    or right.
    """
    wide, side = pad(pictures, (most,) * 4, value=1), pictures.shape[-1]
    corners = torch.randint(2 * most + 1, (len(pictures), 2), generator=random).tolist()
    moved = [each[:, up : up + side, left : left + side] for each, (up, left) in zip(wide, corners, strict=True)]
    return torch.stack(moved)


def pictures_along(velocity: Velocity, count: int, *, steps: int, seed: int) -> Tensor:
    """So many pictures from the noise of a seed, values from 0 to 1."""
    noise = torch.randn(count, 3, 32, 32, generator=torch.Generator().manual_seed(seed))
    return to_pictures(euler(velocity, noise, time_grid(steps=steps)))


def shades(drawn: Sequence[Tensor], axes: Axes, *, levels: int, settings: Mapping[str, Place]) -> Samples:
    """Pictures (..., channels, height, width) of every setting in turn, values from 0 to 1, as bytes 0 to ``levels``.

    ``axes`` are those of the settings and, at last, those of each setting's pictures.
    """
    stored = (levels * torch.stack([*drawn])).round().to(torch.uint8)
    shape = [*map(len, axes.values()), *stored.shape[-3:]]
    return Samples(stored.reshape(shape), axes, levels=levels, settings=settings)


def rounded(entries: Mapping[str, Tensor], *, bits: int = MANTISSA, prefix: str = "") -> dict[str, np.ndarray]:
    """Half precision with fewer bits of mantissa, which a compressed file stores in less room; names get a prefix."""
    return {prefix + name: _rounded(value.detach(), bits) for name, value in entries.items()}


def write(file: str, entries: Mapping[str, np.ndarray]) -> None:
    """A file of the package, named by its path there, in its smallest form; prints how large that is, and its hash."""
    path = PACKAGE / file
    np.savez_compressed(path, **entries)
    print(f"{file}: {path.stat().st_size / 1e6:.2f} MB, sha256 {digest(path)}")


def digest(file: Path) -> str:
    """The hash that ATTRIBUTION.md lists."""
    return sha256(file.read_bytes()).hexdigest()


def _rounded(value: Tensor, bits: int) -> np.ndarray:
    fraction, exponent = torch.frexp(value)
    half: np.ndarray = torch.ldexp((fraction * 2 ** (bits + 1)).round(), exponent - bits - 1).half().numpy()
    return half


def _file(name: str, seed: int) -> Path:
    return KEPT / f"{name}-{seed}.pt"


def _keep(file: Path, state: dict[str, object]) -> None:
    """Written elsewhere and moved, so that an interruption leaves the last whole state."""
    file.parent.mkdir(parents=True, exist_ok=True)
    fresh = file.with_suffix(".new")
    torch.save(state, fresh)
    fresh.replace(file)
