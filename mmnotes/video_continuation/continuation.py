"""Going on: new frames after clean ones, with and without keeping what the clean ones say, and film after film."""

from itertools import pairwise

import torch
from jaxtyping import Float
from torch import Tensor

from mmnotes.flow import euler
from mmnotes.models.film_generator import FilmNet
from mmnotes.video_continuation.tasks import frame_times, with_clean


def continued(
    network: FilmNet,
    clean: Float[Tensor, "batch known 3 height width"],
    text: Float[Tensor, "batch words text_dim"],
    noise: Float[Tensor, "batch new 3 height width"],
    times: Float[Tensor, "times"],
) -> Float[Tensor, "batch all 3 height width"]:
    """Clean frames and what comes after them: the noise, carried to data in Euler's steps.

    The clean frames pass the network once. In every step the noisy ones alone do, and
    read the keys and values that are kept of the clean ones.

    Shapes: clean (batch, known, 3, height, width), noise (batch, new, 3, height, width),
    text (batch, words, 384), times (times,) -> (batch, known + new, 3, height, width);
    known may be 0, which is text to video.
    Units: values from -1 to 1; times from 1 to 0.
    Source: LongCat-Video, pipeline_longcat_video.py, ``generate_vc`` with
    ``use_kv_cache``.
    """
    kept = network.keep(clean) if clean.shape[1] else None

    def velocity(x: Tensor, t: Tensor) -> Tensor:
        each = t[:, None].expand(x.shape[:2])
        moving: Tensor = network(x, each, text, n_cond=0, kept=kept)
        return moving

    return torch.cat([clean, euler(velocity, noise, times)], dim=1)


def continued_anew(
    network: FilmNet,
    clean: Float[Tensor, "batch known 3 height width"],
    text: Float[Tensor, "batch words text_dim"],
    noise: Float[Tensor, "batch new 3 height width"],
    times: Float[Tensor, "times"],
) -> Float[Tensor, "batch all 3 height width"]:
    """The same with nothing kept: in every step all frames pass the network.

    Shapes: as ``continued``.
    Source: LongCat-Video, pipeline_longcat_video.py, ``generate_vc`` without
    ``use_kv_cache``.
    """
    n_cond, x = clean.shape[1], torch.cat([clean, noise], dim=1)
    for now, then in pairwise(times):
        t = frame_times(now.expand(len(x)), n_cond=n_cond, frames=x.shape[1])
        moved = x + (then - now) * network(x, t, text, n_cond=n_cond)
        x = with_clean(moved, clean, n_cond=n_cond)
    return x


def long_film(
    network: FilmNet,
    clean: Float[Tensor, "batch known 3 height width"],
    text: Float[Tensor, "batch words text_dim"],
    *,
    rounds: int,
    given: int,
    new: int,
    times: Float[Tensor, "times"],
    random: torch.Generator,
) -> Float[Tensor, "batch all 3 height width"]:
    """Clean frames, and round after round so many new ones, each round given the last
    frames there are.

    From the second round on what is given was drawn by the network.
    It draws its noise from a generator, which cannot be traced.

    Shapes: clean (batch, known, 3, height, width) -> (batch, known + rounds new, 3,
    height, width).
    Errors: ValueError unless 1 <= given <= known, and for fewer than one new frame.
    Source: LongCat-Video, run_demo_long_video.py, with 13 frames given and 80 new.
    """
    if not 1 <= given <= clean.shape[1]:
        raise ValueError(f"given must be from 1 to {clean.shape[1]}, the frames of clean, got {given}")
    if new < 1:
        raise ValueError(f"new must be at least 1, got {new}")
    film = clean
    for _ in range(rounds):
        noise = torch.randn(len(clean), new, *clean.shape[2:], generator=random)
        after = continued(network, film[:, -given:], text, noise.to(clean), times)
        film = torch.cat([film, after[:, given:]], dim=1)
    return film
