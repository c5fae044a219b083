"""The trained image prompts: frozen, with their keys and values in the network's layers, and of two kinds."""

import pytest
import torch

from mmnotes.decoupled_attention import decoupled_
from mmnotes.decoupled_attention.pretrained import pretrained_image_prompt, untrained_image_prompt
from mmnotes.models.generator import pretrained_unet


@pytest.mark.parametrize(("kind", "features"), [("pooled", (2, 256)), ("patches", (2, 16, 64))])
def test_a_prompt_joins_the_layers_that_it_was_trained_for(kind, features):
    network = pretrained_unet()
    layers = decoupled_(network)
    start = [layer.key.weight.clone() for layer in layers]
    prompt = pretrained_image_prompt(layers, kind=kind)
    assert not any(parameter.requires_grad for parameter in prompt.parameters())
    assert not any(torch.equal(layer.key.weight, before) for layer, before in zip(layers, start, strict=True))
    assert all(layer.key is own["key"] for layer, own in zip(layers, prompt.layers, strict=True))
    tokens = prompt(torch.randn(features, generator=torch.Generator().manual_seed(0)))
    assert tokens.shape == (2, 4, 96)
    x, t = torch.zeros(2, 3, 32, 32), torch.tensor([0.3, 0.7])
    assert network(x, t, torch.zeros(2, 384), tokens).shape == x.shape


def test_an_untrained_prompt_leaves_the_layers_as_copies_of_those_for_the_text():
    layers = decoupled_(pretrained_unet())
    untrained_image_prompt(layers, kind="pooled")
    assert all(torch.equal(layer.key.weight, layer.text.key.weight) for layer in layers)
