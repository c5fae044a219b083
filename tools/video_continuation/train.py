"""Train the generator of small films: ``python -m tools.video_continuation.train``. Takes 75 minutes on one core.

One network learns three tasks at once, by how many of the first frames are clean: none (text to video), one (image to
video), two or more (continuation). The loss is on noisy frames alone. Most steps see a few frames in a row, some all
twelve. Steps of a few frames see a part of each, 24 pixels wide, in which the sprite is: positions enter as differences
alone, so what is learned there holds in the whole.
"""

import copy
from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor, nn

from mmnotes.data import sprite_films
from mmnotes.data.sprites import FRAMES, SIDE, SPRITE, WALL
from mmnotes.flow import on_path
from mmnotes.flow.times import shifted
from mmnotes.models.film_generator import PATCH, SPREAD, FilmNet, to_film_net, untrained_film_net
from tools.training import rate, rounded, train_, write

FILE = "models/film_generator.npz"
STEPS, RATE, WARM_UP, LEVEL, AVERAGE = 7000, 2e-3, 100, 0.5, 0.998
TASKS = (  # share of steps, frames, clean frames, films
    (0.42, 5, 2, 16),
    (0.16, 6, 3, 14),
    (0.14, 6, 4, 14),
    (0.13, 4, 1, 20),
    (0.07, 4, 0, 20),
    (0.04, 12, 2, 4),
    (0.02, 12, 1, 4),
    (0.02, 12, 0, 4),
)
DROPPED, TEXTURED, NOISE_ONLY, SHIFT, PART = 0.1, 0.15, 0.15, 3.0, 24


class Averaged(nn.Module):
    """A network, and the running mean of its weights that is shipped."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network, self.mean = network, copy.deepcopy(network).requires_grad_(False)

    @torch.no_grad()
    def follow_(self) -> None:
        """Move the mean a little towards the weights."""
        torch._foreach_lerp_(list(self.mean.parameters()), list(self.network.parameters()), 1 - AVERAGE)


class Together(torch.optim.Optimizer):
    """Muon for the matrices inside the layers, AdamW for all else, as one optimiser with one learning rate."""

    def __init__(self, matrices: Iterable[nn.Parameter], others: Iterable[nn.Parameter]) -> None:
        self.parts = (
            torch.optim.Muon(matrices, lr=RATE, weight_decay=0.01, adjust_lr_fn="match_rms_adamw"),
            torch.optim.AdamW(others, lr=RATE, weight_decay=0.01, betas=(0.9, 0.98), fused=True),
        )
        self.param_groups = [group for part in self.parts for group in part.param_groups]

    def step(self) -> None:  # type: ignore[override]
        """One step of each."""
        for part in self.parts:
            part.step()

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Forget the gradients."""
        for part in self.parts:
            part.zero_grad(set_to_none)

    def state_dict(self) -> dict[str, Any]:
        """That of each."""
        return {str(place): part.state_dict() for place, part in enumerate(self.parts)}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take that of each."""
        for place, part in enumerate(self.parts):
            part.load_state_dict(state_dict[str(place)])
        self.param_groups = [group for part in self.parts for group in part.param_groups]


def optimiser_of(network: nn.Module) -> Together:
    """Which parameters are matrices inside the layers, and which are not."""
    named = list(network.named_parameters())
    inside = [p.ndim == 2 and "blocks" in name and "modulation" not in name for name, p in named]
    pairs = list(zip(inside, (p for _, p in named), strict=True))
    return Together([p for yes, p in pairs if yes], [p for yes, p in pairs if not yes])


def film_loss(network: FilmNet, random: torch.Generator) -> Tensor:
    """The loss of one batch of one task, in units in which a film that is all its mean has about 1."""
    shares = torch.tensor([share for share, *_ in TASKS])
    _, frames, n_cond, films = TASKS[int(torch.multinomial(shares, 1, generator=random))]
    known = sprite_films(films, random=random, textured=TEXTURED)
    late = int(torch.randint(known.pixels.shape[1] - frames + 1, (), generator=random))
    data = to_film_net(known.pixels[:, late : late + frames])
    if frames < FRAMES:
        data = cut_out(data, known.places[:, late : late + frames])
    text = known.text * (torch.rand(films, 1, 1, generator=random) >= DROPPED)
    t = shifted(torch.rand(films, generator=random), shift=SHIFT)
    t = torch.where(torch.rand(films, generator=random) < NOISE_ONLY, 1.0, t)
    noise = torch.randn(data.shape, generator=random)
    x, times = on_path(data, noise, t), t[:, None].repeat(1, frames)
    x[:, :n_cond], times[:, :n_cond] = data[:, :n_cond], 0
    wrong = (network(x, times, text, n_cond=n_cond) - (noise - data))[:, n_cond:]
    weight = (t.square() + ((1 - t) * SPREAD).square()) / SPREAD**2
    return (weight * wrong.square().flatten(1).mean(1)).mean()


def cut_out(pixels: Tensor, places: Tensor) -> Tensor:
    """The part of each film in whose middle the way of its sprite lies, if the rim allows it."""
    middle = (places.amin(1) + places.amax(1)) / 2 + WALL + SPRITE / 2
    corner = ((middle - PART / 2) / PATCH).round().clamp(0, (SIDE - PART) // PATCH).long() * PATCH
    cut = [
        film[..., row : row + PART, column : column + PART]
        for film, (row, column) in zip(pixels, corner.tolist(), strict=True)
    ]
    return torch.stack(cut)


def rate_at(step: int) -> float:
    """Up, level, and along a cosine to zero."""
    return rate(step, highest=RATE, steps=STEPS, warm_up=WARM_UP, level=LEVEL, first=1)


def main() -> None:
    """Train with seed 0."""
    torch.set_num_threads(1)
    torch.manual_seed(0)
    model = Averaged(untrained_film_net())

    def loss_of(random: torch.Generator) -> Tensor:
        model.follow_()
        return film_loss(model.network, random)

    train_(model, optimiser_of(model.network), loss_of, rate_at, name="film", steps=STEPS, seed=0)
    write(FILE, rounded(model.mean.state_dict()))


if __name__ == "__main__":
    main()
