"""The centre: a moving average of the batch mean."""

import pytest
import torch

from mmnotes.dino import centred_targets, updated_centre
from tests.dino.cases import waves


def test_is_the_average_over_views_and_pictures():
    centre, logits = torch.linspace(-1, 1, 7).double(), waves(2, 5, 7).double()
    for k, found in enumerate(updated_centre(centre, logits, momentum=0.7).tolist()):
        mean = sum(logits[v, b, k].item() for v in range(2) for b in range(5)) / 10
        assert found == pytest.approx(0.7 * centre[k].item() + 0.3 * mean, rel=1e-12)


def test_a_row_alone_and_any_number_of_axes_before_the_prototypes():
    centre, logits = torch.zeros(5), waves(4, 3, 5)
    torch.testing.assert_close(updated_centre(centre, logits), updated_centre(centre, logits.flatten(0, 1)))
    torch.testing.assert_close(updated_centre(centre, logits[0, 0], momentum=0.0), logits[0, 0])


def test_the_ends_of_the_momentum():
    centre, logits = torch.ones(5), waves(2, 3, 5)
    assert torch.equal(updated_centre(centre, logits, momentum=1.0), centre)
    torch.testing.assert_close(updated_centre(centre, logits, momentum=0.0), logits.mean((0, 1)))


def test_what_was_given_stays_and_nothing_gets_a_gradient():
    centre, logits = torch.zeros(5), waves(2, 3, 5).requires_grad_()
    found = updated_centre(centre, logits)
    assert not found.requires_grad and torch.equal(centre, torch.zeros(5))


def test_the_centre_is_subtracted():
    """A prototype that is said all the time loses; added, as equation 4 reads, it would win still more."""
    logits = torch.zeros(2, 3, 5)
    logits[..., 0] = 1
    centre = updated_centre(torch.zeros(5), logits, momentum=0.0)
    torch.testing.assert_close(centred_targets(logits, centre), torch.full((2, 3, 5), 0.2))
    assert centred_targets(logits, -centre)[..., 0].min() > 0.99


def test_what_is_refused():
    for momentum in (-0.1, 1.1):
        with pytest.raises(ValueError, match=f"momentum must be within 0 and 1, got {momentum}"):
            updated_centre(torch.zeros(5), waves(2, 3, 5), momentum=momentum)
    with pytest.raises(ValueError, match="logits must hold at least one row"):
        updated_centre(torch.zeros(5), torch.zeros(2, 0, 5))
