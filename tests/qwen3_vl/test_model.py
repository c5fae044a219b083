"""The whole model against transformers, dense and with experts."""

import pytest
import torch

from mmnotes.qwen3_vl import generate
from tests.qwen3_vl.cases import batch, ours, reference

TOLERANCE = 5e-5


@pytest.mark.parametrize("experts", [False, True])
def test_logits_equal_those_of_transformers(experts):
    theirs = reference(experts=experts)
    model = ours(theirs.state_dict(), experts=experts)
    prompt, row, grids, inputs = batch()
    with torch.no_grad():
        expected = theirs(**inputs, use_cache=False).logits
    logits = model(prompt, row, grids)
    torch.testing.assert_close(logits[prompt.kept], expected[prompt.kept], rtol=TOLERANCE, atol=TOLERANCE)


@pytest.mark.parametrize("experts", [False, True])
def test_greedy_generation_equals_that_of_transformers_word_for_word(experts):
    theirs = reference(experts=experts)
    model = ours(theirs.state_dict(), experts=experts)
    prompt, row, grids, inputs = batch()
    expected = theirs.generate(**inputs, do_sample=False, max_new_tokens=9, eos_token_id=None, pad_token_id=0)
    said = generate(model, prompt, row, grids, words=9)
    assert said.tolist() == expected[:, -9:].tolist()
