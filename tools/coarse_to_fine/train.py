"""Train the refiner of drafts: ``python -m tools.coarse_to_fine.train``. Takes six minutes a seed on one core.

A change of low rank of the film network learns the shortened path from noised drafts to films, with the threshold drawn
anew for each batch. Drafts are made from the films themselves.
"""

import sys

import torch
from torch import Tensor

from mmnotes.coarse_to_fine import drafted, enlarged, noised_draft, on_short_path, short_velocity
from mmnotes.coarse_to_fine.pretrained import untrained_refiner
from mmnotes.data import sprite_films
from mmnotes.layers.lora import lora_state
from mmnotes.models.film_generator import FilmNet, to_film_net
from tools.training import kept_state, rate, rounded, train_, write

FILE = "coarse_to_fine/refiner.npz"
STEPS, BATCH, RATE, WARM_UP = 300, 4, 4e-3, 30
LOWEST, TEXTURED = 0.1, 0.25  # of the thresholds; share of films on textures
SEEDS = (0, 1, 2)


def short_loss(network: FilmNet, random: torch.Generator) -> Tensor:
    """The squared distance to the velocity of the shortened path, for films, a threshold and times drawn anew."""
    films = sprite_films(BATCH, random=random, textured=TEXTURED)
    film = to_film_net(films.pixels)
    draft = enlarged(drafted(film, factor=2), frames=film.shape[1], side=film.shape[-1])
    noise = torch.randn(film.shape, generator=random)
    t_th = LOWEST + (1 - LOWEST) * float(torch.rand(1, generator=random))
    t = t_th * torch.rand(BATCH, generator=random)
    start = noised_draft(draft, noise, t_th=t_th)
    x, target = on_short_path(film, start, t, t_th=t_th), short_velocity(film, start, t_th=t_th)
    found = network(x, t[:, None].expand(-1, film.shape[1]), films.text, n_cond=0)
    return (found - target).square().mean()


def main() -> None:
    """Train with each seed, or with those that are given."""
    torch.set_num_threads(1)
    for seed in map(int, sys.argv[1:] or SEEDS):
        torch.manual_seed(seed)
        network = untrained_refiner()
        learned = [each for each in network.parameters() if each.requires_grad]
        optimiser = torch.optim.AdamW(learned, betas=(0.9, 0.99), weight_decay=0.0)
        train_(
            network,
            optimiser,
            lambda random, network=network: short_loss(network, random),
            lambda step: rate(step, highest=RATE, steps=STEPS, warm_up=WARM_UP, first=1),
            name="refiner",
            steps=STEPS,
            seed=seed,
        )
    state = kept_state(name="refiner", seed=SEEDS[0])
    write(FILE, rounded({name: each for name, each in state.items() if name in lora_state(untrained_refiner())}))


if __name__ == "__main__":
    main()
