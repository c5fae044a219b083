"""Four patches become one token: a reshape, and a network with one hidden layer.

Paper: Wang et al., Qwen2-VL (2024), section 2.1.
"""

from jaxtyping import Float
from torch import Tensor, nn
from torch.nn.functional import gelu

EPSILON = 1e-6


class Merger(nn.Module):
    """Each patch normalised, each block of merge² patches side by side, then two linear maps with a GELU between them.

    Shapes: x (patches, dim), in the order of ``patchify`` -> (tokens, out) with tokens = patches / merge².
    Errors: ValueError where merge² does not divide patches.
    Source: transformers' Qwen3VLVisionPatchMerger with use_postshuffle_norm=False.
    """

    def __init__(self, *, dim: int, merge: int, out: int) -> None:
        super().__init__()
        self.block = merge**2
        self.norm: nn.Module = nn.LayerNorm(dim, eps=EPSILON)
        self.up, self.down = nn.Linear(self.block * dim, self.block * dim), nn.Linear(self.block * dim, out)

    def forward(self, x: Float[Tensor, "patches dim"]) -> Float[Tensor, "tokens out"]:
        """The tokens that a language model reads."""
        merged: Tensor = self.down(gelu(self.up(joined(self.norm(x), block=self.block))))
        return merged


def joined(x: Float[Tensor, "patches dim"], *, block: int) -> Float[Tensor, "tokens joined"]:
    """Each run of so many patches side by side, as one vector.

    Shapes: x (patches, dim) -> (patches / block, block · dim).
    Errors: ValueError where block does not divide patches.
    Source: the reshape in transformers' Qwen3VLVisionPatchMerger.
    """
    if block < 1 or len(x) % block:
        raise ValueError(f"block must divide the {len(x)} patches of x, got {block}")
    return x.reshape(len(x) // block, block * x.shape[1])
