import pytest
import torch

from mmnotes.coarse_to_fine import noised_draft, on_short_path, refined, short_times, short_velocity
from mmnotes.flow import on_path


def rand(*shape, seed):
    return torch.randn(shape, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


FILM, DRAFT, NOISE = (rand(2, 3, 5, 7, 7, seed=seed) for seed in range(3))


def test_the_path_joins_the_noised_draft_to_the_film():
    start = noised_draft(DRAFT, NOISE, t_th=0.6)
    t = torch.tensor([0.0, 0.6], dtype=torch.float64)
    found = on_short_path(FILM, start, t, t_th=0.6)
    torch.testing.assert_close(found, torch.stack([FILM[0], start[1]]))


def test_as_loops():
    start = noised_draft(DRAFT, NOISE, t_th=0.7)
    t = torch.tensor([0.2, 0.5], dtype=torch.float64)
    found = on_short_path(FILM, start, t, t_th=0.7)
    at = (1, 2, 4, 6, 0)
    x_th = 0.3 * DRAFT[at] + 0.7 * NOISE[at]
    torch.testing.assert_close(start[at], x_th)
    torch.testing.assert_close(found[at], FILM[at] + (x_th - FILM[at]) * 0.5 / 0.7)
    torch.testing.assert_close(short_velocity(FILM, start, t_th=0.7)[at], (x_th - FILM[at]) / 0.7)


def test_the_velocity_is_the_slope_of_the_path():
    start = noised_draft(DRAFT, NOISE, t_th=0.4)
    early, late = (on_short_path(FILM, start, torch.full((2,), t).double(), t_th=0.4) for t in (0.125, 0.25))
    slope = (late - early) / 0.125
    torch.testing.assert_close(slope, short_velocity(FILM, start, t_th=0.4))


def test_the_velocity_is_that_of_the_whole_path_and_what_the_draft_lacks():
    start = noised_draft(DRAFT, NOISE, t_th=0.4)
    torch.testing.assert_close(short_velocity(FILM, start, t_th=0.4), NOISE - FILM + 0.6 / 0.4 * (DRAFT - FILM))


def test_noise_has_the_share_that_the_time_says():
    t = torch.tensor([0.15, 0.45], dtype=torch.float64)
    points = [
        on_short_path(FILM, noised_draft(DRAFT, each, t_th=0.5), t, t_th=0.5)
        for each in (NOISE, torch.zeros_like(NOISE))
    ]
    torch.testing.assert_close(points[0] - points[1], t[:, None, None, None, None] * NOISE)


def test_a_perfect_draft_leaves_the_ordinary_path():
    t = torch.tensor([0.2, 0.3], dtype=torch.float64)
    found = on_short_path(FILM, noised_draft(FILM, NOISE, t_th=0.5), t, t_th=0.5)
    torch.testing.assert_close(found, on_path(FILM, NOISE, t))


def test_the_true_velocity_leads_to_the_film_in_any_number_of_steps():
    start = noised_draft(DRAFT, NOISE, t_th=0.5)
    for steps in (1, 5):
        found = refined(lambda x, t: short_velocity(FILM, start, t_th=0.5), DRAFT, NOISE, t_th=0.5, steps=steps)
        torch.testing.assert_close(found, FILM)


def test_at_threshold_one_nothing_of_the_draft_is_left():
    torch.testing.assert_close(noised_draft(DRAFT, NOISE, t_th=1.0), NOISE)


def test_times_of_the_released_code():
    """LongCat-Video at 6b3f4b8, generate_refine with 6 steps and the threshold .5, run by itself."""
    expected = torch.tensor([0.5, 0.4006, 0.2008, 0.001, 0.0])
    torch.testing.assert_close(short_times(steps=6, t_th=0.5), expected, rtol=0, atol=1e-4)
    assert len(short_times(steps=50, t_th=0.5)) == 27  # 26 steps, where the report has five


def test_inputs_stay_as_they_are_and_half_precision_is_rounded_once():
    film, draft, noise = FILM.half(), DRAFT.half(), NOISE.half()
    before = film.clone()
    start = noised_draft(draft, noise, t_th=0.3)
    exact = (0.7 * draft.float() + 0.3 * noise.float()).half()
    torch.testing.assert_close(start, exact, rtol=0, atol=0)
    assert on_short_path(film, start, torch.tensor([0.1, 0.2]), t_th=0.3).dtype == torch.float16
    assert short_velocity(film, start, t_th=0.3).dtype == torch.float16
    assert torch.equal(film, before)


@pytest.mark.parametrize("t_th", [0.0, -0.1, 1.01, float("nan")])
@pytest.mark.parametrize(
    "call",
    [
        lambda t_th: noised_draft(DRAFT, NOISE, t_th=t_th),
        lambda t_th: on_short_path(FILM, DRAFT, torch.zeros(2, dtype=torch.float64), t_th=t_th),
        lambda t_th: short_velocity(FILM, DRAFT, t_th=t_th),
        lambda t_th: short_times(steps=4, t_th=t_th),
        lambda t_th: refined(lambda x, t: x, DRAFT, NOISE, t_th=t_th, steps=1),
    ],
)
def test_a_threshold_outside_is_named(call, t_th):
    with pytest.raises(ValueError, match=f"t_th must be above 0 and at most 1, got {t_th}"):
        call(t_th)


def test_too_few_steps_are_named():
    with pytest.raises(ValueError, match="steps must be at least 2, got 1"):
        short_times(steps=1, t_th=0.5)
    with pytest.raises(ValueError, match="steps must be at least 1, got 0"):
        refined(lambda x, t: x, DRAFT, NOISE, t_th=0.5, steps=0)


def test_no_time_comes_twice():
    times = short_times(steps=50, t_th=1.0)
    assert len(times) == 51 and (times.diff() < 0).all()
