"""How an answer is checked against the solution of its exercise, and how a hint is found."""

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from difflib import get_close_matches
from importlib import import_module
from pathlib import Path
from typing import Any

from torch import Tensor

from mmnotes.page.calling import copies, described, result_of
from mmnotes.page.comparison import UnusableError, gap, is_close, tensor_of
from mmnotes.page.difference import coarseness, difference


@dataclass(frozen=True)
class Exercise:
    """A question with its solution: a number, a tensor, or a function to be tried on each tuple in ``inputs``.

    ``mistakes`` maps a hint to the result of somebody who needs this hint; beside a function it is a function too, of
    the same arguments. A hint is given where the mistake explains the answer to all inputs, so that mistakes may
    coincide on some.
    """

    solution: Any
    mistakes: dict[str, Any] | Callable[..., dict[str, Any]]
    inputs: tuple[tuple[Any, ...], ...] = ()
    tolerance: float = 1e-4


@dataclass(frozen=True)
class Verdict:
    """What ``check`` says; ``right`` is None where there is no answer yet."""

    right: bool | None
    message: str

    def __repr__(self) -> str:
        return self.message


def check(identifier: str, answer: object) -> Verdict:
    """Compare an answer with the solution of the exercise of this id, such as ``sinkhorn-1``.

    Errors: ValueError for an id that no exercise has; it names the nearest.
    """
    exercise = exercise_of(identifier)
    if answer is ...:
        return Verdict(None, f"{identifier}: not answered yet. Put your answer in place of the three dots.")
    hint = hint_for(exercise, answer)
    return Verdict(hint is None, f"{identifier}: right." if hint is None else f"{identifier}: not yet. {hint}")


def stems() -> list[str]:
    """The chapters that have exercises."""
    here = Path(__file__)
    return sorted(path.parent.name for path in here.parents[1].glob("*/exercises.py") if path != here)


def exercises_of(stem: str) -> dict[str, Exercise]:
    """The exercises of a chapter by their ids."""
    exercises: dict[str, Exercise] = import_module(f"mmnotes.{stem}.exercises").EXERCISES
    return exercises


def exercise_of(identifier: str) -> Exercise:
    """The exercise of an id.

    Errors: ValueError for an id that no exercise has; it names the nearest.
    """
    stem = identifier.rpartition("-")[0]
    known = exercises_of(stem) if stem in stems() else {}
    if identifier not in known:
        raise ValueError(f"identifier must name an exercise, got {identifier!r}; {_nearest(identifier)}")
    return known[identifier]


def _nearest(identifier: str) -> str:
    near = get_close_matches(identifier.lower().rstrip("-_ 0123456789"), stems(), n=1)
    if not near:
        return f"there are exercises of {', '.join(stems())}"
    known = list(exercises_of(near[0]))
    guess = get_close_matches(identifier.lower(), known, n=1, cutoff=0)[0]
    return f"did you mean {guess!r}? {near[0]} has {', '.join(known)}"


def hint_for(exercise: Exercise, answer: object) -> str | None:
    """None for a right answer, else what is off."""
    if not exercise.inputs:
        try:
            return _hint(exercise, [tensor_of(answer)])[0]
        except UnusableError as problem:
            return str(problem)
    names = list(inspect.signature(exercise.solution).parameters)
    if not callable(answer):
        return f"The answer should be a function of {', '.join(names)}, this is of type {type(answer).__name__}."
    results = []
    for values in exercise.inputs:
        arguments = dict(zip(names, values, strict=True))
        try:
            results.append(tensor_of(result_of(answer, arguments)))
        except UnusableError as problem:
            return f"{problem} Tried with {described(arguments)}."
    hint, wrong = _hint(exercise, results)
    return hint and f"{hint} Tried with {described(dict(zip(names, exercise.inputs[wrong], strict=True)))}."


def _hint(exercise: Exercise, results: list[Tensor]) -> tuple[str | None, int]:
    """What is off in the results for all inputs, and the first input where it shows."""

    def agrees(values: list[Tensor]) -> list[bool]:
        pairs = zip(results, values, strict=True)
        return [is_close(got, want, tolerance=exercise.tolerance) for got, want in pairs]

    wanted = [tensor_of(value) for value in values_of(exercise.solution, exercise.inputs)]
    right = agrees(wanted)
    if all(right):
        return None, 0
    wrong = right.index(False)
    if coarse := coarseness(results[wrong], wanted[wrong]):
        return coarse, wrong
    made = values_of(exercise.mistakes, exercise.inputs)
    explained = {hint: [tensor_of(values[hint]) for values in made] for hint in made[0]}
    gaps = {hint: gap(results, values) for hint, values in explained.items() if all(agrees(values))}
    if gaps:
        return min(gaps, key=gaps.__getitem__), wrong
    return difference(results[wrong], wanted[wrong], tolerance=exercise.tolerance), wrong


def values_of(meant: Any, inputs: tuple[tuple[Any, ...], ...]) -> list[Any]:
    """What a solution, or the mistakes, give for each of the inputs."""
    return [meant(*copies(values)) for values in inputs] if inputs else [meant]
