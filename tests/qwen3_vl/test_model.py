"""The whole model against transformers, dense and with experts, and mutations that must not agree; bad inputs."""

import pytest
import torch
from einops import rearrange
from torch.nn.functional import interpolate

from mmnotes.deepstack import with_level
from mmnotes.qwen3_vl import generate, prompt_of
from tests.qwen3_vl.cases import IMAGES, batch, ours, reference

TOLERANCE = 5e-5


@pytest.fixture(scope="module", params=[False, True], ids=["dense", "experts"])
def both(request):
    """transformers' model and ours, with one set of weights."""
    theirs = reference(experts=request.param)
    return theirs, ours(theirs.state_dict(), experts=request.param)


def logits_of(theirs, inputs):
    with torch.no_grad():
        return theirs(**inputs, use_cache=False).logits


def test_logits_equal_those_of_transformers(both):
    theirs, model = both
    prompt, row, grids, inputs = batch()
    expected, logits = logits_of(theirs, inputs), model(prompt, row, grids)
    assert expected[prompt.kept].abs().max() > 1
    torch.testing.assert_close(logits[prompt.kept], expected[prompt.kept], rtol=TOLERANCE, atol=TOLERANCE)


def test_greedy_generation_equals_that_of_transformers_word_for_word(both):
    theirs, model = both
    prompt, row, grids, inputs = batch()
    expected = theirs.generate(**inputs, do_sample=False, max_new_tokens=9, eos_token_id=None, pad_token_id=0)
    said = generate(model, prompt, row, grids, words=9)
    assert said.tolist() == expected[:, -9:].tolist()


def test_text_alone_equals_that_of_transformers(both):
    theirs, model = both
    prompt = prompt_of([[[3, 9, 5, 2]], [[4, 1]]], merge=2)
    inputs = {"input_ids": prompt.ids, "attention_mask": prompt.kept.long()}
    logits = model(prompt, torch.zeros(0, 96), [])
    expected = logits_of(theirs, inputs)
    torch.testing.assert_close(logits[prompt.kept], expected[prompt.kept], rtol=TOLERANCE, atol=TOLERANCE)


def raster(grid, *, merge):
    places = torch.cartesian_prod(torch.arange(grid.rows), torch.arange(grid.columns))
    return places.repeat(grid.frames, 1)


def unaligned(entries, places):
    spread = interpolate(rearrange(entries, "side rest dim -> rest dim side"), places, mode="linear")
    return rearrange(spread, "rest dim places -> places rest dim")


def everywhere(x, visual, level):
    return with_level(x, visual, level) + level.mean(0) * ~visual[..., None]


MUTATIONS = {
    "raster order": ("mmnotes.vision_tower.positions.block_order", raster),
    "corners not aligned": ("mmnotes.vision_tower.positions._read_between", unaligned),
    "levels at words too": ("mmnotes.qwen3_vl.decoder.with_level", everywhere),
    "no levels": ("mmnotes.qwen3_vl.decoder.with_level", lambda x, visual, level: x),
}


@pytest.mark.parametrize(("place", "mutant"), MUTATIONS.values(), ids=MUTATIONS)
def test_a_mutation_is_not_transformers(both, monkeypatch, place, mutant):
    theirs, model = both
    prompt, row, grids, inputs = batch()
    monkeypatch.setattr(place, mutant)
    wrong, expected = model(prompt, row, grids)[prompt.kept], logits_of(theirs, inputs)[prompt.kept]
    assert (wrong - expected).abs().max() > 1000 * TOLERANCE


def test_patches_in_raster_order_are_other_pictures(both):
    _, model = both
    prompt, row, grids, _ = batch()
    first = IMAGES[0].patches()  # of 4 rows and 6 columns
    mixed = row[:first].view(2, 3, 2, 2, -1).transpose(1, 2).reshape(first, -1)
    right, wrong = model(prompt, row, grids), model(prompt, torch.cat([mixed, row[first:]]), grids)
    assert (right - wrong)[0, prompt.kept[0]].abs().max() > 0.01
    torch.testing.assert_close(right[1:], wrong[1:])


def test_what_comes_before_a_picture_does_not_know_it_and_what_comes_after_does(both):
    _, model = both
    prompt, row, grids, _ = batch()
    row = row.clone().requires_grad_()
    before = int(prompt.kept[0].int().argmax()) + 2  # the word before the first picture
    (slope,) = torch.autograd.grad(model(prompt, row, grids)[0, before].sum(), row, retain_graph=True)
    assert slope.abs().max() == 0
    (slope,) = torch.autograd.grad(model(prompt, row, grids)[0, -1].sum(), row)
    own = sum(grid.patches() for grid in IMAGES)
    assert slope[:own].abs().amin(0).min() >= 0 and (slope[:own].abs().amax(1) > 0).all()
    assert slope[own:].abs().max() == 0, "another conversation's film"


def test_pictures_that_the_prompt_does_not_have(both):
    _, model = both
    prompt, row, grids, _ = batch()
    count = int(prompt.visual.sum())
    with pytest.raises(ValueError, match=f"grids must have {count} tokens as the prompt, got {count - 12}"):
        model(prompt, row[: -grids[-1].patches()], grids[:-1])
    with pytest.raises(ValueError, match=f"row must have the {len(row)} patches of grids, got {len(row) - 4}"):
        model(prompt, row[4:], grids)
