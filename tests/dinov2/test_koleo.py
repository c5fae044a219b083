"""KoLeo: loops, the authors' numbers, the direction of its push, and crops apart."""

import math

import pytest
import torch
from torch.autograd import gradcheck

from mmnotes.dinov2 import koleo_loss

# KoLeoLoss of github.com/facebookresearch/dinov2 at b8931f7bf9 (koleo_loss.py), torch 2.13.0, float32: each crop of
# waves(), both together as one batch, and the gradient of the sum of the two by picture 0 of crop 0 and 4 of crop 1.
RELEASED = {
    "crops": [-0.17423351, 0.08005027],
    "together": 0.52828413,
    "first": [0.02955032, 0.03668027, 0.0292866, -0.00296425, -0.04321061],
    "later": [0.02687042, 0.02514785, -0.01871125, -0.02969806, -0.03942835],
}


def waves():
    v, b, k = torch.meshgrid(torch.arange(2), torch.arange(6), torch.arange(5), indexing="ij")
    return torch.cos(3.0 * b + 5.0 * k + b * k + 7.0 * v)


def test_equals_the_authors_numbers_for_each_crop():
    features = waves().requires_grad_()
    losses = koleo_loss(features)
    torch.testing.assert_close(losses, torch.tensor(RELEASED["crops"]), rtol=1e-6, atol=1e-6)
    assert abs(losses.sum().item() - RELEASED["together"]) > 0.5, "neighbours are sought within a crop"
    assert koleo_loss(features.flatten(0, 1)).item() == pytest.approx(RELEASED["together"], rel=1e-5)
    (slope,) = torch.autograd.grad(losses.sum(), features)
    torch.testing.assert_close(slope[0, 0], torch.tensor(RELEASED["first"]), rtol=1e-4, atol=1e-6)
    torch.testing.assert_close(slope[1, 4], torch.tensor(RELEASED["later"]), rtol=1e-4, atol=1e-6)


def test_is_the_loops():
    features = waves()[0].double()
    unit = [[each / math.hypot(*row) for each in row] for row in features.tolist()]
    nearest = [min(math.dist(a, b) for j, b in enumerate(unit) if j != i) for i, a in enumerate(unit)]
    expected = -sum(map(math.log, nearest)) / len(unit)
    assert koleo_loss(features).item() == pytest.approx(expected, abs=1e-6)
    assert gradcheck(koleo_loss, (features.requires_grad_(),))


def test_a_step_down_moves_a_pair_apart():
    features = torch.tensor([[1.0, 0.0, 0.0], [0.99, 0.1, 0.0], [-1.0, 0.0, 0.2]], dtype=torch.float64)
    features.requires_grad_()
    koleo_loss(features).backward()
    moved = features - 0.01 * features.grad
    assert torch.dist(moved[0], moved[1]) > torch.dist(features[0], features[1]) + 0.05


def test_length_does_not_matter_and_equal_features_are_finite():
    features = waves()[0]
    torch.testing.assert_close(koleo_loss(3 * features), koleo_loss(features))
    twins = torch.ones(2, 3, requires_grad=True)
    loss = koleo_loss(twins)
    loss.backward()
    assert loss.item() == pytest.approx(17.41562843, rel=1e-6) and twins.grad.isfinite().all()


@pytest.mark.parametrize("batch", [0, 1])
def test_one_picture_has_no_neighbour(batch):
    with pytest.raises(ValueError, match=f"^features must hold at least two pictures, got {batch}"):
        koleo_loss(torch.zeros(2, batch, 5))
