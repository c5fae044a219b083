"""The step that a page runs for two pictures is the package's, in one softmax or in two, outline or none."""

import itertools
from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from mmnotes.data import drawings, image_features, text_features
from mmnotes.decoupled_attention import ImagePrompt, decoupled_, with_image
from mmnotes.decoupled_attention.live import PromptedStep, two_pictures
from mmnotes.decoupled_attention.pretrained import pretrained_image_prompt
from mmnotes.flow import euler, guided_by
from mmnotes.layers.unet import UNet
from mmnotes.models.generator import pretrained_unet, prompts, to_pictures
from mmnotes.zero_conv import controlled
from mmnotes.zero_conv.pretrained import pretrained_branch

TIMES = torch.tensor([1.0, 0.7, 0.2, 0.0])
OUTLINE = torch.rand(1, 1, 32, 32, generator=torch.Generator().manual_seed(1)) > 0.9
TEXT = text_features()[[70]]
FIRST, SECOND = (image_features(vendor="fluent")[[place]] for place in (5, 300))
NOISE = torch.randn(1, 3, 32, 32, generator=torch.Generator().manual_seed(2))
NONE = torch.zeros(1, 1, 32, 32)
Made = tuple[UNet, list, ImagePrompt, torch.nn.Module]


@pytest.fixture(scope="module")
def made() -> Made:
    unet = pretrained_unet()
    layers = decoupled_(unet)
    return unet, layers, pretrained_image_prompt(layers, kind="pooled"), pretrained_branch(unet)


@pytest.fixture(scope="module")
def step(made: Made) -> PromptedStep:
    unet, _, prompt, branch = made
    return PromptedStep(unet, prompt, branch)


def sample(
    step: PromptedStep,
    *,
    text: Tensor = TEXT,
    scales: tuple[float, float] = (1.0, 1.0),
    shared: float = 1.0,
    hint: Tensor = NONE,
    steering: float = 1.0,
    guidance: float = 3.0,
) -> Tensor:
    x = NOISE
    numbers = torch.tensor(scales), torch.tensor(shared), hint, torch.tensor(steering), torch.tensor(guidance)
    for now, then in itertools.pairwise(TIMES):
        before = x
        x, picture, expected = step(x, now, then, text, FIRST, SECOND, *numbers)
        torch.testing.assert_close(picture, to_pictures(x))
        straight = before + (x - before) * now / (now - then)
        torch.testing.assert_close(expected, to_pictures(straight), atol=1e-4, rtol=0)
    return x


def by_package(
    made: Made,
    features: list[Tensor],
    *,
    scale: float,
    network: Callable | None = None,
    text: Tensor | None = None,
    guidance: float = 3.0,
) -> Tensor:
    """As the chapter has it: the tokens of several pictures behind one another, and as many of nothing."""
    unet, layers, prompt, _ = made
    for layer in layers:
        layer.scale = scale
    tokens = torch.cat([prompt(each) for each in features], dim=1)
    nothing = torch.cat([prompt(torch.zeros(1, 256)) for _ in features], dim=1)
    words = prompts(TEXT) if text is None else text
    velocity = guided_by(with_image(network or unet, tokens, nothing), words, unet.nothing, scale=guidance)
    return euler(velocity, NOISE, TIMES)


