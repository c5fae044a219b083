"""What the chapter's table says of our own networks is what they were trained with."""

import json
from pathlib import Path

import pytest

from mmnotes.dino.pretrained import PATCH, SIZE
from tools.dino import distilling as dino
from tools.ibot import distilling as ibot


@pytest.fixture(scope="module")
def here():
    """The table's rows, each with its entry in the column `here`."""
    notebook = json.loads(Path("book/ibot.ipynb").read_text(encoding="utf-8"))
    texts = ("".join(cell["source"]) for cell in notebook["cells"])
    text = next(each for each in texts if "## In the real model" in each)
    rows = [line.strip("| ").split(" | ") for line in text.splitlines() if line.startswith("|")]
    assert rows[0][-1] == "here"
    return {row[0]: row[-1] for row in rows[2:]}


def test_the_table_names_the_settings_of_our_training(here):
    side = SIZE // PATCH
    assert here["patches of a global crop"] == f"{side} × {side}"
    assert here["local crops"].startswith(f"{dino.LOCAL_CROPS} of {SIZE // 2}²")
    assert here["head"].endswith(f"; {dino.HEAD['prototypes']} prototypes")
    assert here["holes"] == f"as iBOT, from step {ibot.START * dino.STEPS:g} of {dino.STEPS}"
    taus = dino.STUDENT_TAU, dino.TEACHER_TAU, dino.TEACHER_TAU
    assert here[r"$\tau_s$; $\tau_t$; $\tau_t'$"] == "; ".join(f"{each:g}" for each in taus)
    assert here["centres"].startswith(f"{dino.CENTRE_MOMENTUM:g} of the past each;")
    assert here["$m$"].startswith(f"{dino.MOMENTUM:g}, ")
