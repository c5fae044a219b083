"""The trained CLIPs: frozen, different from one another, and better than chance at what they learned."""

import pytest
import torch
from torch.nn.functional import normalize

from mmnotes.clip.pretrained import LENGTH, SEEDS, pretrained_clip, untrained_clip
from mmnotes.data import concepts, drawings, vocabulary, word_ids


def test_the_weights_fit_and_nothing_in_them_learns():
    models = [pretrained_clip(seed=seed) for seed in SEEDS]
    start = {k: v.shape for k, v in untrained_clip(vocabulary=len(vocabulary()) + 2).state_dict().items()}
    for model in models:
        assert {k: v.shape for k, v in model.state_dict().items()} == start
        assert not any(parameter.requires_grad for parameter in model.parameters())
    first, second, third = (model["clip"].text.words.weight for model in models)
    assert not torch.equal(first, second) and not torch.equal(second, third)


def test_a_trained_drawing_finds_its_name_among_a_hundred():
    places = [place for place, each in enumerate(concepts()) if not each.held_out][:100]
    end = len(vocabulary()) + 1
    rows = [[end - 1, *word_ids(concepts()[place].en.label)[: LENGTH - 2], end] for place in places]
    ids = torch.tensor([row + [0] * (LENGTH - len(row)) for row in rows])
    clip = pretrained_clip(seed=0)["clip"]
    image, text = (normalize(each, dim=1) for each in (clip.image(drawings(vendor="noto")[places]), clip.text(ids)))
    found = (image @ text.T).argmax(1) == torch.arange(100)
    assert found.float().mean() > 0.25, "one in a hundred by chance"


def test_a_seed_that_was_not_trained_is_refused():
    with pytest.raises(ValueError, match=r"seed must be one of \(0, 1, 2\), got 3"):
        pretrained_clip(seed=3)
