"""A reader's function is called on copies; what goes wrong in it is told by the reader's own line."""

import linecache
import math

import pytest
import torch
from IPython.core.compilerop import CachingCompiler

from mmnotes.layers.rotation import frequency_ladder
from mmnotes.page.calling import described, result_of
from mmnotes.page.comparison import UnusableError


def from_cell(source):
    """The function ``answer`` that a notebook's cell defines."""
    compiler, names = CachingCompiler(), {"torch": torch, "frequency_ladder": frequency_ladder}
    place = compiler.cache(source, 1)
    exec(compiler(source, place, "exec"), names)
    return names["answer"]


@pytest.fixture(autouse=True)
def no_sources_left():
    yield
    linecache.clearcache()


def test_what_is_given_is_a_copy():
    given = {"numbers": [1, [2]], "table": {"a": torch.ones(2)}}

    def answer(numbers, table):
        numbers[1].append(3)
        table["a"].zero_()
        return "done"

    assert result_of(answer, given) == "done"
    assert given["numbers"] == [1, [2]] and given["table"]["a"].tolist() == [1, 1]


def test_an_error_shows_the_line_of_the_cell():
    answer = from_cell("def answer(x):\n    y = x - x\n    return x / y\n")
    with pytest.raises(UnusableError) as error:
        result_of(answer, {"x": 1.0})
    assert str(error.value) == (
        "Your function raised ZeroDivisionError in line 3 of your cell, `return x / y`: float division by zero."
    )
    assert error.value.__suppress_context__


def test_an_error_below_a_library_shows_the_line_that_called_it():
    answer = from_cell("def answer(x):\n    inner = lambda: torch.stack([x, x[:1]])\n    return inner()\n")
    with pytest.raises(UnusableError, match=r"RuntimeError in line 2 of your cell, `inner = lambda: torch.stack"):
        result_of(answer, {"x": torch.ones(2)})
    answer = from_cell("def answer(x):\n\n    return frequency_ladder(planes=x, base=-1.0)\n")
    with pytest.raises(UnusableError, match=r"ValueError in line 3 of your cell, `return frequency_ladder\("):
        result_of(answer, {"x": 2})


def test_an_error_in_a_file_names_the_file():
    with pytest.raises(
        UnusableError, match=r"KeyError in line \d+ of test_calling.py, `result_of\(lambda x: \{\}\[x\]"
    ):
        result_of(lambda x: {}[x], {"x": 1})


def test_an_error_without_a_line_of_the_reader():
    with pytest.raises(UnusableError, match=r"^Your function raised TypeError: must be real number, not str.$"):
        result_of(math.sqrt, {"x": "a"})


@pytest.mark.parametrize(
    ("function", "message"),
    [
        (lambda x: x, r"is called with 2 arguments, \(x, t\), and it takes \(x\)\."),
        (lambda x, *, t: x, r"is called with 2 arguments, \(x, t\), and it takes \(x, \*, t\)\."),
    ],
)
def test_a_wrong_number_of_arguments(function, message):
    with pytest.raises(UnusableError, match=message):
        result_of(function, {"x": 1, "t": 2})


def test_one_argument_too_many():
    def answer(x, t):
        return x

    with pytest.raises(UnusableError, match=r"is called with 1 argument, \(x\), and it takes \(x, t\)\."):
        result_of(answer, {"x": 1})


def test_a_type_error_of_the_function_itself_is_not_one_of_its_arguments():
    with pytest.raises(UnusableError, match="raised TypeError in line"):
        result_of(lambda x: x + "a", {"x": 1})


def test_arguments_are_described():
    assert described({"x": torch.ones(2, 3), "n": 4, "sections": [1, 2]}) == (
        "x = a tensor of shape (2, 3), n = 4, sections = [1, 2]"
    )
