"""Style sheets: a browser passes over a broken rule, and over what follows it, without a word."""

import re
from pathlib import Path

import pytest

SHEETS = sorted((Path(__file__).parents[2] / "theme/assets").rglob("*.css"))


@pytest.mark.parametrize("sheet", SHEETS, ids=lambda sheet: sheet.stem)
def test_every_rule_of_a_style_sheet_is_closed_before_the_next_begins(sheet):
    text = re.sub(r"/\*.*?\*/", "", sheet.read_text("utf-8"), flags=re.DOTALL)
    deep, nested = 0, re.compile(r"@(media|supports|container)[^{}]*$")
    for place, mark in enumerate(text):
        if mark == "{":
            deep += 0 if nested.search(text[:place]) else 1
            assert deep <= 1, text[max(0, place - 80) : place]
        elif mark == "}":
            deep = max(deep - 1, 0)  # the end of a group closes no rule
    assert text.count("{") == text.count("}")
