import cmath
import math

import pytest
import torch

from mmnotes.coarse_to_fine import drafted, enlarged, hiding_time, sharpness, wave_powers


def noise(*shape, seed=0):
    return torch.randn(shape, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


def test_as_loops():
    film = noise(1, 2, 1, 6, 6)
    sums, counts = [0.0] * 4, [0] * 4
    for frame in film[0, :, 0].tolist():
        for k in range(-3, 3):
            for m in range(-3, 3):
                ring = round(math.hypot(k, m))
                if ring > 3:
                    continue
                wave = sum(
                    frame[y][x] * cmath.exp(-2j * cmath.pi * (k * y + m * x) / 6) for y in range(6) for x in range(6)
                )
                sums[ring] += abs(wave / 6) ** 2
                counts[ring] += 1
    expected = [each / count for each, count in zip(sums, counts, strict=True)]
    torch.testing.assert_close(wave_powers(film), torch.tensor(expected, dtype=torch.float64))


def test_noise_of_variance_one_has_power_one_in_every_ring():
    found = wave_powers(noise(3, 40, 3, 16, 16))
    assert found.shape == (9,)
    torch.testing.assert_close(found, torch.ones(9, dtype=torch.float64), rtol=0, atol=0.15)


def test_one_wave_is_in_its_ring_alone():
    x = torch.arange(12, dtype=torch.float64)
    film = torch.cos(2 * torch.pi * 4 * x / 12).expand(1, 1, 1, 12, 12)
    found = wave_powers(film)
    assert found.argmax() == 4
    torch.testing.assert_close(found[[0, 1, 2, 3, 5, 6]], torch.zeros(6, dtype=torch.float64))


def test_at_its_hiding_time_a_wave_is_as_strong_as_the_noise():
    power = torch.tensor([0.0, 0.3, 1.0, 50.0], dtype=torch.float64)
    t = hiding_time(power)
    torch.testing.assert_close((1 - t) ** 2 * power, t**2)


def test_sharpness_of_the_truth_is_one_and_of_its_draft_nearly_none():
    truth = noise(1, 4, 2, 16, 16)
    draft = enlarged(drafted(truth, factor=2), frames=4, side=16)
    assert sharpness(truth, truth) == pytest.approx(1)
    assert sharpness(2 * truth, truth) == pytest.approx(4)
    assert sharpness(draft, truth) < 0.1


def test_half_precision_is_rounded_once():
    film = noise(1, 1, 1, 6, 6).half()
    assert wave_powers(film).dtype == torch.float16
    torch.testing.assert_close(wave_powers(film), wave_powers(film.float()).half(), rtol=0, atol=0)


def test_bad_input_is_named():
    with pytest.raises(ValueError, match=r"film must hold at least one frame, got the shape \(0, 2, 1, 4, 4\)"):
        wave_powers(torch.zeros(0, 2, 1, 4, 4))
    with pytest.raises(ValueError, match="truth must have waves shorter than four pixels, got none"):
        sharpness(noise(1, 1, 1, 8, 8), torch.zeros(1, 1, 1, 8, 8, dtype=torch.float64))
