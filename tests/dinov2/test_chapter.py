"""What the chapter and the errata say of targets and of released sizes."""

import pytest
import torch
from transformers import Dinov2Config, Dinov2Model

from mmnotes.layers.vision_transformer import VisionTransformer
from mmnotes.sinkhorn import teacher_assignment

# Width, layers and weights of the released models at 518 pixels; the last has SwiGLU.
RELEASED = {
    "S": (384, 12, 22_056_576),
    "B": (768, 12, 86_580_480),
    "L": (1024, 24, 304_368_640),
    "g": (1536, 40, 1_136_480_768),
}


def logits():
    """Cosines of which a part is the same for all pictures, as a network's are."""
    random = torch.Generator().manual_seed(0)
    return 0.7 * torch.rand(32, generator=random) + 0.7 * torch.rand(64, 32, generator=random) - 0.7


def test_a_centre_after_the_softmax_leaves_no_distribution():
    said = (logits() / 0.04).softmax(1)
    literal = said - said.mean(0)
    torch.testing.assert_close(literal.sum(1), torch.zeros(64), rtol=0, atol=1e-6)
    assert (literal < 0).float().mean() > 0.8
    slopes = []
    for student in (torch.zeros(64, 32), logits()):
        student = student.clone().requires_grad_()
        loss = -(literal * (student / 0.1).log_softmax(1)).sum()
        slopes.append(torch.autograd.grad(loss, student)[0])
    torch.testing.assert_close(slopes[0], -literal / 0.1, rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(slopes[1], slopes[0], rtol=1e-4, atol=1e-4)


def test_sinkhorn_after_a_softmax_differs_after_three_rounds():
    def apart(steps):
        after = teacher_assignment((logits() / 0.04).log_softmax(1), tau=1.0, steps=steps)
        return (after - teacher_assignment(logits(), tau=0.04, steps=steps)).abs().max()

    assert apart(3) > 0.2 and apart(1000) < 1e-4


@pytest.mark.parametrize("name", RELEASED)
def test_the_released_sizes_to_the_weight(name):
    dim, layers, weights = RELEASED[name]
    config = Dinov2Config(
        hidden_size=dim, num_hidden_layers=layers, num_attention_heads=dim // 64, image_size=518, patch_size=14,
        use_swiglu_ffn=name == "g",
    )  # fmt: skip
    with torch.device("meta"):
        released = Dinov2Model(config)
    assert sum(each.numel() for each in released.parameters()) == weights
    more = 49 if name == "g" else 45
    assert layers * (36 * dim**2 + more * dim) // 3 + 1963 * dim == weights
    if name != "g":
        sizes = {"size": 518, "patch": 14, "dim": dim, "depth": layers, "heads": dim // 64, "hidden": 4 * dim}
        with torch.device("meta"):
            ours = VisionTransformer(scale=1e-5, registers=0, **sizes)
        assert sum(each.numel() for each in ours.parameters()) == weights
