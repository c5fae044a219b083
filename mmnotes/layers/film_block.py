"""A layer of a film transformer: what a frame's time does to its tokens, attention, the text, a gated network.

Paper: Meituan LongCat team, LongCat-Video technical report (2025), section 3.
"""

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn.functional import layer_norm

from mmnotes.layers.film_attention import EPSILON, FilmAttention, Kept, TextAttention
from mmnotes.layers.gated import SwiGLU


class FilmBlock(nn.Module):
    """Self-attention and a gated network, both shifted, scaled and gated by each frame's time; the text between them.

    Clean frames get nothing from the text, so that what is kept of them does not depend on it.

    Shapes: x (batch, tokens, dim), time (batch, frames, time_dim), text (batch, words, dim) -> (batch, tokens, dim).
    Errors: ValueError where heads does not divide dim.
    Source: LongCat-Video, longcat_video/modules/longcat_video_dit.py, class LongCatSingleStreamBlock.
    """

    def __init__(self, *, dim: int, heads: int, hidden: int, time_dim: int) -> None:
        super().__init__()
        self.modulation = nn.Sequential(nn.SiLU(), nn.Linear(time_dim, 6 * dim))
        self.attention = FilmAttention(dim=dim, heads=heads)
        self.text_norm = nn.LayerNorm(dim, eps=EPSILON)
        self.text_attention = TextAttention(dim=dim, heads=heads)
        self.network = SwiGLU(dim=dim, hidden=hidden)

    def forward(
        self,
        x: Float[Tensor, "batch tokens dim"],
        time: Float[Tensor, "batch frames time_dim"],
        text: Float[Tensor, "batch words dim"],
        cos: Tensor,
        sin: Tensor,
        *,
        clean: int,
        kept: Kept | None = None,
    ) -> tuple[Float[Tensor, "batch tokens dim"], Kept]:
        """The three steps; and the keys and values of these tokens."""
        shift, scale, gate, *second = self.modulation(time).chunk(6, dim=-1)
        read, own = self.attention(modulated(x, shift, scale), cos, sin, clean=clean, kept=kept)
        x = x + gated(read, gate)
        if clean < x.shape[1]:
            noisy = x[:, clean:]
            noisy = noisy + self.text_attention(self.text_norm(noisy), text)
            x = torch.cat([x[:, :clean], noisy], dim=1) if clean else noisy
        shift, scale, gate = second
        return x + gated(self.network(modulated(x, shift, scale)), gate), own


def modulated(
    x: Float[Tensor, "batch tokens dim"],
    shift: Float[Tensor, "batch frames dim"],
    scale: Float[Tensor, "batch frames dim"],
) -> Float[Tensor, "batch tokens dim"]:
    """The tokens at mean 0 and variance 1, then scaled by 1 + scale and shifted, frame by frame.

    Shapes: x (batch, tokens, dim), shift and scale (batch, frames, dim) -> (batch, tokens, dim).
    """
    normed = layer_norm(x, x.shape[-1:], eps=EPSILON).unflatten(1, (shift.shape[1], -1))
    return torch.addcmul(shift.unsqueeze(2), normed, 1 + scale.unsqueeze(2)).flatten(1, 2)


def gated(
    x: Float[Tensor, "batch tokens dim"], gate: Float[Tensor, "batch frames dim"]
) -> Float[Tensor, "batch tokens dim"]:
    """The tokens of each frame times its gate.

    Shapes: x (batch, tokens, dim), gate (batch, frames, dim) -> (batch, tokens, dim).
    """
    frames: Tensor = x.unflatten(1, (gate.shape[1], -1)) * gate.unsqueeze(2)
    return frames.flatten(1, 2)
