"""Generation: a cached step is the whole run, at the right offset and at no other; filling changes no word."""

import pytest
import torch

from mmnotes.qwen3_vl import Cache, generate, prompt_of
from tests.qwen3_vl.cases import CONVERSATIONS, IMAGES, batch, ours, reference


@pytest.fixture(scope="module", params=[False, True], ids=["dense", "experts"])
def model(request):
    return ours(reference(experts=request.param).state_dict(), experts=request.param)


def one():
    """A conversation with two pictures, and their patches."""
    _, row, _, _ = batch()
    return prompt_of(CONVERSATIONS[:1], merge=2), row[: sum(grid.patches() for grid in IMAGES)], IMAGES


def after(prompt, word, *, offset):
    """Where a word that was said stands: number of tokens so far plus the offset, three times."""
    return torch.full((3, 1, 1), prompt.ids.shape[1] + offset)


def test_a_cached_step_is_the_whole_run(model):
    prompt, row, grids = one()
    cache = Cache()
    assert len(cache) == 0
    model(prompt, row, grids, cache)
    tokens = prompt.ids.shape[1]
    assert len(cache) == tokens
    word = torch.tensor([[17]])
    whole = prompt_of([[*CONVERSATIONS[0], [17]]], merge=2)
    expected = model(whole, row, grids)[:, -1]
    found = []
    for offset in (int(prompt.free) - tokens, 0):
        again = Cache()
        again.keys, again.values = list(cache.keys), list(cache.values)
        x = model.language.words(word)
        mask = torch.ones(1, 1, tokens + 1, dtype=torch.bool)
        state = model.language(x, after(prompt, word, offset=offset), mask, cache=again)
        found.append(model.head(state)[:, -1])
        assert len(again) == tokens + 1
    torch.testing.assert_close(found[0], expected, rtol=1e-5, atol=2e-5)
    assert (found[1] - expected).abs().max() > 0.01, "an offset that is forgotten shows"


def test_without_a_mask_a_step_reads_all_that_is_kept(model):
    prompt, row, grids = one()
    cache, whole = Cache(), prompt_of([[*CONVERSATIONS[0], [17]]], merge=2)
    model(prompt, row, grids, cache)
    state = model.language(model.language.words(torch.tensor([[17]])), prompt.free.expand(3, 1, 1), cache=cache)
    torch.testing.assert_close(model.head(state)[:, -1], model(whole, row, grids)[:, -1], rtol=1e-5, atol=2e-5)


def test_said_word_by_word_is_said_in_one_run(model):
    """Greedy words, each the likeliest of a run over everything before it without any cache."""
    prompt, row, grids = one()
    said = generate(model, prompt, row, grids, words=6)[0].tolist()
    words: list[int] = []
    for _ in range(6):
        parts = [*CONVERSATIONS[0], words] if words else CONVERSATIONS[0]
        words.append(int(model(prompt_of([parts], merge=2), row, grids)[0, -1].argmax()))
    assert said == words


def test_a_forgotten_offset_says_other_words(model):
    """The count of tokens instead of the next free position, as if a picture took as many positions as tokens."""
    prompt, row, grids, _ = batch()
    right = generate(model, prompt, row, grids, words=9)
    counted = prompt._replace(free=prompt.kept.sum(1))
    wrong = generate(model, counted, row, grids, words=9)
    assert torch.equal(right[:, 0], wrong[:, 0]), "the first word is the prompt's, whose ids are right"
    assert (right[:2] != wrong[:2]).any(), "after pictures"
    assert torch.equal(right[2], wrong[2]), "text alone has as many positions as tokens"


def test_rows_of_a_batch_say_what_they_say_alone(model):
    prompt, row, grids, _ = batch()
    together = generate(model, prompt, row, grids, words=7)
    patches = [sum(grid.patches() for grid in IMAGES), grids[-1].patches(), 0]
    rows = row.split(patches)
    for place, (parts, own, shown) in enumerate(zip(CONVERSATIONS, rows, (IMAGES, grids[-1:], []), strict=True)):
        alone = prompt_of([parts], merge=2)
        assert torch.equal(generate(model, alone, own, shown, words=7)[0], together[place])
        kept = prompt.kept[place]
        torch.testing.assert_close(
            model(alone, own, shown)[0], model(prompt, row, grids)[place, kept], rtol=1e-4, atol=5e-5
        )


def test_bad_numbers_of_words(model):
    prompt, row, grids = one()
    for words in (0, -1):
        with pytest.raises(ValueError, match=f"words must be >= 1, got {words}"):
            generate(model, prompt, row, grids, words=words)
