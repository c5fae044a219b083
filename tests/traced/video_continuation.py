"""Going on with a film: the layers of the film transformer, the generator, and its samplers."""

from functools import partial

import torch
from torch import Tensor

from mmnotes.layers.film_attention import FilmAttention, TextAttention, film_read
from mmnotes.layers.film_block import FilmBlock, gated, modulated
from mmnotes.layers.film_rotation import film_angles
from mmnotes.layers.film_transformer import FilmTransformer
from mmnotes.layers.gated import SwiGLU
from mmnotes.models.film_generator import FilmNet, to_film_net, to_frames
from mmnotes.video_continuation import continued, continued_anew, film_loss, frame_times, tracked, with_clean
from tests.traced import Traced, filled, rand

SMALL = {"dim": 8, "depth": 1, "heads": 1, "hidden": 5, "text_dim": 3, "time_dim": 4, "frequencies": 4}
TIMES = torch.tensor([1.0, 0.4, 0.0], dtype=torch.float64)


def transformer() -> FilmTransformer:
    return filled(FilmTransformer(channels=3, patch=1, **SMALL))


def net() -> FilmNet:
    return FilmNet(transformer())


def film(frames: int = 3) -> Tensor:
    return rand(2, frames, 3, 1, 2)


def times(frames: int = 3) -> Tensor:
    return torch.rand(2, frames, dtype=torch.float64)


def angles(frames: int) -> tuple[Tensor, Tensor]:
    turned = film_angles(frames=frames, height=1, width=2, head_dim=8).double()[None]
    return turned.cos(), turned.sin()


def block() -> tuple:
    layer = filled(FilmBlock(dim=8, heads=1, hidden=5, time_dim=4))
    cos, sin = angles(3)
    return lambda x, t, y: layer(x, t, y, cos, sin, clean=2)[0], (rand(2, 6, 8), rand(2, 3, 4), rand(2, 3, 8))


def attention() -> tuple:
    layer = filled(FilmAttention(dim=8, heads=1))
    cos, sin = angles(3)
    return lambda x: layer(x, cos, sin, clean=2)[0], (rand(2, 6, 8),)


def sampled(way) -> tuple:
    network = net()
    return lambda clean, text, noise: way(network, clean, text, noise, TIMES), (film(2), rand(2, 3, 3), film())


def attentive(made) -> object:
    return filled(made(dim=8, heads=1))


def projected() -> tuple:
    return attentive(FilmAttention).projected, (rand(2, 6, 8),)


def heads() -> tuple[Tensor, ...]:
    return rand(2, 2, 5, 4), rand(2, 2, 7, 4), rand(2, 2, 7, 4)


def noisy() -> tuple[Tensor, ...]:
    return film(), times(), rand(2, 3, 3)


def seen() -> tuple[Tensor, ...]:
    return rand(2, 3, 3, 7, 8), rand(2, 4, 3, 3), rand(2, 3, 7, 8)


def turned_by_place(x: Tensor) -> Tensor:
    return x * film_angles(frames=2, height=1, width=2, head_dim=8)


TRACED = [
    Traced("layers.film_attention.FilmAttention", attention),
    Traced("layers.film_attention.FilmAttention.projected", projected),
    Traced("layers.film_attention.TextAttention", lambda: (attentive(TextAttention), (rand(2, 6, 8), rand(2, 3, 8)))),
    Traced("layers.film_attention.film_read", lambda: (film_read, heads())),
    Traced("layers.film_rotation.film_angles", lambda: (turned_by_place, (rand(4, 4),))),
    Traced("layers.film_block.FilmBlock", block),
    Traced("layers.film_transformer.FilmTransformer", lambda: (partial(transformer(), n_cond=1), noisy())),
    Traced("layers.film_block.modulated", lambda: (modulated, (rand(2, 6, 8), rand(2, 3, 8), rand(2, 3, 8)))),
    Traced("layers.film_block.gated", lambda: (gated, (rand(2, 6, 8), rand(2, 3, 8)))),
    Traced("layers.gated.SwiGLU", lambda: (filled(SwiGLU(dim=3, hidden=5)), (rand(2, 7, 3),))),
    Traced("models.film_generator.FilmNet", lambda: (partial(net(), n_cond=1), noisy())),
    Traced("models.film_generator.FilmNet.keep", lambda: (net().keep, (film(),))),
    Traced("models.film_generator.to_film_net", lambda: (to_film_net, (rand(5),))),
    Traced("models.film_generator.to_frames", lambda: (to_frames, (rand(5),))),
    Traced("video_continuation.continued", lambda: sampled(continued)),
    Traced("video_continuation.continued_anew", lambda: sampled(continued_anew)),
    Traced("video_continuation.film_loss", lambda: (partial(film_loss, n_cond=1), (film(), film(), film()))),
    Traced("video_continuation.frame_times", lambda: (partial(frame_times, n_cond=1, frames=3), (rand(5),))),
    Traced("video_continuation.with_clean", lambda: (partial(with_clean, n_cond=1), (film(), film()))),
    Traced("video_continuation.tracked", lambda: (partial(tracked, wall=1), seen()), ("vmap",)),
]  # fmt: skip

UNTRACED = {
    "layers.film_rotation.split_planes": "there is nothing to trace",
    "layers.gated.gated_width": "there is nothing to trace",
    "models.film_generator.untrained_film_net": "It cannot be traced: it makes a module",
    "models.film_generator.pretrained_film_net": "It cannot be traced: it makes a module",
    "video_continuation.block_causal_mask": "there is nothing to trace",
    "video_continuation.long_film": "It draws its noise from a generator, which cannot be traced",
}
