"""Style sheets: a browser passes over a broken rule, and over what follows it, without a word."""

import re
from pathlib import Path

import pytest

SHEETS = sorted((Path(__file__).parents[2] / "theme/assets").rglob("*.css"))


@pytest.mark.parametrize("sheet", SHEETS, ids=lambda sheet: sheet.stem)
def test_every_rule_of_a_style_sheet_is_closed(sheet):
    text = re.sub(r"/\*.*?\*/", "", sheet.read_text("utf-8"), flags=re.DOTALL)
    assert text.count("{") == text.count("}") > 0
