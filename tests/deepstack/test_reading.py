"""Ridge regression, the share of variance that it explains, and the most that so many numbers allow."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from mmnotes.deepstack import explained, linear_reading, most_explained


def rand(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed)).double()


def test_shapes_and_that_half_precision_is_read_in_double():
    reading = linear_reading(rand(13, 5).float(), rand(13, 7).float())
    assert reading.weights.shape == (5, 7) and reading.offset.shape == (7,)
    assert reading.of(rand(3, 5).half()).dtype == torch.float64


def test_it_is_the_minimum_of_the_penalised_error():
    """The slope of the error by every weight and offset, written out with loops, is zero."""
    x, y, penalty = rand(17, 3), rand(17, 2, seed=1), 0.3
    reading = linear_reading(x, y, penalty=penalty)
    error = reading.of(x) - y
    for out in range(2):
        assert abs(sum(error[sample, out].item() for sample in range(17))) < 1e-12
        for dim in range(3):
            width = x[:, dim].std()
            slope = sum((error[sample, out] * (x[sample, dim] - x[:, dim].mean())).item() for sample in range(17))
            assert abs(slope / 17 + penalty * (width**2 * reading.weights[dim, out]).item()) < 1e-12


def test_a_linear_map_is_found_and_noise_is_not():
    x, map_ = rand(500, 5), rand(5, 7, seed=1)
    y = x @ map_ + 3
    reading = linear_reading(x[:400], y[:400], penalty=1e-9)
    torch.testing.assert_close(reading.weights, map_, rtol=1e-6, atol=1e-6)
    assert explained(y[400:], reading.of(x[400:])) > 1 - 1e-9
    noise = rand(500, 7, seed=2)
    assert explained(noise[400:], linear_reading(x[:400], noise[:400]).of(x[400:])) < 0.03


def test_a_column_that_never_changes_is_harmless():
    x = rand(20, 3)
    x[:, 1] = 5
    found, without = linear_reading(x, x[:, :1]), linear_reading(x[:, [0, 2]], x[:, :1])
    torch.testing.assert_close(found.of(x), without.of(x[:, [0, 2]]), rtol=1e-9, atol=1e-9)


def test_the_mean_explains_nothing_and_the_thing_itself_all():
    y = rand(11, 3)
    assert explained(y, y.mean(0).expand_as(y)).abs() < 1e-12 and explained(y, y) == 1 and explained(y, -y) < 0


def test_white_pixels_allow_one_share_for_each_number():
    y = torch.linalg.qr(rand(40, 8) - rand(40, 8).mean(0)).Q
    y = torch.linalg.qr(y - y.mean(0)).Q
    for numbers in range(9):
        assert abs(most_explained(y, numbers=numbers) - numbers / 8) < 1e-9
    assert abs(most_explained(y, numbers=99) - 1) < 1e-12


@given(st.integers(1, 5), st.integers(0, 999))
def test_no_features_explain_more_of_what_they_were_fitted_to(numbers, seed):
    """Made of y by any function: here a random map and a sine."""
    y = rand(60, 6) @ rand(6, 6, seed=1)
    x = (y @ rand(6, numbers, seed=seed)).sin()
    fitted = explained(y, linear_reading(x, y, penalty=1e-9).of(x))
    assert fitted <= most_explained(y, numbers=numbers) + 1e-9


def test_principal_components_reach_the_bound():
    y = rand(60, 6) @ rand(6, 6, seed=1)
    parts = torch.linalg.svd(y - y.mean(0), full_matrices=False)
    x = y @ parts.Vh[:3].T
    fitted = explained(y, linear_reading(x, y, penalty=1e-12).of(x))
    torch.testing.assert_close(fitted, most_explained(y, numbers=3), rtol=1e-6, atol=0)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: linear_reading(rand(1, 3), rand(1, 2)), "x must have at least two samples, got 1"),
        (lambda: linear_reading(rand(5, 3), rand(5, 2), penalty=0.0), "penalty must be > 0, got 0.0"),
        (lambda: most_explained(rand(5, 3), numbers=-1), "numbers must be >= 0, got -1"),
    ],
)
def test_bad_inputs_are_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()
