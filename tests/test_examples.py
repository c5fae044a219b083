"""The examples in the docstrings of mmnotes: each is run, and what it prints is compared."""

import ast
import doctest
from importlib import import_module
from pathlib import Path
from types import ModuleType

import pytest

from tests.layout import CAN_HAVE_DOCSTRING, dotted_name, modules, parsed

ROOT = Path(__file__).parents[1]
FLAGS = doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS


class Finder(doctest.DocTestFinder):
    """Finds the examples of checked functions too, which doctest takes for those of the module that checks them."""

    def _from_module(self, module: ModuleType, value: object) -> bool:
        return getattr(value, "__module__", None) == module.__name__


def examples(path: Path) -> list[doctest.DocTest]:
    """The docstrings of a module that hold examples."""
    module = import_module(dotted_name(path, ROOT))
    return [each for each in Finder(exclude_empty=True).find(module, globs=dict(vars(module))) if each.examples]


def in_docstrings(tree: ast.Module) -> int:
    """How many docstrings hold an example, read from the source."""
    documented = [node for node in ast.walk(tree) if isinstance(node, CAN_HAVE_DOCSTRING)]
    return sum(">>> " in (ast.get_docstring(node) or "") for node in documented)


@pytest.mark.parametrize(
    "path",
    [pytest.param(path, id=dotted_name(path, ROOT)) for path in modules(ROOT) if in_docstrings(parsed(path))],
)
def test_examples_print_what_they_say(path):
    found = examples(path)
    assert len(found) == in_docstrings(parsed(path)), "an example that doctest does not find"
    for example in found:
        said: list[str] = []
        doctest.DocTestRunner(optionflags=FLAGS).run(example, out=said.append)
        assert not said, "".join(said)
