"""The step that a page runs is the step of the samplers, guided and steered."""

import pytest
import torch

from mmnotes.data import text_features
from mmnotes.flow import euler, guided_by
from mmnotes.models.generator import pretrained_unet, prompts, to_pictures
from mmnotes.zero_conv import controlled
from mmnotes.zero_conv.live import SteeredStep, drawn_outline
from mmnotes.zero_conv.pretrained import pretrained_branch

TIMES = torch.tensor([1.0, 0.7, 0.2, 0.0])
OUTLINES = torch.rand(2, 1, 32, 32, generator=torch.Generator().manual_seed(1)) > 0.9
FEATURES = text_features()[[5, 70, 300]]
TEXTS = [("one", "all"), ("two", "all"), ("three", "new")]
EXAMPLES = [("the first", "two"), ("the second", "three")]


@pytest.fixture(scope="module")
def step() -> SteeredStep:
    unet = pretrained_unet()
    return SteeredStep(unet, pretrained_branch(unet))


@pytest.mark.parametrize(("scale", "guidance"), [(1.0, 2.0), (0.0, 3.5), (1.7, 0.0)])
def test_three_steps_are_those_of_euler(step, scale, guidance):
    hints, text = OUTLINES.float(), FEATURES[:2]
    noise = torch.randn(2, 3, 32, 32, generator=torch.Generator().manual_seed(2))
    velocity = guided_by(
        controlled(step.unet, step.branch, hints, scales=[scale] * 7), prompts(text), step.unet.nothing, scale=guidance
    )
    x, numbers = noise, [torch.tensor(scale), torch.tensor(guidance)]
    for place in range(3):
        before, now = x, TIMES[place]
        x, picture, expected = step(x, now, TIMES[place + 1], text, hints, *numbers)
        wanted = euler(velocity, noise, TIMES[: place + 2])
        torch.testing.assert_close(x, wanted, atol=1e-5, rtol=1e-5)
        torch.testing.assert_close(picture, to_pictures(wanted), atol=1e-5, rtol=0)
        straight = before - now * velocity(before, now.expand(2))
        torch.testing.assert_close(expected, to_pictures(straight), atol=1e-5, rtol=0)
    torch.testing.assert_close(expected, picture, atol=1e-5, rtol=0)


def test_a_lab_gets_real_inputs_and_what_its_form_needs(step):
    network = drawn_outline(step, TIMES, FEATURES, OUTLINES, texts=TEXTS, examples=EXAMPLES)
    assert list(network.inputs) == ["x", "now", "then", "text", "hint", "scale", "guidance"]
    assert torch.equal(network.inputs["text"], FEATURES[1:2])
    assert torch.equal(network.inputs["hint"], OUTLINES[:1].float())
    assert network.data["times"] == TIMES.tolist()
    assert network.data["texts"][2] == {"label": "three", "group": "new"}
    assert [each["text"] for each in network.data["examples"]] == [1, 2]
    assert torch.equal(network.arrays["texts"].float(), FEATURES)  # halves hold them exactly
    assert torch.equal(network.arrays["outlines"].bool(), OUTLINES)


@pytest.mark.parametrize(
    ("texts", "examples", "said"),
    [
        (TEXTS[:2], EXAMPLES, r"^texts must be 3, one for each row, got 2$"),
        (TEXTS, EXAMPLES[:1], r"^examples must be 2, one for each row, got 1$"),
        (TEXTS, [("the first", "four"), EXAMPLES[1]], r"^examples must have texts that are among the texts, got four$"),
    ],
)
def test_what_does_not_fit_is_refused(step, texts, examples, said):
    with pytest.raises(ValueError, match=said):
        drawn_outline(step, TIMES, FEATURES, OUTLINES, texts=texts, examples=examples)
