"""The whole model with levels and without, and where transformers records the states beside them."""

import pytest
import torch
from torch import Tensor

from mmnotes.deepstack import with_level
from mmnotes.qwen3_vl import decoder
from tests.qwen3_vl import cases
from tests.qwen3_vl.cases import batch, ours, reference

TOLERANCE = 5e-5


@pytest.mark.parametrize("levels", [[1, 2, 3], [0, 3], []])
def test_logits_equal_those_of_transformers_with_levels_and_without(monkeypatch, levels):
    monkeypatch.setattr(cases, "LEVELS", levels)
    theirs = reference(experts=False)
    model = ours(theirs.state_dict(), experts=False)
    prompt, row, grids, inputs = batch()
    with torch.no_grad():
        expected = theirs(**inputs, use_cache=False).logits
    torch.testing.assert_close(
        model(prompt, row, grids)[prompt.kept], expected[prompt.kept], rtol=TOLERANCE, atol=TOLERANCE
    )


def logits_with(model, levels_of) -> Tensor:
    """Logits where the levels that the tower made are changed before they are added."""
    prompt, row, grids, _ = batch()
    x, position_ids, mask, visual, levels = model.inputs(prompt, row, grids)
    return model.head(model.language(x, position_ids, mask, visual, levels_of(levels)))[prompt.kept]


def everywhere(x: Tensor, visual: Tensor, level: Tensor) -> Tensor:
    """The mutation: words get the mean level."""
    return with_level(x + level.mean(0), visual, level - level.mean(0))


def test_without_swapped_and_everywhere_are_other_models(monkeypatch):
    """What the agreement above would not let pass: each is apart by far more than its tolerance."""
    theirs = reference(experts=False)
    model = ours(theirs.state_dict(), experts=False)
    right = logits_with(model, lambda levels: levels)
    for levels_of in (lambda levels: (), lambda levels: levels[::-1], lambda levels: [sum(levels)]):
        assert (logits_with(model, levels_of) - right).abs().max() > 0.1
    monkeypatch.setattr(decoder, "with_level", everywhere)
    assert (logits_with(model, lambda levels: levels) - right).abs().max() > 0.1


def test_words_before_a_picture_are_the_same_with_levels_and_without():
    theirs = reference(experts=False)
    model = ours(theirs.state_dict(), experts=False)
    prompt, row, grids, _ = batch()
    x, position_ids, mask, visual, levels = model.inputs(prompt, row, grids)
    one = model.language.states(x, position_ids, mask, visual, levels)
    other = model.language.states(x, position_ids, mask, visual)
    before = prompt.kept & (visual.cumsum(1) == 0)
    moved = torch.stack([(a - b).abs().amax(-1) for a, b in zip(one, other, strict=True)])
    assert (moved[:, before] == 0).all() and before.sum() > 6
    words_after = prompt.kept & ~visual & ~before
    assert (moved[1, words_after] == 0).all() and (moved[2, words_after] > 1e-3).all()


def test_transformers_records_a_layers_states_before_its_level_is_added():
    """With the levels and without: nothing differs at index 1, though the first level is added there; at 2 it does."""
    theirs = reference(experts=False)
    model = ours(theirs.state_dict(), experts=False)
    prompt, row, grids, _ = batch()
    x, position_ids, mask, visual, levels = model.inputs(prompt, row, grids)
    found = model.language.states(x, position_ids, mask, visual, levels)
    with torch.no_grad():
        given = {"inputs_embeds": x, "position_ids": position_ids, "attention_mask": prompt.kept.long()}
        given |= {"visual_pos_masks": visual, "output_hidden_states": True, "use_cache": False}
        with_levels, without = (
            theirs.model.language_model(**given, deepstack_visual_embeds=each).hidden_states for each in (levels, None)
        )
    assert torch.equal(with_levels[1], without[1])
    assert (with_levels[2] - without[2])[visual].abs().max() > 0.1
    for layer, level in enumerate(levels):
        recorded = with_levels[layer + 1]
        torch.testing.assert_close(
            with_level(recorded, visual, level)[prompt.kept],
            found[layer + 1][prompt.kept],
            rtol=TOLERANCE,
            atol=TOLERANCE,
        )
