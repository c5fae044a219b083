"""The stored comparison of readouts trained apart: what it holds, and that its script still begins as it did."""

import pytest
import torch

from mmnotes.data import concepts
from mmnotes.layers.stored import stored_arrays
from tools.clip.apart import RULES, SEEDS, first_losses


def test_every_rank_is_a_place_in_its_split():
    ranks = stored_arrays("mmnotes.clip", "apart.npz")["ranks"]
    held_out = torch.tensor([concept.held_out for concept in concepts()])
    assert ranks.shape == (len(SEEDS), len(RULES), 3, len(concepts()))
    assert ranks.min() == 1 and ranks[..., ~held_out].max() <= 649 and ranks[..., held_out].max() <= 200


def test_one_run_begins_as_it_did_when_it_was_stored():
    stored = stored_arrays("mmnotes.clip", "apart.npz")["first_losses"]
    assert first_losses("attention", 0, steps=2).tolist() == pytest.approx(stored[0, 2, :2].tolist(), abs=0.02)
    assert (stored[0, 0] - stored[0, 1]).abs().max() > 0.02, "another readout is another run"
