"""What the building exercises are compared with: a loss as loops; a straight field ends at the film."""

import pytest
import torch

from mmnotes.coarse_to_fine import building


def test_the_loss_as_loops():
    film, draft, noise, shares = building.FILM, building.DRAFT, building.NOISE, building._SHARES
    total, count = 0.0, 0
    for row, share in enumerate(shares.tolist()):
        for column in range(film.shape[1]):
            start = 0.6 * draft[row, column] + 0.4 * noise[row, column]
            x = film[row, column] + share * (start - film[row, column])
            found = torch.sin(x + 3 * 0.4 * share)
            total += float(found - (start - film[row, column]) / 0.4) ** 2
            count += 1
    assert float(building._loss(building._network, film, draft, noise, shares, 0.4)) == pytest.approx(total / count)


@pytest.mark.parametrize("steps", [1, 3])
def test_a_refinement_along_the_line_to_the_film_ends_there(steps):
    film, draft, noise = building.FILM, building.DRAFT, building.NOISE
    start = 0.3 * draft + 0.7 * noise
    found = building._refined(lambda x, t: (start - film) / 0.7, draft, noise, 0.7, steps)
    torch.testing.assert_close(found, film, rtol=0, atol=1e-5)
