"""How an answer is compared with a solution, and how a hint is found."""

from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from typing import Any

import torch
from torch import Tensor


@dataclass(frozen=True)
class Exercise:
    """A question with its solution: a number, a tensor, or a function to be tried on each tuple in ``inputs``.

    ``slips`` maps a hint to the answer that somebody who needs this hint would give, in the form of the solution.
    """

    solution: Any
    slips: dict[str, Any]
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

    Errors: ValueError for an id that no exercise has.
    """
    exercise = _find(identifier)
    if answer is ...:
        return Verdict(None, f"{identifier}: not answered yet. Put your answer in place of the three dots.")
    hint = _hint(exercise, answer)
    return Verdict(hint is None, f"{identifier}: right." if hint is None else f"{identifier}: not yet. {hint}")


def _find(identifier: str) -> Exercise:
    stem = identifier.rpartition("-")[0]
    module = f"mmnotes.{stem}.exercises"
    exercises: dict[str, Exercise] = (
        import_module(module).EXERCISES if find_spec(f"mmnotes.{stem}") and find_spec(module) else {}
    )
    if identifier not in exercises:
        known = f"; {stem} has {', '.join(exercises)}" if exercises else ""
        raise ValueError(f"identifier must name an exercise, got {identifier!r}{known}")
    return exercises[identifier]


def _hint(exercise: Exercise, answer: object) -> str | None:
    """None for a right answer, else what is off."""
    if not exercise.inputs:
        return _compare(answer, exercise.solution, exercise.slips, exercise.tolerance)
    if not callable(answer):
        return f"The answer should be a function, this is of type {type(answer).__name__}."
    for arguments in exercise.inputs:
        copies = [a.clone() if isinstance(a, Tensor) else a for a in arguments]
        try:
            found = answer(*copies)
        except Exception as error:
            return f"Your function raised {type(error).__name__} for {_show(arguments)}: {error}"
        expected = exercise.solution(*arguments)
        slips = {hint: slip(*arguments) for hint, slip in exercise.slips.items()}
        if hint := _compare(found, expected, slips, exercise.tolerance):
            return f"{hint} Tried with {_show(arguments)}."
    return None


def _compare(found: object, expected: object, slips: dict[str, Any], tolerance: float) -> str | None:
    if found is None or found is ...:
        return "There is no result: is a return missing?"
    try:
        got = torch.as_tensor(found, dtype=torch.float64).detach()
    except (TypeError, ValueError, RuntimeError):
        return f"The result should be a number or a tensor, this is of type {type(found).__name__}."
    want = torch.as_tensor(expected, dtype=torch.float64)
    if _close(got, want, tolerance):
        return None
    for hint, slip in slips.items():
        if _close(got, torch.as_tensor(slip, dtype=torch.float64), tolerance):
            return hint
    return _difference(got, want, tolerance)


def _close(a: Tensor, b: Tensor, tolerance: float) -> bool:
    return a.shape == b.shape and torch.allclose(a, b, rtol=tolerance, atol=tolerance * float(b.abs().mean()))


def _difference(got: Tensor, want: Tensor, tolerance: float) -> str:
    """What sets a wrong answer apart from the right one, the plainest difference first."""
    if got.shape != want.shape:
        turned = " It looks transposed." if got.ndim == 2 and _close(got.T, want, tolerance) else ""
        return f"The shape should be {tuple(want.shape)}, this is {tuple(got.shape)}.{turned}"
    if not got.isfinite().all():
        return "The result has an entry that is infinite or not a number."
    if got.ndim == 2 and _close(got.T, want, tolerance):
        return "It is the transpose of the answer."
    if _close(-got, want, tolerance):
        return "The sign is off."
    factor = float((got * want).sum() / (want * want).sum())
    if factor and _close(got / factor, want, tolerance) and got.numel() > 1:
        return f"It is {factor:.4g} times the answer: a constant factor is off."
    shift = (got - want).mean()
    if got.numel() > 1 and _close(got - shift, want, tolerance):
        return f"Every entry is off by the same {float(shift):.4g}."
    if got.numel() == 1:
        return f"{float(got):.4g} is too {'large' if got > want else 'small'}."
    worst = (got - want).abs().argmax()
    place = tuple(int(i) for i in torch.unravel_index(worst, want.shape))
    return f"The shape is right, the values are not; the largest difference is at {place}."


def _show(arguments: tuple[Any, ...]) -> str:
    shown = [f"a tensor of shape {tuple(a.shape)}" if isinstance(a, Tensor) else repr(a) for a in arguments]
    return ", ".join(shown)
