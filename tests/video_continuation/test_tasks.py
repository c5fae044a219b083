"""Tasks by clean frames: times, loss, mask, each against a loop; and what is refused."""

import pytest
import torch
from torch.nn.functional import scaled_dot_product_attention

from mmnotes.layers.film_attention import FilmAttention
from mmnotes.layers.film_rotation import film_angles
from mmnotes.layers.rotation import rotate_adjacent
from mmnotes.video_continuation import block_causal_mask, film_loss, frame_times, with_clean


def test_times_are_zero_for_clean_frames_alone():
    t = torch.tensor([0.3, 0.9])
    for n_cond in range(4):
        times = frame_times(t, n_cond=n_cond, frames=3)
        assert times.tolist() == [[0.0 if frame < n_cond else each for frame in range(3)] for each in t.tolist()]


def test_clean_frames_take_the_place_of_the_first():
    noisy, data = torch.zeros(2, 5, 3), torch.ones(2, 3, 3)
    assert with_clean(noisy, data, n_cond=2)[0, :, 0].tolist() == [1, 1, 0, 0, 0]


def test_the_loss_is_that_of_a_loop_over_noisy_frames():
    velocity, data, noise = torch.randn(3, 2, 5, 3, 4, 4, dtype=torch.float64)
    total, count = 0.0, 0
    for film in range(2):
        for frame in range(2, 5):
            wrong = velocity[film, frame] - noise[film, frame] + data[film, frame]
            total, count = total + wrong.square().sum().item(), count + wrong.numel()
    assert film_loss(velocity, data, noise, n_cond=2).item() == pytest.approx(total / count)


def test_clean_frames_have_no_loss_and_no_gradient():
    velocity, data, noise = torch.randn(3, 2, 5, 3, 4, 4)
    velocity.requires_grad_()
    film_loss(velocity, data, noise, n_cond=2).backward()
    assert velocity.grad[:, :2].abs().max() == 0 and velocity.grad[:, 2:].abs().min() > 0


def test_half_precision_is_summed_in_single():
    data = torch.full((1, 2, 8), 300.0, dtype=torch.float16)
    assert film_loss(data, data, -data, n_cond=0).dtype == torch.float32
    assert film_loss(data, data, -data, n_cond=0).item() == pytest.approx(900.0**2)


def test_two_calls_of_attention_are_one_with_the_mask():
    torch.manual_seed(0)
    attention, x, angles = (
        FilmAttention(dim=16, heads=2),
        torch.randn(2, 12, 16),
        film_angles(frames=3, height=2, width=2, head_dim=8)[None],
    )
    found, _ = attention(x, angles.cos(), angles.sin(), clean=8)
    query, key, value = attention.projected(x)
    query, key = (rotate_adjacent(each, angles.cos(), angles.sin()) for each in (query, key))
    mask = block_causal_mask(n_cond=2, frames=3, tokens=4)
    read = scaled_dot_product_attention(query, key, value, mask)
    torch.testing.assert_close(found, attention.output(read.transpose(1, 2).flatten(2)), rtol=0, atol=1e-5)


@pytest.mark.parametrize("n_cond", [-1, 4])
def test_bad_numbers_of_clean_frames_are_named(n_cond):
    three = torch.zeros(1, 3, 2)
    for refused in (
        lambda: frame_times(torch.zeros(1), n_cond=n_cond, frames=3),
        lambda: with_clean(three, three, n_cond=n_cond),
        lambda: block_causal_mask(n_cond=n_cond, frames=3, tokens=2),
    ):
        with pytest.raises(ValueError, match=f"n_cond must be from 0 to 3, got {n_cond}"):
            refused()
    with pytest.raises(ValueError, match="n_cond must be from 0 to 2, got 3"):
        film_loss(three, three, three, n_cond=3)
    with pytest.raises(ValueError, match="n_cond must be from 0 to 1, got 2"):
        with_clean(three, three[:, :1], n_cond=2)
