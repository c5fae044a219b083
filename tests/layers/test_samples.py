"""Tables are read by the names of their rows, whatever order the rows are stored in."""

import numpy as np
import pytest
import torch

from mmnotes.layers import samples as module
from mmnotes.layers.samples import Samples, packed, stored_samples

AXES = {"concept": ["tiger", "crab"], "scale": [0.0, 0.5, 2.0], "seed": [3, 7, 11, 4, 5]}
VALUES = torch.arange(2 * 3 * 5 * 7).reshape(2, 3, 5, 7)
SORTED = [0, 3, 4, 1, 2]  # of the seeds


@pytest.fixture
def table():
    return Samples(VALUES, AXES)


def permuted(order: dict[str, list[int]]) -> Samples:
    """The table with its rows, and with them their names, in another order."""
    values, axes = VALUES, dict(AXES)
    for number, (axis, rows) in enumerate(order.items()):
        values, axes[axis] = values.index_select(number, torch.tensor(rows)), [AXES[axis][row] for row in rows]
    return Samples(values, axes)


def test_one_place_of_each_axis(table):
    assert torch.equal(table.at(concept="crab", scale=0.5, seed=4), VALUES[1, 1, 3])


def test_axes_that_are_not_named_stay_in_the_order_of_their_values(table):
    assert table.values("concept") == ("tiger", "crab") and table.values("seed") == (3, 4, 5, 7, 11)
    assert torch.equal(table.at(scale=2.0), VALUES[:, 2][:, SORTED])


def test_several_places_come_in_the_order_asked_for(table):
    assert torch.equal(table.at(seed=[11, 3], concept="tiger"), VALUES[0][:, [2, 0]])
    assert torch.equal(table.at(seed=range(3, 5), concept="tiger", scale=0), VALUES[0, 0][[0, 3]])


def test_rows_in_another_order_give_the_same_answers(table):
    other = permuted({"concept": [1, 0], "scale": [2, 0, 1], "seed": [4, 2, 0, 1, 3]})
    assert not torch.equal(other.stored, table.stored)
    assert other.values("scale") == table.values("scale") and other.values("seed") == table.values("seed")
    for concept in AXES["concept"]:
        assert torch.equal(other.at(concept=concept), table.at(concept=concept))


def test_levels_are_undone_on_reading():
    found = Samples(torch.tensor([[0, 63], [21, 42]], dtype=torch.uint8), {"scale": [1, 2]}, levels=63).at(scale=2)
    torch.testing.assert_close(found, torch.tensor([1 / 3, 2 / 3]))


def test_has_says_what_is_there(table):
    assert table.has(concept="crab", scale=0.5) and not table.has(concept="crab", scale=0.75)


def test_facts_of_a_place():
    table = Samples(torch.zeros(2), {"pair": {"one": {"text": "horse", "taps": [0, 1]}, "two": {}}})
    assert table.about(pair="one") == {"text": "horse", "taps": [0, 1]} and table.values("pair") == ("one", "two")
    with pytest.raises(ValueError, match="pair must be one of one, two, got 'three'"):
        table.about(pair="three")
    with pytest.raises(ValueError, match="axis must be one of pair, got 'scale'"):
        table.about(scale="one")


@pytest.mark.parametrize("method", ["at", "has"])
def test_an_axis_that_is_not_there_is_named(table, method):
    with pytest.raises(ValueError, match="axis must be one of concept, scale, seed, got 'shade'"):
        getattr(table, method)(shade=1)


def test_a_place_that_is_not_there_is_named(table):
    with pytest.raises(ValueError, match=r"scale must be one of 0\.0, 0\.5, 2\.0, got 1\.0"):
        table.at(scale=1.0, concept="crab")


def test_places_must_fit_the_rows_and_differ():
    with pytest.raises(ValueError, match=r"one place a row of stored, got scale: 2 for rows \(3,\)"):
        Samples(torch.zeros(3), {"scale": [1, 2]})
    with pytest.raises(ValueError, match="each place once, got scale: 1, 2, 1"):
        Samples(torch.zeros(3), {"scale": [1, 2, 1]})


def test_a_file_gives_back_what_was_packed(tmp_path, monkeypatch):
    facts = {"pair": {"one": {"text": "café"}, "two": {"text": "horse"}}, "scale": [0, 0.5, 1.5]}
    tables = {
        "drawn": Samples(torch.randint(32, (2, 3, 5), dtype=torch.uint8), facts, levels=31, settings={"steps": 12}),
        "ranks": Samples(VALUES.to(torch.int16), AXES),
        "shares": Samples(torch.rand(3, 4).half(), {"scale": [0.1, 0.2, 0.3]}),
    }
    np.savez_compressed(tmp_path / "samples.npz", **packed(tables))
    monkeypatch.setattr("mmnotes.layers.stored.files", lambda package: tmp_path / package)
    found = module.stored_samples("", "samples.npz")
    assert list(found) == list(tables)
    for name, table in tables.items():
        assert found[name].axes == table.axes and torch.equal(found[name].at(), table.at().float())
    assert found["drawn"].about(pair="one") == {"text": "café"} and found["drawn"].settings == {"steps": 12}
    assert found["ranks"].stored.dtype == torch.int16 and found["shares"].stored.dtype == torch.float32


@pytest.mark.parametrize(
    ("package", "file"),
    [
        ("flow", "samples.npz"),
        ("flow", "film.npz"),
        ("flow", "yardsticks.npz"),
        ("zero_conv", "samples.npz"),
        ("decoupled_attention", "samples.npz"),
        ("qformer", "study.npz"),
    ],
)
def test_every_table_of_the_book_says_what_its_rows_are(package, file):
    for table in stored_samples(f"mmnotes.{package}", file).values():
        assert table.axes and all(table.axes.values())
