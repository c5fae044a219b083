"""The film transformer: the published class's numbers, who reads whom, and that keeping keys and values is exact."""

import pytest
import torch

from mmnotes.layers.film_attention import FilmAttention, Kept, TextAttention
from mmnotes.layers.film_rotation import film_angles, split_planes
from mmnotes.layers.film_transformer import FilmTransformer
from mmnotes.layers.gated import SwiGLU, gated_width
from mmnotes.layers.rotation import rotate_adjacent

# What meituan-longcat/LongCat-Video at 6b3f4b8 makes of the same weights and inputs, on a CPU, its three attention
# kernels replaced by scaled_dot_product_attention: every 61st number, two clean frames of four, none, and two kept.
PUBLISHED = {
    "two clean": [
        -0.683091, -0.384801, -0.981968, -1.558614, 0.259989, 2.853226, -1.789769, 1.787505, -1.736259, -2.279069,
        0.453194, 1.043226, 0.154023,
    ],
    "none clean": [
        -2.088254, 0.650615, -2.343314, -0.680325, 0.411704, 2.792214, -1.7243, 0.645169, -2.523757, -0.453843,
        0.398573, 1.006744, 0.216979,
    ],
    "two kept": [-2.358541, 1.543417, -2.386684, -0.885635, 1.467516, 0.877427, -1.841321],
    "rotated": [
        0.0, 1.446754, -1.315062, -1.111337, 1.359362, 1.382811, 0.292114, 1.324967, 1.477047, -1.405458, -1.60274,
        0.908061, 0.64864, -1.557353, -1.283366,
    ],
}  # fmt: skip
PARAMETERS = 13_581_071_424  # of the published configuration


def wave(*shape: int) -> torch.Tensor:
    places = torch.arange(torch.Size(shape).numel(), dtype=torch.float64)
    return (1.5 * torch.sin(0.9 * places**2)).view(shape).float()


def small() -> FilmTransformer:
    """Weights by a rule that was carried out in the published class too."""
    network = FilmTransformer(
        channels=3, patch=2, dim=64, depth=2, heads=2, hidden=256, text_dim=12, time_dim=32, frequencies=16
    )
    with torch.no_grad():
        for place, (name, weights) in enumerate(network.named_parameters()):
            places = torch.arange(weights.numel(), dtype=torch.float64)
            values = 1.5 * torch.sin(0.37 * places**2 + place).view(weights.shape)
            scale = weights[0].numel() ** 0.5 if weights.ndim > 1 else 3
            weights.copy_(values / scale + ("norm" in name and name.endswith("weight")))
    return network.requires_grad_(False)


