"""A training run that was cut off ends where an uninterrupted one does."""

import pytest
import torch
from torch import nn

from tools import training


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
    found = torch.from_numpy(training.rounded(values, bits=5)).double()
    assert found.tolist() == [1, -1.5, 0.296875, 1008, pytest.approx(1e-3, rel=2**-6)]
    assert ((found / values.double() - 1).abs() <= 2**-6).all() and (found != values.double()).any()
