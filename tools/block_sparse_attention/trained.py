"""Measure choices of blocks on a trained network's own queries: ``python -m tools.block_sparse_attention.trained``.

The network is the book's generator of small films. Queries and keys are taken from every layer and head while it looks
at films under noise, after norm and rotation. Writes mmnotes/block_sparse_attention/trained.npz; takes ten seconds.
"""

from itertools import product

import torch
from torch import Tensor

from mmnotes.block_sparse_attention import block_mass, block_scores, highest, nearness, recall, to_blocks
from mmnotes.block_sparse_attention.blocks import Grid
from mmnotes.data import sprite_films
from mmnotes.flow import on_path
from mmnotes.layers.film_attention import FilmAttention
from mmnotes.layers.rotation import rotate_adjacent
from mmnotes.layers.samples import Samples, packed
from mmnotes.models.film_generator import FilmNet, pretrained_film_net, to_film_net
from tools.training import write

FILE = "block_sparse_attention/trained.npz"
GRID: Grid = (8, 8, 8)
SHAPES: dict[str, Grid] = {"cube": (2, 2, 2), "raster": (1, 1, 8)}
RULES = ("true mass", "means", "means before rotation", "nearest")
FILMS, COUNT, TIMES, SEEDS = 8, 4, (0.25, 0.5, 0.75), (0, 1, 2)


def taken(network: FilmNet, *, t: float, seed: int) -> list[tuple[Tensor, Tensor, Tensor, Tensor]]:
    """Queries and keys of each layer (films, heads, tokens, head_dim), turned, and before that."""
    random, found = torch.Generator().manual_seed(seed), []

    def look(module: FilmAttention, given: tuple[Tensor, Tensor, Tensor]) -> None:
        x, cos, sin = given
        query, key, _ = module.projected(x)
        found.append((rotate_adjacent(query, cos, sin), rotate_adjacent(key, cos, sin), query, key))

    inside = [part for part in network.modules() if isinstance(part, FilmAttention)]
    watched = [part.register_forward_pre_hook(look) for part in inside]
    films = sprite_films(FILMS, random=random, held_out=True, frames=GRID[0])
    data = to_film_net(films.pixels)
    times = torch.full((FILMS,), t)
    x = on_path(data, torch.randn(data.shape, generator=random), times)
    network(x, times[:, None].expand(-1, GRID[0]), films.text, n_cond=0)
    for each in watched:
        each.remove()
    return found


def recalls_of(query: Tensor, key: Tensor, early: tuple[Tensor, Tensor], block: Grid) -> Tensor:
    """The recall by each rule and head, a mean over films and blocks (rules, heads)."""
    turned = [to_blocks(each, grid=GRID, block=block) for each in (query, key)]
    before = [to_blocks(each, grid=GRID, block=block) for each in early]
    mass = block_mass(*turned)
    near = nearness(grid=GRID, block=block).expand_as(mass)
    rules = (mass, block_scores(*turned), block_scores(*before), near)
    return torch.stack([recall(mass, highest(scores, count=COUNT)).mean((0, 2)) for scores in rules])


@torch.no_grad()
def trained_recalls() -> Samples:
    """The recall for each time, seed, shape, layer, rule and head."""
    network, rows = pretrained_film_net(), []
    for t, seed in product(TIMES, SEEDS):
        layers = taken(network, t=t, seed=seed)
        rows += [torch.stack([recalls_of(q, k, (a, b), block) for q, k, a, b in layers]) for block in SHAPES.values()]
    values = torch.stack(rows).unflatten(0, (len(TIMES), len(SEEDS), len(SHAPES)))
    axes = {"t": TIMES, "seed": SEEDS, "shape": tuple(SHAPES), "layer": tuple(range(values.shape[3]))}
    heads = tuple(range(values.shape[-1]))
    settings = {"films": FILMS, "count": COUNT, "blocks": 64}
    return Samples(values.half(), axes | {"rule": RULES, "head": heads}, settings=settings)


def main() -> None:
    """Measure and write the file."""
    torch.set_num_threads(1)
    write(FILE, packed({"recall": trained_recalls()}))


if __name__ == "__main__":
    main()