def assert_same(found: Tensor, wanted: Tensor) -> None:
    torch.testing.assert_close(found, wanted, atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize("scale", [1.0, 0.4, 1.7])
def test_one_softmax_and_equal_scales_are_the_pictures_behind_one_another(made, step, scale):
    assert_same(sample(step, scales=(scale, scale)), by_package(made, [FIRST, SECOND], scale=scale))


@pytest.mark.parametrize(("scales", "of"), [((0.8, 0.0), [FIRST]), ((0.0, 1.3), [SECOND])])
def test_in_two_softmaxes_a_picture_at_scale_0_is_not_there(made, step, scales, of):
    found = sample(step, scales=scales, shared=0.0)
    assert_same(found, by_package(made, of, scale=max(scales)))
    assert (sample(step, scales=scales, shared=1.0) - found).abs().max() > 0.01  # but in one it takes weight


def test_two_softmaxes_of_one_picture_add_their_scales(made, step):
    unet, _, prompt, branch = made
    twin = PromptedStep(unet, prompt, branch)
    numbers = torch.tensor([0.5, 0.75]), torch.tensor(0.0), NONE, torch.tensor(1.0), torch.tensor(3.0)
    x = NOISE
    for now, then in itertools.pairwise(TIMES):
        x = twin(x, now, then, TEXT, FIRST, FIRST, *numbers)[0]
    assert_same(x, by_package(made, [FIRST], scale=1.25))


@pytest.mark.parametrize("shared", [0.0, 1.0])
def test_at_scale_0_and_without_an_outline_it_is_the_plain_generator(step, shared):
    plain = pretrained_unet()
    wanted = euler(guided_by(plain, prompts(TEXT), plain.nothing, scale=3.0), NOISE, TIMES)
    assert_same(sample(step, scales=(0.0, 0.0), shared=shared), wanted)


def test_an_outline_steers_as_in_the_package(made, step):
    unet, _, _, branch = made
    steered = controlled(unet, branch, OUTLINE.float(), scales=[0.7] * 7)
    found = sample(step, hint=OUTLINE.float(), steering=0.7, guidance=2.5)
    assert_same(found, by_package(made, [FIRST, SECOND], scale=1.0, network=steered, guidance=2.5))
    assert (found - sample(step, guidance=2.5)).abs().max() > 0.1


def test_a_text_of_zeros_is_no_text(made, step):
    silent = made[0].nothing[None]
    assert_same(sample(step, text=torch.zeros(1, 384)), by_package(made, [FIRST, SECOND], scale=1.0, text=silent))


def test_each_picture_of_a_batch_has_its_own_outline(step):
    both = [torch.cat(pair) for pair in ((NOISE, NOISE), (TEXT, TEXT), (FIRST, FIRST), (SECOND, SECOND))]
    numbers = torch.ones(2), torch.tensor(1.0), torch.cat([NONE, OUTLINE.float()]), torch.tensor(1.0), torch.tensor(3.0)
    x, *others = both
    found = step(x, TIMES[0], TIMES[1], *others, *numbers)[0]
    for row, hint in enumerate((NONE, OUTLINE.float())):
        alone = step(NOISE, TIMES[0], TIMES[1], TEXT, FIRST, SECOND, *numbers[:2], hint, *numbers[3:])[0]
        assert_same(found[row : row + 1], alone)


def test_the_generator_that_was_given_is_not_changed(made, step):
    assert {type(each).__name__ for each in made[1]} == {"DecoupledAttention"}
    assert len([each for each in made[0].modules() if type(each).__name__ == "MixedAttention"]) == 0


def network(step: PromptedStep, **others: object):
    settings = {"texts": [("one", "all"), ("two", "new")], "pictures": ["a", "b", "c"], "examples": ["line"]}
    tensors = TIMES, text_features()[:2], image_features(vendor="fluent")[:3], drawings(vendor="fluent")[:3], OUTLINE
    return two_pictures(step, *tensors, **{**settings, **others})


def test_a_lab_gets_real_inputs_and_what_its_form_needs(step):
    found = network(step)
    names = ["x", "now", "then", "text", "first", "second", "scales", "shared", "hint", "steering", "guidance"]
    assert list(found.inputs) == names
    assert [each["label"] for each in found.data["texts"]] == ["none", "one", "two"]
    assert not found.arrays["texts"][0].any()
    assert torch.equal(found.arrays["texts"][1:].float(), text_features()[:2])  # halves hold them exactly
    assert torch.equal(found.arrays["features"].float(), image_features(vendor="fluent")[:3])
    assert (found.arrays["pictures"] / 63 - drawings(vendor="fluent")[:3].permute(0, 2, 3, 1)).abs().max() < 1 / 125
    assert torch.equal(found.arrays["outlines"].bool(), OUTLINE)


@pytest.mark.parametrize(
    ("others", "said"),
    [
        ({"texts": [("one", "all")]}, r"^texts must be 2, one for each row, got 1$"),
        ({"pictures": ["a"]}, r"^pictures must be 3, one for each row, got 1$"),
        ({"examples": []}, r"^examples must be 1, one for each row, got 0$"),
    ],
)
def test_what_does_not_fit_is_refused(step, others, said):
    with pytest.raises(ValueError, match=said):
        network(step, **others)
