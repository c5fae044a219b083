"""Train the generator of small films: ``python -m tools.video_continuation.train``. Takes two and a half hours.

One network learns three tasks at once, by how many of the first frames are clean: none (text to video), one (image to
video), two or more (continuation). The loss is on noisy frames alone. Most steps see a few frames in a row, some all
ten. Steps of a few frames see a part of each, 24 pixels wide, in which the sprite is: positions enter as differences
alone, so what is learned there holds in the whole.

In the first quarter of the steps sprites move by single pixels, then by steps of two, as in the chapter. A patch is
four pixels wide: a drawing can lie across patches in sixteen ways at first, and then in four.
"""

from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import Tensor, nn

from mmnotes.data import sprite_films
from mmnotes.data.sprites import FRAMES, SIDE, SPRITE, STEP, WALL
from mmnotes.flow import on_path
from mmnotes.flow.times import shifted
from mmnotes.models.film_generator import PATCH, SPREAD, FilmNet, to_film_net, untrained_film_net
from tools.training import Averaged, rate, rounded, steps_done, train_, write

FILE = "models/film_generator.npz"
FIRST, STEPS, RATE, WARM_UP, LEVEL, AVERAGE = 3600, 9600, 2e-3, 100, 0.5, 0.998
TASKS = (  # share of steps, frames, clean frames, films
    (0.30, 5, 2, 16),
    (0.12, 6, 3, 14),
    (0.20, 6, 4, 14),
    (0.12, 4, 1, 20),
    (0.06, 4, 0, 20),
    (0.10, FRAMES, 2, 4),
    (0.04, FRAMES, 4, 4),
    (0.03, FRAMES, 1, 4),
    (0.03, FRAMES, 0, 4),
)
DROPPED, TEXTURED, NOISE_ONLY, SHIFT, PART = 0.1, 0.15, 0.15, 3.0, 24


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


def film_loss(network: FilmNet, random: torch.Generator, *, step: int) -> Tensor:
    """The loss of one batch of one task, in units in which a film that is all its mean has about 1."""
    shares = torch.tensor([share for share, *_ in TASKS])
    _, frames, n_cond, films = TASKS[int(torch.multinomial(shares, 1, generator=random))]
    known = sprite_films(films, random=random, textured=TEXTURED, step=step)
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


def main() -> None:
    """Train with seed 0, first on motions by single pixels."""
    torch.set_num_threads(1)
    torch.manual_seed(0)
    model = Averaged(untrained_film_net(), kept=AVERAGE)
    optimiser = optimiser_of(model.network)

    def loss_with(step: int) -> Callable[[torch.Generator], Tensor]:
        def loss_of(random: torch.Generator) -> Tensor:
            model.follow_()
            return film_loss(model.network, random, step=step)

        return loss_of

    def first(step: int) -> float:
        return rate(step, highest=RATE, steps=2 * FIRST, warm_up=WARM_UP, level=0.5, first=1)

    def then(step: int) -> float:
        return rate(step, highest=RATE, steps=STEPS, warm_up=1, level=LEVEL, first=1)

    if steps_done(name="film", seed=0) == 0:
        train_(model, optimiser, loss_with(1), first, name="film-by-pixels", steps=FIRST, seed=0)
    train_(model, optimiser, loss_with(STEP), then, name="film", steps=STEPS, seed=0)
    write(FILE, rounded(model.mean.state_dict()))


if __name__ == "__main__":
    main()
