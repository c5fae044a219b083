"""What the small model is put through: losses reach what they shall, and levels go where each condition says."""

import pytest
import torch

from mmnotes.data.questions import LEXICON
from mmnotes.qwen3_vl.pretrained import small_qwen3_vl
from tools.qwen3_vl import stages, study, train
from tools.qwen3_vl.stages import Contrast


@pytest.fixture(autouse=True)
def few(monkeypatch):
    for size in ("SINGLE", "TOLD", "SMALL", "NAMED", "PICTURES", "FILMS", "ASKED", "ASKED_OF_FILMS"):
        monkeypatch.setattr(stages, size, 2)


def model():
    torch.manual_seed(0)
    return small_qwen3_vl(words=len(LEXICON))


def random():
    return torch.Generator().manual_seed(5)


@pytest.mark.parametrize("loss", [stages.naming_loss, stages.small_board_loss, stages.answer_loss])
def test_losses_about_pictures_reach_tower_mergers_and_language(loss):
    trained = model()
    value = loss(trained)(random())
    value.backward()
    missing = [name for name, each in trained.named_parameters() if each.grad is None or not each.grad.any()]
    assert value > 1 and not missing, missing


def test_a_blank_board_tells_nothing_about_the_picture():
    trained = model()
    loss_of = stages.naming_loss(trained, stages.blank)
    loss_of(random()).backward()
    weight = trained.vision.tower.patch.weight
    assert not weight.grad.any() and trained.vision.tower.patch.bias.grad.any()


def test_text_reaches_the_language_model_alone():
    trained = model()
    stages.text_loss(trained)(random()).backward()
    assert all(value.grad is None for value in trained.vision.parameters())
    assert all(value.grad is not None for value in (*trained.language.parameters(), *trained.head.parameters()))


@pytest.mark.parametrize("loss", [stages.contrast_loss, stages.region_loss])
def test_contrast_reaches_the_tower_and_its_own_map(loss):
    contrast = Contrast(model().vision.tower)
    value = loss(contrast)(random())
    value.backward()
    assert value > 1 and all(each.grad is not None for each in contrast.parameters())


def test_a_region_is_the_mean_of_the_tokens_of_its_cell():
    contrast = Contrast(model().vision.tower).requires_grad_(False)
    pictures, _ = stages.pictures_of_boards(2, cells=2, vendors=("noto",), seed=0)
    whole, cells = contrast.regions(pictures, cells=1), contrast.regions(pictures, cells=2)
    tokens = contrast.regions(pictures, cells=4)
    torch.testing.assert_close(tokens[:, :2, 2:].mean((1, 2)), cells[:, 0, 1])
    torch.testing.assert_close(tokens.mean((1, 2)), whole[:, 0, 0])


LEVELS = [torch.full((6, 2), float(number)) * torch.arange(1.0, 7.0)[:, None] for number in (1, 10, 100)]
VISUAL = torch.tensor([[False, True, True, True, False], [True, True, True, False, False]])


def test_what_is_done_to_levels():
    changed = {name: change(VISUAL, LEVELS) for name, change in study.CHANGES.items()}
    assert all(changed["as trained"][1][k] is LEVELS[k] for k in range(3))
    for name, gone in (("without level 2", [1]), ("without levels", [0, 1, 2])):
        assert [not level.any() for level in changed[name][1]] == [k in gone for k in range(3)]
    assert len(changed["at once"][1]) == 1 and changed["at once"][1][0].equal(111 * LEVELS[0])
    assert changed["swapped"][1][0] is LEVELS[2]
    visual, levels = changed["everywhere"]
    spread = levels[0].view(2, 5, 2)
    assert visual.all() and spread[VISUAL].equal(LEVELS[0])
    assert spread[0, 0].tolist() == [2, 2] and spread[1, 4].tolist() == [5, 5], "the mean of a picture's tokens"


def test_another_picture_is_that_of_the_row_before():
    films, boards = study.pictures_of_boards(3, vendors=("noto",), seed=0)
    questions = stages.questions_about(boards, ("count",), each=1, random=random())
    given = study.asked(films, [[*map(study.answer_to, row)] for row in questions])
    moved = study.shuffled(given).row.view(3, -1)
    assert moved.equal(given.row.view(3, -1)[[2, 0, 1]]) and not moved.equal(given.row.view(3, -1))


def test_shares_are_measured_for_every_kind_and_an_untrained_model_is_near_none(monkeypatch):
    monkeypatch.setattr(study, "BOARDS", 4)
    untrained = model().requires_grad_(False)
    shares = study.accuracy(untrained, seed=0)
    assert shares.shape == (len(study.KINDS),) and shares.mean() < 0.3
    small = study.small_accuracy(untrained, prepared=stages.as_it_is, seed=0)
    assert small.shape == (3,) and small.mean() < 0.4


def test_variants_differ_where_they_say():
    made = {variant: train.of_variant(variant) for variant in train.VARIANTS}
    assert not made["sectioned"].language.axes.equal(made["interleaved"].language.axes)
    assert [len(each.vision.level_mergers) for each in made.values()] == [3, 3, 3, 0, 3]
    assert train.prepared_for("line") is train.on_a_line and train.prepared_for("sectioned") is stages.as_it_is


def test_every_variant_starts_from_one_tower_and_one_language_model(monkeypatch, tmp_path):
    monkeypatch.setattr("tools.training.KEPT", tmp_path)
    monkeypatch.setattr(train, "STEPS", dict.fromkeys(train.STEPS, 1))
    one, other = train.with_foundations("no levels"), train.with_foundations("interleaved")
    for name in ("vision.tower", "language", "head"):
        ours, theirs = (each.get_submodule(name).state_dict() for each in (one, other))
        assert all(value.equal(theirs[key]) for key, value in ours.items())
