"""Every exercise of every chapter accepts what is right in any form, and gives each listed mistake its own hint."""

from functools import partial

import pytest
import torch

from mmnotes.page import check
from mmnotes.page.comparison import tensor_of
from mmnotes.page.exercises import Exercise, exercises_of, hint_for, stems, values_of

EXERCISES = {name: exercise for stem in stems() for name, exercise in exercises_of(stem).items()}
HINTS = [
    (name, hint)
    for name, exercise in EXERCISES.items()
    for hint in values_of(exercise.mistakes, exercise.inputs[:1])[0]
]


def answered(exercise, change):
    """The solution as an answer, its result changed."""
    if not exercise.inputs:
        return change(tensor_of(exercise.solution))
    return lambda *arguments: change(tensor_of(exercise.solution(*arguments)))


def mistaken(exercise, hint, change):
    """A listed mistake as an answer, its result changed."""
    if not exercise.inputs:
        return change(tensor_of(exercise.mistakes[hint]))
    return lambda *arguments: change(tensor_of(exercise.mistakes(*arguments)[hint]))


def test_the_exercises_of_a_chapter_carry_its_name():
    assert "sinkhorn" in stems() and "page" not in stems()
    for stem in stems():
        assert list(exercises_of(stem)) == [f"{stem}-{n}" for n in range(1, len(exercises_of(stem)) + 1)]


@pytest.mark.parametrize("name", EXERCISES)
def test_three_dots_read_as_unanswered(name):
    verdict = check(name, ...)
    assert verdict.right is None
    assert repr(verdict) == f"{name}: not answered yet. Put your answer in place of the three dots."


@pytest.mark.parametrize("name", EXERCISES)
def test_the_solution_is_right(name):
    assert repr(check(name, EXERCISES[name].solution)) == f"{name}: right."


@pytest.mark.parametrize("form", [torch.Tensor.tolist, torch.Tensor.numpy, lambda result: result.numpy()[()]])
@pytest.mark.parametrize("name", EXERCISES)
def test_the_solution_is_right_as_a_list_a_number_or_an_array(name, form):
    assert check(name, answered(EXERCISES[name], form)).right is True


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32, torch.bfloat16])
@pytest.mark.parametrize("name", EXERCISES)
def test_the_solution_is_right_at_every_precision_that_can_hold_it(name, dtype):
    exercise = EXERCISES[name]
    results = [tensor_of(value) for value in values_of(exercise.solution, exercise.inputs)]
    held = all(torch.equal(r.to(dtype).to(r.dtype), r) for r in results if not r.is_floating_point())
    verdict = check(name, answered(exercise, partial(torch.Tensor.to, dtype=dtype)))
    assert verdict.right is held
    assert held or "cannot hold" in verdict.message


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32])
@pytest.mark.parametrize("name", EXERCISES)
def test_the_solution_may_be_computed_in_another_precision(name, dtype):
    exercise = EXERCISES[name]

    def answer(*arguments):
        return exercise.solution(
            *(a.to(dtype) if isinstance(a, torch.Tensor) and a.is_floating_point() else a for a in arguments)
        )

    assert check(name, answer if exercise.inputs else exercise.solution).right is True


@pytest.mark.parametrize("dtype", [None, torch.float64, torch.float32])
@pytest.mark.parametrize(("name", "hint"), HINTS)
def test_each_mistake_gets_its_own_hint(name, hint, dtype):
    verdict = check(name, mistaken(EXERCISES[name], hint, lambda result: result.to(dtype or result.dtype)))
    assert verdict.right is False
    assert verdict.message.startswith(f"{name}: not yet. {hint}")


