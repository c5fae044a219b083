"""What the scripts share: a training run that was cut off ends where an uninterrupted one does."""

import itertools

import numpy as np
import pytest
import torch
from torch import nn

from tools import training
from tools.decoupled_attention import train as decoupled_attention
from tools.dino import distilling
from tools.flow import train as flow
from tools.zero_conv import train as zero_conv


class CutOff(Exception):
    """Stands for an interruption."""


def run(*, cut_at: int | None = None) -> nn.Module:
    torch.manual_seed(0)
    model = nn.Linear(3, 2)
    optimiser = torch.optim.AdamW(model.parameters(), lr=0.0)

    def loss_of(generator: torch.Generator) -> torch.Tensor:
        run.calls += 1
        if run.calls == cut_at:
            raise CutOff
        return model(torch.randn(5, 3, generator=generator)).square().mean()

    run.calls = 0
    training.train_(model, optimiser, loss_of, lambda step: 0.1 / (1 + step), name="line", steps=9, seed=3)
    return model


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.setattr(training, "KEPT", tmp_path / "training")
    monkeypatch.setattr(training, "KEEP_EVERY", 4)


def test_it_goes_on_where_it_was_cut_off(tmp_path, monkeypatch, capsys):
    whole = run()
    assert run.calls == 9
    monkeypatch.setattr(training, "KEPT", tmp_path / "other")
    with pytest.raises(CutOff):
        run(cut_at=7)
    assert training.steps_done(name="line", seed=3) == 4 and training.steps_done(name="line", seed=4) == 0
    with pytest.raises(SystemExit, match=r"line, seed 3, has 4 of 9 steps; nothing is written"):
        training.check_whole(name="line", seed=3, steps=9)
    training.check_whole(name="line", seed=3, steps=4)
    resumed = run()
    assert run.calls == 5 and "line: goes on from step 4" in capsys.readouterr().out
    assert all(torch.equal(a, b) for a, b in zip(whole.parameters(), resumed.parameters(), strict=True))
    assert [file.name for file in (tmp_path / "other").iterdir()] == ["line-3.pt"], "no half-written state is left"


def test_a_finished_run_is_not_trained_further():
    first, second = run(), run()
    assert run.calls == 0
    assert all(torch.equal(a, b) for a, b in zip(first.parameters(), second.parameters(), strict=True))


def test_it_shows_where_it_stands(monkeypatch, capsys):
    monkeypatch.setattr(training, "SHOW_EVERY", 3)
    run()
    lines = capsys.readouterr().out.splitlines()
    assert [line.split(",")[1] for line in lines] == [f" seed 3: step {step} of 9" for step in (3, 6, 9)]


def test_rounding_keeps_so_many_bits():
    values = torch.tensor([1.0, -1.5, 0.3, 1000.1, 1e-3])
    found = torch.from_numpy(training.rounded({"values": values}, bits=5)["values"]).double()
    assert found.tolist() == [1, -1.5, 0.296875, 1008, pytest.approx(1e-3, rel=2**-6)]
    assert ((found / values.double() - 1).abs() <= 2**-6).all() and (found != values.double()).any()


def test_the_rate_rises_is_level_and_falls():
    rates = [training.rate(step, highest=2.0, steps=100, warm_up=10, level=0.5) for step in range(100)]
    assert rates[:3] == pytest.approx([0, 0.2, 0.4]) and set(rates[10:51]) == {2.0}
    assert rates[75] == pytest.approx(1) and rates[99] < 0.01
    falls = [training.rate(step, highest=2.0, steps=100, warm_up=10, first=1) for step in range(100)]
    assert falls[0] == pytest.approx(0.2) and falls[50] == pytest.approx(1)
    assert all(one > other for one, other in itertools.pairwise(falls[9:]))


@pytest.mark.parametrize(
    ("script", "rates"),
    [
        (flow, {0: 0, 250: 1e-3, 8_000: 2e-3, 12_000: 1e-3, 16_000: 0, 16_250: 1e-3, 28_000: 2e-3, 34_000: 1e-3}),
        (zero_conv, {0: 0, 50: 7.5e-4, 1_500: 1.5e-3, 2_250: 7.5e-4}),
        (distilling, {0: 1e-3 / 30, 29: 9.968e-4, 400: 5e-4, 600: 1e-3 * (1 - 0.5**0.5) / 2}),
        (decoupled_attention, {0: 0, 50: 2e-3, 1_200: 2e-3, 1_800: 4e-3 * (1 - 0.5**0.5) / 2}),
    ],
)
def test_the_rates_that_made_the_shipped_weights(script, rates):
    assert [script.rate_at(step) for step in rates] == pytest.approx(list(rates.values()), rel=0.005)


def test_pictures_are_moved_on_white_by_at_most_so_much():
    pictures = torch.ones(200, 1, 5, 5)
    pictures[..., 2, 2] = 0
    moved = training.shifted(pictures, most=2, random=torch.Generator().manual_seed(0))
    assert moved.shape == pictures.shape and (moved.flatten(1) == 0).sum(1).tolist() == [1] * 200
    assert moved.amin((0, 1)).tolist() == [[0] * 5] * 5, "every place within two pixels is reached"
    assert (training.shifted(pictures, most=1, random=torch.Generator().manual_seed(0))[..., 0, :] == 1).all()


def test_pictures_are_stored_as_levels_under_the_names_of_their_settings():
    drawn = [torch.full((2, 3, 1, 1), place / 10) for place in range(6)]
    axes = {"pair": ["one", "two"], "scale": [0, 1, 2], "sample": range(2)}
    found = training.shades(drawn, axes, levels=63, settings={"seed": 4})
    assert found.stored.dtype == torch.uint8 and found.settings == {"seed": 4}
    torch.testing.assert_close(found.at(pair="two", scale=1), drawn[4], rtol=0, atol=1 / 126)


def test_a_written_file_holds_its_entries(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(training, "PACKAGE", tmp_path)
    training.write("two.npz", {"one": np.arange(3)})
    assert np.load(tmp_path / "two.npz")["one"].tolist() == [0, 1, 2]
    assert f"sha256 {training.digest(tmp_path / 'two.npz')}" in capsys.readouterr().out
