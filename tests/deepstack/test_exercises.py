"""The exercises ask for what the package does."""

import torch

from mmnotes.deepstack import LevelMerger
from mmnotes.page import check
from mmnotes.page.exercises import exercise_of, values_of


def test_the_price_of_a_merger_is_the_count_of_its_parameters():
    for dim, merge, out in exercise_of("deepstack-1").inputs:
        with torch.device("meta"):
            merger = LevelMerger(dim=dim, merge=merge, out=out)
        assert sum(each.numel() for each in merger.parameters()) == exercise_of("deepstack-1").solution(dim, merge, out)


def test_the_merger_that_is_asked_for_is_a_level_merger_without_biases():
    for x, up, down in exercise_of("deepstack-2").inputs:
        merger = LevelMerger(dim=x.shape[1], merge=2, out=len(down)).double()
        for layer, weight in ((merger.up, up), (merger.down, down)):
            layer.load_state_dict({"weight": weight, "bias": torch.zeros(len(weight))})
        torch.testing.assert_close(exercise_of("deepstack-2").solution(x, up, down), merger(x).detach())


def test_the_groups_hold_every_token_once():
    exercise = exercise_of("deepstack-5")
    for (tokens, side), groups in zip(exercise.inputs, values_of(exercise.solution, exercise.inputs), strict=True):
        assert groups.shape == (side**2, tokens[..., 0].numel() // side**2, tokens.shape[-1])
        assert torch.equal(groups.flatten().sort().values, tokens.flatten().sort().values)


def test_a_list_is_an_answer_to_who_hears_first():
    assert check("deepstack-4", lambda layer: [layer + 1, layer + 2, layer + 2]).right is True
