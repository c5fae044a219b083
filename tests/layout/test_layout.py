"""The architecture, held to by this repository: see tests/layout/__init__.py, and the rules beside it."""

from pathlib import Path

import pytest

from tests.layout import chapter_rules, errata_rules, link_rules, module_rules, tree

ROOT = Path(__file__).parents[2]
RULES = [*tree.RULES, *module_rules.RULES, *chapter_rules.RULES, *errata_rules.RULES, *link_rules.RULES]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_layout(rule):
    found = rule(ROOT)
    assert not found, f"\n{rule.__doc__}\n- " + "\n- ".join(found)
