"""Earlier layers of the vision tower, merged on their own and added to the first layers of the language model.

Papers: Meng et al., DeepStack (2024); Bai et al., Qwen3-VL technical report (2025), section 2, for levels of the tower
instead of pictures of higher resolution.
"""

from collections.abc import Sequence

from jaxtyping import Bool, Float
from torch import Tensor, nn
from torch.nn.functional import gelu, pad

from mmnotes.layers.checks import values_known
from mmnotes.vision_tower import Grid, Merger, VisionTower, joined

EPSILON = 1e-6


class LevelMerger(nn.Module):
    """As ``Merger``, but a block is put side by side first and normalised as one vector.

    ``Merger`` cannot see how large its patches are beside one another, since each has been normalised alone; this one
    can, and only the size of the whole block is lost.

    Shapes: x (patches, dim), in the order of ``patchify`` -> (tokens, out) with tokens = patches / merge².
    Errors: ValueError where merge² does not divide patches.
    Source: transformers' Qwen3VLVisionPatchMerger with use_postshuffle_norm=True.
    """

    def __init__(self, *, dim: int, merge: int, out: int) -> None:
        super().__init__()
        self.block = merge**2
        self.norm = nn.LayerNorm(self.block * dim, eps=EPSILON)
        self.up, self.down = nn.Linear(self.block * dim, self.block * dim), nn.Linear(self.block * dim, out)

    def forward(self, x: Float[Tensor, "patches dim"]) -> Float[Tensor, "tokens out"]:
        """The level's tokens, to be added to states of the language model."""
        merged: Tensor = self.down(gelu(self.up(self.norm(joined(x, block=self.block)))))
        return merged


class LevelledTower(nn.Module):
    """A vision tower with a merger for its end and one of its own for each level on the way.

    ``levels`` are numbers of blocks, counted from 0, whose output is a level: 8, 16, 24 of 27 in the larger released
    models, 5, 11, 17 of 24 in the smaller ones. Without any it is a tower and its merger.

    Shapes: row (patches, values) -> tokens (tokens, out) and for each level as many.
    Errors: ValueError where levels are not rising numbers of blocks; as ``VisionTower``.
    Source: transformers' Qwen3VLVisionModel.
    """

    def __init__(self, *, tower: VisionTower, dim: int, merge: int, out: int, levels: Sequence[int]) -> None:
        super().__init__()
        if sorted(set(levels)) != [*levels] or not all(0 <= level < len(tower.blocks) for level in levels):
            raise ValueError(f"levels must rise from 0 to below the {len(tower.blocks)} blocks, got {[*levels]}")
        self.tower, self.levels = tower, tuple(levels)
        self.merger = Merger(dim=dim, merge=merge, out=out)
        self.level_mergers = nn.ModuleList(LevelMerger(dim=dim, merge=merge, out=out) for _ in levels)

    def forward(
        self, row: Float[Tensor, "patches values"], grids: Sequence[Grid]
    ) -> tuple[Float[Tensor, "tokens out"], list[Float[Tensor, "tokens out"]]]:
        """The tokens that a language model reads, and what is added to its first layers, level by level."""
        states = self.tower.states(row, grids)
        merged = [merger(states[level]) for merger, level in zip(self.level_mergers, self.levels, strict=True)]
        return self.merger(states[-1]), merged


def with_level(
    x: Float[Tensor, "batch tokens dim"], visual: Bool[Tensor, "batch tokens"], level: Float[Tensor, "visual dim"]
) -> Float[Tensor, "batch tokens dim"]:
    """States of a language model's layer with a level added where tokens are visual, in their order.

    A word's state stays what it was, bit for bit.

    >>> x, visual = torch.zeros(1, 4, 2), torch.tensor([[False, True, True, False]])
    >>> with_level(x, visual, torch.tensor([[1.0, 2.0], [3.0, 4.0]]))[0]
    tensor([[0., 0.],
            [1., 2.],
            [3., 4.],
            [0., 0.]])

    Shapes: x (batch, tokens, dim), visual (batch, tokens), level (visual tokens, dim) -> (batch, tokens, dim).
    Errors: ValueError where level has another number of rows than visual is True.
    Source: transformers' Qwen3VLTextModel._deepstack_process.
    """
    if values_known(visual) and int(visual.sum()) != len(level):
        raise ValueError(f"level must have a row for each of the {int(visual.sum())} visual tokens, got {len(level)}")
    flat = visual.flatten()
    rows = flat.cumsum(0) * flat  # of the level below a row of zeros, which is everything that a word reads
    return x + pad(level.to(x.dtype), (0, 0, 1, 0))[rows].view_as(x)
