"""The trained Q-Formers: frozen, different from one another, and the parts of stage 2 that belong to them."""

import pytest
import torch

from mmnotes.qformer.pretrained import SEEDS, pretrained_stage_one, stage_two_weights, untrained_stage_one


def test_the_weights_fit_and_nothing_in_them_learns():
    models = [pretrained_stage_one(seed=seed) for seed in SEEDS]
    words = models[0].qformer.text.words.num_embeddings
    start = {k: v.shape for k, v in untrained_stage_one(words=words, queries=8).state_dict().items()}
    for model in models:
        assert {k: v.shape for k, v in model.state_dict().items()} == start
        assert not any(parameter.requires_grad for parameter in model.parameters())
        assert 0 < model.temperature < 0.2
    first, second, third = (model.qformer.queries for model in models)
    assert not torch.equal(first, second) and not torch.equal(second, third)


def test_stage_two_has_a_prompt_for_each_seed():
    names = {tuple(name.split(".")[:2]) for name in stage_two_weights()}
    assert names == {("qformer", str(seed)) for seed in SEEDS}


def test_a_seed_that_was_not_trained_is_refused():
    with pytest.raises(ValueError, match=r"seed must be one of \(0, 1, 2\), got 3"):
        pretrained_stage_one(seed=3)
