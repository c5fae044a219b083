"""A layer's modulation, as loops over frames."""

import torch

from mmnotes.layers.film_block import FilmBlock, gated, modulated
from mmnotes.layers.film_rotation import film_angles


def test_each_frame_has_its_own_shift_scale_and_gate():
    x, shift, scale = (torch.randn(2, count, 5, dtype=torch.float64) for count in (12, 3, 3))
    found, through = modulated(x, shift, scale), gated(x, scale)
    for token in range(12):
        row, frame = x[:, token], token // 4
        normed = (row - row.mean(1, keepdim=True)) / (row.var(1, keepdim=True, correction=0) + 1e-6).sqrt()
        torch.testing.assert_close(found[:, token], normed * (1 + scale[:, frame]) + shift[:, frame])
        torch.testing.assert_close(through[:, token], row * scale[:, frame])


def test_clean_tokens_get_nothing_from_the_text():
    torch.manual_seed(0)
    block, angles = (
        FilmBlock(dim=16, heads=2, hidden=8, time_dim=4),
        film_angles(frames=3, height=1, width=2, head_dim=8),
    )
    x, time, text = torch.randn(1, 6, 16), torch.randn(1, 3, 4), torch.randn(1, 3, 16)
    one, two = (block(x, time, each, angles.cos()[None], angles.sin()[None], clean=4)[0] for each in (text, -text))
    assert (one[:, :4] == two[:, :4]).all() and (one[:, 4:] - two[:, 4:]).abs().max() > 1e-3
