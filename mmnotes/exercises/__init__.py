"""Exercises that answer back: ``check("sinkhorn-1", answer)`` works offline, wherever mmnotes is installed.

An answer is a number, a tensor or a function. A function is called on several inputs, and each result is compared
with the solution's. A wrong answer is told what is off: first against the slips that are common for this exercise,
then by what the difference looks like (shape, transpose, factor, sign).
"""

from mmnotes.exercises.answers import Exercise, Verdict, check

__all__ = ["Exercise", "Verdict", "check"]
