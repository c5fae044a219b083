"""Measure the refiner of drafts and draw its films: ``python -m tools.coarse_to_fine.study``. Takes ten minutes.

Beside it the same network without the change, begun at the same noised drafts, and what no network is needed for.
"""

from collections.abc import Iterator

import torch
from torch import Tensor

from mmnotes.coarse_to_fine import drafted, enlarged, refined, sharpness
from mmnotes.coarse_to_fine.pretrained import untrained_refiner, whole_velocity
from mmnotes.data import sprite_films
from mmnotes.data.sprites import Films
from mmnotes.layers.samples import Samples, packed
from mmnotes.models.film_generator import FilmNet, pretrained_film_net, to_film_net
from tools.coarse_to_fine.train import SEEDS, STEPS
from tools.training import check_whole, kept_state, shades, write

FILE, STRIPS = "coarse_to_fine/measured.npz", "coarse_to_fine/strips.npz"
THRESHOLDS = tuple(round(0.1 * n, 1) for n in range(1, 11))
COUNTS, FEW, AT = (1, 2, 5, 10, 20), 5, 0.5  # steps; those of the report; its threshold
FILMS, KNOWN, LEVELS = 8, 512, 63
KINDS = {"learned": 11, "unseen": 12}  # seeds of the films


def films_of(kind: str) -> Films:
    """Films of sprites of one kind, with speeds that nothing was trained on."""
    random = torch.Generator().manual_seed(KINDS[kind])
    return sprite_films(FILMS, random=random, unseen=kind == "unseen", held_out=True)


def large_drafts(film: Tensor) -> Tensor:
    """Drafts of films, enlarged."""
    return enlarged(drafted(film, factor=2), frames=film.shape[1], side=film.shape[-1])


def trained_refiner(seed: int) -> FilmNet:
    """The refiner of a run."""
    check_whole(name="refiner", seed=seed, steps=STEPS)
    network = untrained_refiner()
    network.load_state_dict(kept_state(name="refiner", seed=seed))
    return network


def noise_like(film: Tensor, seed: int) -> Tensor:
    """Noise of a seed."""
    return torch.randn(film.shape, generator=torch.Generator().manual_seed(seed))


def both(film: Tensor, truth: Tensor) -> Tensor:
    """The root mean squared distance from the truth, in units in which a pixel reaches from 0 to 1; the sharpness."""
    return torch.stack([(film - truth).square().mean().sqrt() / 2, sharpness(film, truth)])


def nearest(film: Tensor) -> Tensor:
    """Of so many films that could have been learned from, the nearest to each one's draft."""
    known = to_film_net(sprite_films(KNOWN, random=torch.Generator().manual_seed(13)).pixels)
    return known[torch.cdist(large_drafts(film).flatten(1), known.flatten(1)).argmin(1)]


def measured(ways: dict[str, list[FilmNet]]) -> Iterator[tuple[str, Samples]]:
    """Errors and sharpness over thresholds, over steps, and of what needs no network."""
    names = ("error", "sharpness")
    thresholds, plain, steps = [], [], []
    for kind in KINDS:
        films = films_of(kind)
        truth = to_film_net(films.pixels)
        draft = large_drafts(truth)
        mean = truth.mean((1, 3, 4), keepdim=True).expand_as(truth)
        plain += [both(each, truth) for each in (draft, nearest(truth), mean)]
        for networks in ways.values():
            for t_th in THRESHOLDS:
                for seed, network in zip(SEEDS, networks, strict=True):
                    velocity, noise = whole_velocity(network, films.text), noise_like(truth, seed)
                    thresholds.append(both(refined(velocity, draft, noise, t_th=t_th, steps=FEW), truth))
            for t_th in (AT, 1.0):
                for count in COUNTS:
                    for seed, network in zip(SEEDS, networks, strict=True):
                        velocity, noise = whole_velocity(network, films.text), noise_like(truth, seed)
                        steps.append(both(refined(velocity, draft, noise, t_th=t_th, steps=count), truth))
        print(kind, plain[-3:], flush=True)
    axes = {"films": [*KINDS], "way": [*ways]}
    tail = {"seed": [*SEEDS], "measure": [*names]}
    settings = {"steps": FEW, "films": FILMS, "known": KNOWN}
    yield "thresholds", table(thresholds, axes | {"t_th": THRESHOLDS} | tail, settings)
    yield "counts", table(steps, axes | {"t_th": (AT, 1.0), "steps": COUNTS} | tail, settings)
    other = {"films": [*KINDS], "way": ["enlarged", "nearest", "mean"], "measure": [*names]}
    yield "plain", table(plain, other, settings)


def table(rows: list[Tensor], axes: dict, settings: dict) -> Samples:
    """Rows in the order of the axes."""
    return Samples(torch.stack(rows).reshape([len(each) for each in axes.values()]), axes, settings=settings)


def drawn(ways: dict[str, list[FilmNet]]) -> Samples:
    """The first film of each kind, by each way and from each threshold."""
    pictures = []
    for kind in KINDS:
        films = films_of(kind)
        one = Films(*(each[:1] for each in films))
        truth = to_film_net(one.pixels)
        for networks in ways.values():
            for t_th in THRESHOLDS:
                velocity, noise = whole_velocity(networks[0], one.text), noise_like(truth, 0)
                found = refined(velocity, large_drafts(truth), noise, t_th=t_th, steps=FEW)
                pictures.append(((found[0] + 1) / 2).clamp(0, 1))
    axes = {"films": [*KINDS], "way": [*ways], "t_th": THRESHOLDS, "frame": range(10)}
    return shades(pictures, axes, levels=LEVELS, settings={"steps": FEW, "seed": 0})


@torch.no_grad()
def main() -> None:
    """Measure and draw with all seeds."""
    torch.set_num_threads(1)
    base = pretrained_film_net()
    ways = {"refiner": [trained_refiner(seed) for seed in SEEDS], "network": [base] * len(SEEDS)}
    write(FILE, packed(dict(measured(ways))))
    write(STRIPS, packed({"films": drawn(ways)}))


if __name__ == "__main__":
    main()
