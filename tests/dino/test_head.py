"""The head: cosines with prototypes, the authors' numbers, and where its gradient points."""

import pytest
import torch
from torch import nn
from torch.nn.functional import gelu

from mmnotes.dino import DINOHead

# DINOHead(5, 7, hidden_dim=11, bottleneck_dim=3) of github.com/facebookresearch/dino at 7c446df5b9
# (vision_transformer.py), torch 2.13.0, float64; every tensor filled by `filled`, x = sin(0 .. 9) as (2, 5): its
# output, and the gradients of Σ cos(0 .. 13) output by x and by the prototypes' first two rows.
OUTPUT = [
    [-0.33734415, 0.37042565, 0.77404098, 0.06683319, -0.58059567, -0.59172119, 0.17170388],
    [-0.33579747, 0.37988944, 0.78181478, 0.06165673, -0.59120811, -0.59452648, 0.17946888],
]
BY_X = [
    [0.0532349845970493, 0.019397579795230387, -0.05823352731559643, -0.0043914410391853766, 0.059365153315441205],
    [0.013579575788657039, -0.001894943343533273, -0.013091269755024643, 0.005268419406078199, 0.011733656086798855],
]
BY_PROTOTYPES = [
    [3.2926383515004765, 3.1809481676810387, 0.17990041439428672],
    [0.21978837248721841, 0.7426328490910551, 0.45172338764474845],
]


def filled() -> DINOHead:
    """0.3 cos(1.7 i + the parameter's number) in the authors' order, in which the last layer's gains are number 6."""
    head = DINOHead(dim=5, hidden=11, bottleneck=3, prototypes=7).double()
    numbered = [*enumerate(head.mlp.parameters()), (7, head.prototypes)]
    with torch.no_grad():
        for number, parameter in numbered:
            values = 0.3 * torch.cos(1.7 * torch.arange(parameter.numel(), dtype=torch.float64) + number)
            parameter.copy_(values.view(parameter.shape))
    return head


def test_equals_the_authors_numbers():
    head, x = filled(), torch.arange(10).double().sin().view(2, 5).requires_grad_()
    output = head(x)
    torch.testing.assert_close(output, torch.tensor(OUTPUT).double(), rtol=0, atol=1e-7)
    weight = torch.arange(14).double().cos().view(2, 7)
    by_x, by_prototypes = torch.autograd.grad((output * weight).sum(), [x, head.prototypes])
    torch.testing.assert_close(by_x, torch.tensor(BY_X).double(), rtol=0, atol=1e-7)
    torch.testing.assert_close(by_prototypes[:2], torch.tensor(BY_PROTOTYPES).double(), rtol=1e-6, atol=0)


def test_is_three_layers_then_cosines():
    head, x = filled(), torch.randn(3, 5, generator=torch.Generator().manual_seed(0)).double()
    first, second, third = head.mlp[0], head.mlp[2], head.mlp[4]
    for row, found in zip(x, head(x), strict=True):
        feature = third(gelu(second(gelu(first(row)))))
        for prototype, cosine in zip(head.prototypes, found, strict=True):
            expected = (feature @ prototype) / feature.norm() / prototype.norm()
            torch.testing.assert_close(cosine, expected, rtol=1e-12, atol=1e-14)
    assert head(x).abs().max() <= 1


def test_the_length_of_a_prototype_does_not_count_and_its_gradient_is_across():
    head, x = filled(), torch.randn(4, 5, generator=torch.Generator().manual_seed(0)).double()
    before = head(x)
    before.square().sum().backward()
    along = (head.prototypes.grad * head.prototypes).sum(1)
    torch.testing.assert_close(along, torch.zeros_like(along), rtol=0, atol=1e-12)
    with torch.no_grad():
        head.prototypes *= torch.arange(1, 8)[:, None]
    torch.testing.assert_close(head(x), before, rtol=1e-12, atol=0)


def test_patches_go_through_like_pictures():
    head, x = filled(), torch.randn(2, 3, 5, generator=torch.Generator().manual_seed(0)).double()
    assert head(x).shape == (2, 3, 7)
    torch.testing.assert_close(head(x)[1, 2], head(x[1, 2]))


def test_it_starts_as_the_authors_does():
    torch.manual_seed(0)
    head = DINOHead(dim=50, hidden=211, bottleneck=64, prototypes=307)
    for layer in head.mlp:
        if isinstance(layer, nn.Linear):
            assert layer.weight.std().item() == pytest.approx(0.02, rel=0.05) and not layer.bias.any()
    assert head.prototypes.abs().max().item() == pytest.approx(1 / 8, rel=1e-3)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_cosines_are_single_precision_under_autocast_too(dtype):
    head = DINOHead(dim=5, hidden=11, bottleneck=3, prototypes=7)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        logits = head(torch.ones(2, 5))
    assert logits.dtype == torch.float32
    assert head.to(dtype)(torch.ones(2, 5, dtype=dtype)).dtype == torch.float32
