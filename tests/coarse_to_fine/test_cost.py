import pytest
import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from mmnotes.coarse_to_fine import film_tokens, pass_cost


def test_tokens_of_the_published_sizes():
    """480 x 832 and 93 frames: 24 latent frames of 60 x 104, patches of two."""
    assert film_tokens(frames=24, height=60, width=104, patch=2) == 37_440


def test_half_of_what_torch_counts_for_a_block():
    """Torch counts a multiplication and an addition as two."""
    tokens, dim, hidden = 7, 6, 11
    x = torch.zeros(tokens, dim)
    square = [nn.Linear(dim, dim, bias=False) for _ in range(4)]
    wide = [nn.Linear(dim, hidden, bias=False) for _ in range(2)]
    back = nn.Linear(hidden, dim, bias=False)
    with FlopCounterMode(display=False) as counter:
        q, k, v = (each(x) for each in square[:3])
        square[3]((q @ k.T) @ v)
        back(wide[0](x) * wide[1](x))
    assert 2 * pass_cost(tokens=tokens, dim=dim, hidden=hidden, depth=1) == counter.get_total_flops()


def test_layers_add_up_and_density_scales_attention_alone():
    one = pass_cost(tokens=100, dim=8, hidden=16, depth=1)
    assert pass_cost(tokens=100, dim=8, hidden=16, depth=3) == pytest.approx(3 * one)
    assert one - pass_cost(tokens=100, dim=8, hidden=16, depth=1, density=0.25) == pytest.approx(0.75 * 2 * 8 * 100**2)


@pytest.mark.parametrize(
    ("call", "named"),
    [
        (
            lambda: film_tokens(frames=3, height=5, width=4, patch=2),
            "height must be a positive multiple of .* 2, got 5",
        ),
        (lambda: film_tokens(frames=3, height=4, width=0, patch=2), "width must be a positive multiple of .* 2, got 0"),
        (
            lambda: film_tokens(frames=3, height=4, width=4, patch=2, patch_frames=2),
            "frames must be a positive multiple of .* 2, got 3",
        ),
        (lambda: pass_cost(tokens=0, dim=1, hidden=1, depth=1), "tokens must be at least 1, got 0"),
        (
            lambda: pass_cost(tokens=1, dim=1, hidden=1, depth=1, density=0.0),
            "density must be above 0 and at most 1, got 0.0",
        ),
    ],
)
def test_bad_input_is_named(call, named):
    with pytest.raises(ValueError, match=named):
        call()