@pytest.mark.parametrize("name", EXERCISES)
def test_an_exercise_foresees_three_mistakes_in_whole_sentences(name):
    hints = [hint for each, hint in HINTS if each == name]
    assert len(hints) >= 3 and all(hint.endswith(".") for hint in hints)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda result: result.to(torch.complex128), "is complex"),
        (lambda result: result[None], "shape"),
        (lambda result: result.double() / 0 * 0, "infinite or not a number"),
        (lambda result: 3 * result.double() + 1, ""),
        (lambda result: None, "is a return missing"),
        (lambda result: "seven", "of type str"),
    ],
)
@pytest.mark.parametrize("name", EXERCISES)
def test_unforeseen_wrong_answers_are_turned_down_with_a_hint(name, change, words):
    verdict = check(name, answered(EXERCISES[name], change))
    assert verdict.right is False and words in verdict.message
    assert len(verdict.message) > len(f"{name}: not yet. ") + 10


@pytest.mark.parametrize("name", [name for name, exercise in EXERCISES.items() if exercise.inputs])
def test_an_answer_may_spoil_what_it_is_given(name):
    exercise = EXERCISES[name]
    before = repr(exercise.inputs)

    def answer(*arguments):
        result = exercise.solution(*arguments)
        for argument in arguments:
            if isinstance(argument, list):
                argument.clear()
            elif isinstance(argument, torch.Tensor):
                argument.zero_()
        return result

    assert check(name, answer).right is True
    assert repr(exercise.inputs) == before


def double_mistakes(x):
    return {"Doubled.": 2 * x, "Two more.": x + 2, "Doubled and one more.": 2 * x + 1}


SQUARE = Exercise(solution=lambda x: x * x, mistakes=double_mistakes, inputs=((2.0,), (3.0,)))


def test_a_hint_explains_the_answer_to_every_input():
    assert hint_for(SQUARE, lambda x: x + x) == "Doubled. Tried with x = 3.0."
    assert hint_for(SQUARE, lambda x: x + 2) == "Two more. Tried with x = 3.0."
    assert "Doubled" not in str(hint_for(SQUARE, lambda x: 5.0 if x == 2 else 8.0))
    assert hint_for(SQUARE, lambda x: 4.0) == "4 is too small by 5 (0.4444 times the answer). Tried with x = 3.0."


def test_the_nearest_of_the_mistakes_is_named():
    near = Exercise(solution=1.0, mistakes={"A quarter.": 0.25, "A little more.": 0.25002})
    assert hint_for(near, 0.250018) == "A little more."


def test_the_solution_and_the_mistakes_get_copies_too():
    def spoiling(values):
        values.append(1)
        return sum(values)

    def mistakes(values):
        return {"One short.": spoiling(values) - 1}

    exercise = Exercise(solution=spoiling, mistakes=mistakes, inputs=(([1],),))
    assert hint_for(exercise, lambda values: 2) is None
    assert hint_for(exercise, lambda values: 1) == "One short. Tried with values = [1]."
    assert exercise.inputs == (([1],),)


def test_a_number_in_place_of_a_function():
    assert hint_for(SQUARE, 3) == "The answer should be a function of x, this is of type int."


def test_a_function_in_place_of_a_number():
    assert "this is of type function" in str(hint_for(Exercise(solution=1.0, mistakes={}), lambda x: x))


@pytest.mark.parametrize(
    ("identifier", "message"),
    [
        ("sinkhorn-9", "got 'sinkhorn-9'; did you mean 'sinkhorn-.'. sinkhorn has sinkhorn-1, sinkhorn-2"),
        ("sinkorn-2", "did you mean 'sinkhorn-2'"),
        ("sinkhorn2", "did you mean 'sinkhorn-2'"),
        ("Sinkhorn 2", "did you mean 'sinkhorn-2'"),
        ("MROPE-3", "did you mean 'mrope-3'"),
        ("zero-conv-4", "did you mean 'zero_conv-4'"),
        ("decoupled-3", "did you mean 'decoupled_attention-3'"),
        ("page-1", "got 'page-1'; there are exercises of arcface, "),
        ("nothing-1", "got 'nothing-1'; there are exercises of arcface, "),
        ("", "got ''; there are exercises of arcface, "),
    ],
)
def test_an_unknown_id_is_an_error_that_names_the_nearest(identifier, message):
    with pytest.raises(ValueError, match=message):
        check(identifier, 1)
