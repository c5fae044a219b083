"""A gated network, as the second half of a transformer layer.

Paper: Shazeer, GLU variants improve transformer (2020).
"""

from jaxtyping import Float
from torch import Tensor, nn
from torch.nn.functional import silu

MULTIPLE = 256  # to which LLaMA and LongCat round the width


class SwiGLU(nn.Module):
    """down(silu(gate(x)) · up(x)), without biases.

    Shapes: x (batch, tokens, dim) -> (batch, tokens, dim).
    Source: Shazeer 2020, equation 6; transformers' Qwen3VLTextMLP.
    """

    def __init__(self, *, dim: int, hidden: int) -> None:
        super().__init__()
        self.gate, self.up = nn.Linear(dim, hidden, bias=False), nn.Linear(dim, hidden, bias=False)
        self.down = nn.Linear(hidden, dim, bias=False)

    def forward(self, x: Float[Tensor, "batch tokens dim"]) -> Float[Tensor, "batch tokens dim"]:
        """What the layer adds to x."""
        added: Tensor = self.down(silu(self.gate(x)) * self.up(x))
        return added


def gated_width(*, nominal: int, multiple: int = MULTIPLE) -> int:
    """The width of three matrices that have about as many numbers as two of the nominal width: 2/3 of it, rounded up.

    It counts, and takes no tensor: there is nothing to trace.

    >>> gated_width(nominal=4 * 4096)
    11008

    Units: a whole multiple of ``multiple``.
    Errors: ValueError where either is below 1.
    Source: LongCat-Video, longcat_video/modules/blocks.py, class FeedForwardSwiGLU; before it LLaMA's model.py.
    """
    if nominal < 1 or multiple < 1:
        raise ValueError(f"nominal and multiple must be at least 1, got {nominal} and {multiple}")
    return -(-(2 * nominal // 3) // multiple) * multiple
