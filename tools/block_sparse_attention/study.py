"""Measure what a choice of blocks keeps of dense attention: ``python -m tools.block_sparse_attention.study``.

Writes mmnotes/block_sparse_attention/study.npz: the recall of four choices, for four kinds of tokens, four shapes of
block, two gains, four densities and three seeds; by how much what is read differs from dense attention, of the tokens'
own vectors and of noise; and for the film's patches the mass of every block by the first seed. Needs the test extra,
for EfficientNet-Lite0. Takes about five minutes on one core.
"""

import torch
from torch import Tensor

from mmnotes.block_sparse_attention import (
    alike,
    attend_blocks,
    block_mass,
    block_scores,
    from_blocks,
    highest,
    nearness,
    patches,
    recall,
    smooth_field,
    to_blocks,
    turned,
)
from mmnotes.block_sparse_attention.blocks import Grid
from mmnotes.data import film
from mmnotes.layers.samples import Samples, packed
from tools.pack_features import image_network
from tools.training import write

FILE = "block_sparse_attention/study.npz"
GRID: Grid = (16, 16, 32)
PATCH, DIM, SEEDS = 3, 64, (0, 1, 2)
SHAPES: dict[str, Grid] = {"cube": (4, 4, 4), "tile": (1, 8, 8), "tube": (16, 2, 2), "raster": (1, 2, 32)}
TOKENS = ("film, pixels", "film, EfficientNet-Lite0", "smooth field", "white noise")
RULES = ("true mass", "means", "means before rotation", "nearest")
GAINS, COUNTS = (1.0, 1.5), (4, 8, 16, 32)
ORDERS, VALUES, READ = ("cube", "raster"), ("own", "noise"), 8  # blocks of which the error is measured


@torch.no_grad()
def network_features() -> Tensor:
    """The 40 channels of EfficientNet-Lite0 after its fifth block, eight pixels a step, for the frames enlarged."""
    network, frames = image_network(), film()[:16, :, :48]
    x = torch.nn.functional.interpolate(frames, size=(128, 256), mode="bilinear")
    x = network._swish(network._bn0(network._conv_stem((x - 0.5) / 0.5)))
    for block in network._blocks:
        reduced = block(x)
        if reduced.shape[-1] < GRID[2]:
            break
        x = reduced
    return x.permute(0, 2, 3, 1).flatten(0, 2)


def tokens_of(kind: str, *, seed: int) -> Tensor:
    """The features of a kind of tokens (tokens, features)."""
    if kind == "film, pixels":
        return patches(film()[:16, :, :48], patch=PATCH)
    if kind == "film, EfficientNet-Lite0":
        return network_features()
    return smooth_field(grid=GRID, features=16, width=2.0 if kind == "smooth field" else 0.0, seed=seed)


@torch.no_grad()
def recalls_of(vectors: Tensor, block: Grid) -> tuple[Tensor, Tensor]:
    """The recall of every rule at every count, and the masses."""
    plain = to_blocks(vectors, grid=GRID, block=block)
    both = to_blocks(turned(vectors, grid=GRID), grid=GRID, block=block)
    mass = block_mass(both, both)
    near = nearness(grid=GRID, block=block).expand_as(mass)
    rules = (mass, block_scores(both, both), block_scores(plain, plain), near)
    rows = [[recall(mass, highest(scores, count=count)).mean() for count in COUNTS] for scores in rules]
    return torch.tensor(rows), mass[0, 0]


@torch.no_grad()
def errors_of(vectors: Tensor, *, seed: int) -> Tensor:
    """How far what is read is from dense attention, in lengths of the latter (orders, values)."""
    both = turned(vectors, grid=GRID)
    noise = torch.randn(vectors.shape, generator=torch.Generator().manual_seed(100 + seed))
    dense = [torch.nn.functional.scaled_dot_product_attention(both, both, value) for value in (vectors, noise)]
    rows = []
    for order in ORDERS:
        block = SHAPES[order]
        blocks = to_blocks(both, grid=GRID, block=block)
        chosen = highest(block_scores(blocks, blocks), count=READ)
        for value, wanted in zip((vectors, noise), dense, strict=True):
            read = attend_blocks(blocks, blocks, to_blocks(value, grid=GRID, block=block), chosen)
            rows.append((from_blocks(read, grid=GRID, block=block) - wanted).norm() / wanted.norm())
    return torch.stack(rows).view(len(ORDERS), len(VALUES))


def main() -> None:
    """Measure everything and write the file."""
    torch.set_num_threads(1)
    found, masses, errors = [], [], []
    for kind in TOKENS:
        for gain in GAINS:
            for seed in SEEDS:
                vectors = alike(tokens_of(kind, seed=seed), dim=DIM, gain=gain, seed=seed)
                errors.append(errors_of(vectors, seed=seed))
                for name, block in SHAPES.items():
                    rows, mass = recalls_of(vectors, block)
                    found.append(rows)
                    if (kind, gain, seed) == (TOKENS[0], GAINS[0], SEEDS[0]):
                        masses.append(mass)
                    print(kind, gain, seed, name, *(f"{each:.3f}" for each in rows[:, 1]), flush=True)
    sizes = (len(TOKENS), len(GAINS), len(SEEDS), len(SHAPES))
    axes = {"tokens": TOKENS, "gain": GAINS, "seed": SEEDS, "shape": tuple(SHAPES), "rule": RULES, "count": COUNTS}
    apart = {"tokens": TOKENS, "gain": GAINS, "seed": SEEDS, "order": ORDERS, "values": VALUES}
    tables = {
        "recall": Samples(torch.stack(found).unflatten(0, sizes).half(), axes),
        "error": Samples(torch.stack(errors).unflatten(0, sizes[:3]).half(), apart),
        "mass": Samples(torch.stack(masses).half(), {"shape": tuple(SHAPES)}),
    }
    write(FILE, packed(tables))


if __name__ == "__main__":
    main()
