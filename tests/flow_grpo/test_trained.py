"""What was tuned and stored: the weights, the measures, and that the scripts still make them."""

import pytest
import torch

from mmnotes.flow_grpo import blueness, largest_std_advantages
from mmnotes.flow_grpo.pretrained import tuned_unet, untuned_unet
from mmnotes.layers.lora import lora_state
from mmnotes.layers.samples import stored_samples
from mmnotes.models.generator import pretrained_unet, to_pictures
from tools.flow_grpo import train
from tools.flow_grpo.study import MEASURES, SHOWN, drawn
from tools.flow_grpo.train import GROUP, VARIANTS, Variant, losses, new, tuned, worth


@pytest.fixture(scope="module")
def study():
    return stored_samples("mmnotes.flow_grpo", "study.npz")


def test_the_tuned_network_is_the_shipped_one_and_low_rank_weights():
    x, t, text = torch.randn(1, 3, 32, 32), torch.rand(1), torch.randn(1, 384)
    plain, start, end = pretrained_unet(), untuned_unet(), tuned_unet()
    assert torch.equal(start(x, t, text), plain(x, t, text))
    assert (end(x, t, text) - plain(x, t, text)).abs().max() > 0.05
    assert sum(each.numel() for each in lora_state(end).values()) == 63_680
    assert not any(each.requires_grad for each in end.parameters())


def test_the_prompts_that_are_tuned_on_are_no_others():
    assert len(set(tuned())) == len(set(new())) == 24 and not set(tuned()) & set(new())


def test_every_run_is_measured_and_has_its_settings(study):
    runs = study["runs"]
    assert runs.values("variant") == tuple(VARIANTS) and runs.values("measure") == MEASURES
    for name, variant in VARIANTS.items():
        last = runs.at(variant=name, rounds=train.ROUNDS, prompts="new")
        assert (~last.isnan()).all(1).nonzero()[:, 0].tolist() == list(variant.seeds)
    assert study["pictures"].values("concept") == SHOWN


@pytest.mark.remeasured
def test_the_stored_pictures_are_those_of_the_stored_weights(study):
    from mmnotes.data import concept_index

    asked = [concept_index(label) for label in SHOWN]
    again = drawn(tuned_unet(), asked, seeds=range(1))[0]
    kept = study["pictures"].at(variant="colour", rounds=train.ROUNDS)
    assert (again - kept).square().mean().sqrt() < 0.03
    assert blueness(again).mean() > 0.2


def small(monkeypatch):
    """Rounds of two prompts with two samples each, on a network of the real size."""
    monkeypatch.setattr(train, "PROMPTS", 2)
    monkeypatch.setattr(train, "GROUP", 2)


def test_the_updates_of_a_round_share_its_samples_and_the_next_round_draws_anew(monkeypatch):
    small(monkeypatch)
    torch.manual_seed(0)
    network, seeds = untuned_unet(), iter(range(9))
    asked = []
    monkeypatch.setattr(train, "rollout", lambda *given, **more: asked.append(1) or ROLLOUT(*given, **more))
    loss_of = losses(Variant(1.0, 0.0), network, pretrained_unet())
    first = loss_of(torch.Generator().manual_seed(next(seeds)))
    first.backward()
    assert len(asked) == 1 and abs(first.item()) < 1e-4  # at ratio one the loss is the mean advantage
    learning = {name: each.grad for name, each in network.named_parameters() if each.grad is not None}
    assert set(learning) == set(lora_state(network)) and any(each.abs().sum() > 0 for each in learning.values())
    loss_of(torch.Generator().manual_seed(next(seeds)))
    assert len(asked) == 1
    loss_of(torch.Generator().manual_seed(next(seeds)))
    assert len(asked) == 2


ROLLOUT = train.rollout


def test_advantages_of_the_colour_are_centred_and_high_for_blue():
    pictures = to_pictures(torch.randn(2 * GROUP, 3, 4, 4, generator=torch.Generator().manual_seed(0)))
    found = worth(Variant(1.0, 0.0), pictures, [0] * len(pictures))
    wanted = largest_std_advantages(blueness(pictures).unflatten(0, (2, GROUP))).flatten()
    torch.testing.assert_close(found, wanted)
    assert found.unflatten(0, (2, GROUP)).mean(1).abs().max() < 1e-5