def given() -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Four frames, the first two clean; their times; five words."""
    return wave(2, 4, 3, 8, 4), torch.tensor([[0, 0, 0.7, 0.7], [0, 0, 0.3, 0.3]]), wave(2, 5, 12)


def test_the_published_class_makes_the_same_numbers():
    network, (x, t, text) = small(), given()
    found = network(x, t, text, n_cond=2)[0]
    assert found.flatten()[::61].tolist() == pytest.approx(PUBLISHED["two clean"], abs=1e-5)
    found = network(x, t[:, 2:].repeat(1, 2), text, n_cond=0)[0]
    assert found.flatten()[::61].tolist() == pytest.approx(PUBLISHED["none clean"], abs=1e-5)
    kept = network(x[:, :2], t[:, :2], text, n_cond=2)[1]
    found = network(x[:, 2:], t[:, 2:], text, n_cond=0, kept=kept)[0]
    assert found.flatten()[::61].tolist() == pytest.approx(PUBLISHED["two kept"], abs=1e-5)


def test_the_published_rotation_makes_the_same_numbers():
    angles = film_angles(frames=2, height=3, width=2, head_dim=16)[None]
    turned = rotate_adjacent(wave(1, 1, 12, 16), angles.cos(), angles.sin())
    assert turned.flatten()[::13].tolist() == pytest.approx(PUBLISHED["rotated"], abs=1e-5)


def test_the_published_configuration_has_the_published_size():
    with torch.device("meta"):
        hidden = gated_width(nominal=4 * 4096)
        network = FilmTransformer(
            channels=16, patch=2, dim=4096, depth=48, heads=32, hidden=hidden, text_dim=4096, time_dim=512,
            frequencies=256,
        )  # fmt: skip
    assert hidden == 11008 and sum(each.numel() for each in network.parameters()) == PARAMETERS


@pytest.mark.parametrize("n_cond", [1, 2, 3])
def test_keys_and_values_of_clean_frames_can_be_kept(n_cond):
    network, (x, t, text) = small(), given()
    t = torch.where(torch.arange(4) < n_cond, 0.0, 0.6).expand(2, -1)
    whole = network(x, t, text, n_cond=n_cond)[0][:, n_cond:]
    kept = network(x[:, :n_cond], t[:, :n_cond], text[:, :1], n_cond=n_cond)[1]
    late, _ = network(x[:, n_cond:], t[:, n_cond:], text, n_cond=0, kept=kept)
    torch.testing.assert_close(late, whole, rtol=0, atol=1e-5)


def test_clean_frames_see_neither_the_noisy_ones_nor_the_text_nor_their_time():
    network, (x, t, text) = small(), given()
    found = network(x, t, text, n_cond=2)[0][:, :2]
    other = torch.cat([x[:, :2], x[:, 2:].flip(0)], dim=1)
    same = network(other, torch.cat([t[:, :2], t[:, 2:] / 2], dim=1), -text, n_cond=2)[0][:, :2]
    torch.testing.assert_close(same, found, rtol=0, atol=1e-5)


def test_noisy_frames_see_everything():
    network, (x, t, text) = small(), given()
    found = network(x, t, text, n_cond=2)[0][:, 2]
    changes = [(x.index_fill(1, torch.tensor([frame]), 0.0), t, text) for frame in (0, 1, 3)]
    for changed in (*changes, (x, t, -text), (x, torch.cat([t[:, :3], t[:, 3:] / 2], dim=1), text)):
        assert (network(*changed, n_cond=2)[0][:, 2] - found).abs().max() > 1e-3


def test_what_is_kept_is_not_turned():
    """Keys of a film are the same at its beginning and later; turned twice they would give other numbers."""
    network, (x, t, text) = small(), given()
    kept = network(x[:, :2], t[:, :2], text, n_cond=2)[1]
    again = network(torch.cat([x[:, :1], x[:, :1]], dim=1), t[:, :2], text, n_cond=2)[1]
    torch.testing.assert_close(again[0].key[:, :, :8], again[0].key[:, :, 8:], rtol=0, atol=1e-5)
    angles = film_angles(frames=2, height=4, width=2, head_dim=32)[None]
    twice = [Kept(rotate_adjacent(each.key, angles.cos(), angles.sin()), each.value) for each in kept]
    late = network(x[:, 2:], t[:, 2:], text, n_cond=0, kept=kept)[0]
    wrong = network(x[:, 2:], t[:, 2:], text, n_cond=0, kept=twice)[0]
    assert (wrong - late).abs().max() > 1e-2


def test_every_parameter_gets_a_gradient():
    network, (x, t, text) = small().requires_grad_(True), given()
    network(x, t, text, n_cond=1)[0].square().sum().backward()
    assert [name for name, p in network.named_parameters() if p.grad is None or not p.grad.abs().sum() > 0] == []


def test_planes_are_split_as_published():
    assert (
        split_planes(head_dim=128) == (22, 21, 21)
        and split_planes(head_dim=32) == (6, 5, 5)
        and split_planes(head_dim=8) == (2, 1, 1)
    )
    for wrong in (0, 12, -8):
        with pytest.raises(ValueError, match=f"head_dim must be a positive multiple of 8, got {wrong}"):
            split_planes(head_dim=wrong)


def test_angles_count_frames_rows_and_columns():
    angles = film_angles(frames=3, height=5, width=7, head_dim=8, base=100.0).view(3, 5, 7, 4)
    expected = torch.tensor([2.0, 0.2, 4.0, 6.0])
    torch.testing.assert_close(angles[2, 4, 6], expected)
    with pytest.raises(ValueError, match="base must be > 1"):
        film_angles(frames=1, height=1, width=1, head_dim=8, base=1.0)


def test_widths_are_rounded_up_as_published():
    assert [gated_width(nominal=each, multiple=256) for each in (384, 385, 768)] == [256, 256, 512]
    assert gated_width(nominal=512, multiple=32) == 352
    for nominal, multiple in ((0, 3), (3, 0)):
        with pytest.raises(ValueError, match=f"nominal and multiple must be at least 1, got {nominal} and {multiple}"):
            gated_width(nominal=nominal, multiple=multiple)


def test_a_gated_network_is_its_equation():
    network, x = SwiGLU(dim=3, hidden=5).double(), torch.randn(2, 7, 3, dtype=torch.float64)
    gate, up, down = (each.weight for each in (network.gate, network.up, network.down))
    inside = x @ gate.T
    torch.testing.assert_close(network(x), (inside * inside.sigmoid() * (x @ up.T)) @ down.T)


@pytest.mark.parametrize("made", [FilmAttention, TextAttention])
def test_heads_must_divide_the_width(made):
    with pytest.raises(ValueError, match="heads must divide dim = 10, got 3"):
        made(dim=10, heads=3)


def test_bad_sizes_are_named():
    network, (x, t, text) = small(), given()
    kept = network(x[:, :2], t[:, :2], text, n_cond=2)[1]
    wrong = [
        ("height and width that are multiples of 2, got 8 x 3", (x[..., :3], t, text), {"n_cond": 0}),
        ("x must have 3 channels, got 2", (x[:, :, :2], t, text), {"n_cond": 0}),
        ("text must have 12 entries a word, got 11", (x, t, text[..., :11]), {"n_cond": 0}),
        ("n_cond must be from 0 to 4, got 5", (x, t, text), {"n_cond": 5}),
        ("n_cond must be from 0 to 4, got -1", (x, t, text), {"n_cond": -1}),
        ("n_cond must be 0 beside kept", (x, t, text), {"n_cond": 1, "kept": kept}),
    ]
    for message, inputs, more in wrong:
        with pytest.raises(ValueError, match=message):
            network(*inputs, **more)
