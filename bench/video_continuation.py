"""Going on with a film: with and without what is kept of the clean frames; a layer beside diffusers' Wan layer."""

from collections.abc import Iterator

import torch
from diffusers.models.transformers.transformer_wan import WanRotaryPosEmbed, WanTransformerBlock

from bench.timing import Row, race
from mmnotes.flow import time_grid
from mmnotes.layers.film_block import FilmBlock
from mmnotes.layers.film_rotation import film_angles
from mmnotes.layers.gated import gated_width
from mmnotes.models.film_generator import untrained_film_net
from mmnotes.video_continuation import continued, continued_anew

NEW, STEPS, DIM, HEADS, GRID = 2, 4, 256, 4, (6, 8, 8)


@torch.no_grad()
def rows() -> Iterator[Row]:
    """Continuation over the number of clean frames; one layer."""
    random = torch.Generator().manual_seed(0)
    torch.manual_seed(0)
    network, times = untrained_film_net(), time_grid(steps=STEPS, shift=3.0)
    for known in (2, 8, 16):
        clean, noise = (torch.randn(1, count, 3, 32, 32, generator=random) for count in (known, NEW))
        text = torch.randn(1, 2, 384, generator=random)
        given = (network, clean, text, noise, times)
        torch.testing.assert_close(continued(*given), continued_anew(*given), rtol=1e-3, atol=1e-3)
        yield race(
            f"film, {NEW} new frames after {known}, {STEPS} steps; nothing kept",
            lambda given=given: continued(*given),
            lambda given=given: continued_anew(*given),
            aim=f"{(known + NEW) / (known / STEPS + NEW):.1f}, the share of the frames",
            repeats=3,
        )
    yield layer(random)


def layer(random: torch.Generator) -> Row:
    """One layer of the same width, with the same number of tokens and of words, all frames noisy."""
    tokens = GRID[0] * GRID[1] * GRID[2]
    hidden = gated_width(nominal=4 * DIM, multiple=32)
    ours = FilmBlock(dim=DIM, heads=HEADS, hidden=hidden, time_dim=64)
    theirs = WanTransformerBlock(DIM, hidden * 3 // 2, HEADS, "rms_norm_across_heads", cross_attn_norm=True)
    x, text = torch.randn(1, tokens, DIM, generator=random), torch.randn(1, 4, DIM, generator=random)
    time = torch.randn(1, GRID[0], 64, generator=random)
    angles = film_angles(frames=GRID[0], height=GRID[1], width=GRID[2], head_dim=DIM // HEADS)[None]
    cos, sin = angles.cos(), angles.sin()
    rotary = WanRotaryPosEmbed(DIM // HEADS, (1, 1, 1), 64)(torch.zeros(1, 1, *GRID))
    shift = torch.randn(1, 6, DIM, generator=random)
    return race(
        f"film, a layer of {DIM} channels on {tokens} tokens; diffusers' Wan layer",
        lambda: ours(x, time, text, cos, sin, clean=0)[0],
        lambda: theirs(x, text, shift, rotary),
        aim="1",
    )
