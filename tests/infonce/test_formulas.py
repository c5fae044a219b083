"""The numbers of the lab that the page computes, against the definition and against its JavaScript."""

import io
import math

import torch
from PIL import Image

from mmnotes.infonce import formulas
from mmnotes.page import Choice, Numeric
from tests.held import agrees

RANDOM = torch.Generator().manual_seed(5)
COSINES = {maps: {batch: 2 * torch.rand(8, 8, generator=RANDOM) - 1 for batch in "ab"} for maps in ("x", "y")}
LOOKS = torch.rand(16, 3, 32, 32, generator=RANDOM)
GAME = formulas.game(COSINES, {batch: [*"abcdefgh"] for batch in "ab"}, LOOKS)
STILL = [[0.0] * 8] * 8


def test_the_page_does_the_same(tmp_path):
    controls = {"temperature": Numeric("τ", (0.1, 1), 1, (0.01, 1), log=True)}
    agrees(GAME, {**controls, "maps": Choice("maps", ["x", "y"]), "batch": Choice("batch", ["a", "b"])}, tmp_path)


def test_a_row_pays_for_what_others_get():
    found = GAME.numbers(temperature=0.5, maps="x", batch="b", moved=STILL)
    row = [math.exp(each / 0.5) for each in COSINES["x"]["b"][2].tolist()]
    assert math.isclose(found["paid"][2], -math.log(row[2] / sum(row)), rel_tol=1e-5)
    assert math.isclose(found["odds"][2, 5], row[5] / sum(row), rel_tol=1e-5)
    columns = GAME.numbers(temperature=0.5, maps="x", batch="b", moved=STILL)["s"].T
    paid = (columns / 0.5).logsumexp(1) - columns.diagonal() / 0.5
    assert math.isclose(found["both"], (found["paid"].mean() + paid.mean()) / 2, rel_tol=1e-6)


def test_what_is_dragged_is_added_and_stays_a_cosine():
    moved = [[0.0] * 8 for _ in range(8)]
    moved[1][3], moved[4][4] = 0.1, 2.0
    found = GAME.numbers(temperature=0.5, maps="y", batch="a", moved=moved)["s"]
    wanted = COSINES["y"]["a"].double().clone()
    wanted[1, 3] = min(1, wanted[1, 3] + 0.1)
    wanted[4, 4] = 1
    assert torch.allclose(found, wanted)


def test_the_drawings_lie_side_by_side():
    with Image.open(io.BytesIO(GAME.files["looks.png"])) as strip:
        assert strip.size == (16 * 32, 32)
        assert strip.getpixel((3 * 32 + 5, 7)) == tuple((255 * LOOKS[3, :, 7, 5]).round().int().tolist())
