"""A diffusion transformer for films with the anatomy of LongCat-Video: one stream of layers, time for each frame.

Paper: Meituan LongCat team, LongCat-Video technical report (2025), section 3.

Differs: no sparse attention, no split over processes, all tokens of a text count, and the patch is one frame deep, as
in the published configuration.
"""

from einops import rearrange
from jaxtyping import Float
from torch import Tensor, nn

from mmnotes.layers.film_attention import Kept
from mmnotes.layers.film_block import FilmBlock, modulated
from mmnotes.layers.film_rotation import BASE, film_angles
from mmnotes.layers.unet_blocks import time_embedding


class FilmTransformer(nn.Module):
    """What a film transformer makes of a film whose first frames are clean.

    Shapes: x (batch, frames, channels, height, width), t (batch, frames), text (batch, words, text_dim) -> that of x;
    height and width are multiples of the patch.
    Units: t from 0 (data) to 1 (noise), 0 for clean frames.
    Errors: ValueError for sizes that the transformer was not built for, and for more clean frames than frames.
    Source: LongCat-Video, longcat_video/modules/longcat_video_dit.py, class LongCatVideoTransformer3DModel.
    """

    def __init__(
        self,
        *,
        channels: int,
        patch: int,
        dim: int,
        depth: int,
        heads: int,
        hidden: int,
        text_dim: int,
        time_dim: int,
        frequencies: int,
        base: float = BASE,
    ) -> None:
        super().__init__()
        self.patch, self.heads, self.frequencies, self.base, self.text_dim = patch, heads, frequencies, base, text_dim
        self.first = nn.Linear(patch * patch * channels, dim)
        self.of_time = nn.Sequential(nn.Linear(frequencies, time_dim), nn.SiLU(), nn.Linear(time_dim, time_dim))
        self.of_text = nn.Sequential(nn.Linear(text_dim, dim), nn.GELU("tanh"), nn.Linear(dim, dim))
        self.blocks = nn.ModuleList(
            FilmBlock(dim=dim, heads=heads, hidden=hidden, time_dim=time_dim) for _ in range(depth)
        )
        self.last_modulation = nn.Sequential(nn.SiLU(), nn.Linear(time_dim, 2 * dim))
        self.last = nn.Linear(dim, patch * patch * channels)

    def forward(
        self,
        x: Float[Tensor, "batch frames channels height width"],
        t: Float[Tensor, "batch frames"],
        text: Float[Tensor, "batch words text_dim"],
        *,
        n_cond: int,
        kept: list[Kept] | None = None,
    ) -> tuple[Float[Tensor, "batch frames channels height width"], list[Kept]]:
        """What is made of each frame, and the keys and values of its tokens, layer by layer.

        The first ``n_cond`` frames of x are clean. With ``kept``, x holds noisy frames
        only, and ``n_cond`` is 0: the clean ones before them are in ``kept``.
        """
        (frames, _, height, width), p = x.shape[1:], self.patch
        self._check(x, text, n_cond, kept)
        rows, columns = height // p, width // p
        before = 0 if kept is None else kept[0].key.shape[2] // (rows * columns)
        head_dim = self.first.out_features // self.heads
        size = {"frames": before + frames, "height": rows, "width": columns}
        angles = film_angles(**size, head_dim=head_dim, base=self.base, device=x.device)[None]
        cos, sin = angles.cos(), angles.sin()
        time = self.of_time(time_embedding(t.flatten(), dim=self.frequencies).view(*t.shape, -1).to(x.dtype))
        tokens = self.first(rearrange(x, "b t c (h p) (w q) -> b (t h w) (c p q)", p=p, q=p))
        words, own = self.of_text(text), []
        for layer, block in enumerate(self.blocks):
            earlier = None if kept is None else kept[layer]
            tokens, made = block(tokens, time, words, cos, sin, clean=n_cond * rows * columns, kept=earlier)
            own.append(made)
        found = self.last(modulated(tokens, *self.last_modulation(time).chunk(2, dim=-1)))
        return rearrange(found, "b (t h w) (p q c) -> b t c (h p) (w q)", h=rows, w=columns, p=p, q=p), own

    def _check(self, x: Tensor, text: Tensor, n_cond: int, kept: list[Kept] | None) -> None:
        (frames, channels, height, width), p = x.shape[1:], self.patch
        if height % p or width % p or not x.numel():
            raise ValueError(f"x must have a height and width that are multiples of {p}, got {height} x {width}")
        if p * p * channels != self.first.in_features:
            raise ValueError(f"x must have {self.first.in_features // p**2} channels, got {channels}")
        if text.shape[2] != self.text_dim:
            raise ValueError(f"text must have {self.text_dim} entries a word, got {text.shape[2]}")
        if kept is not None and n_cond:
            raise ValueError(f"n_cond must be 0 beside kept, which holds the clean frames, got {n_cond}")
        if not 0 <= n_cond <= frames:
            raise ValueError(f"n_cond must be from 0 to {frames}, got {n_cond}")
