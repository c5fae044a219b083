"""A reader's function is called on copies, and what goes wrong in it is told by the reader's own line."""

import inspect
import sysconfig
import traceback
from collections.abc import Callable, Iterable, Mapping
from copy import deepcopy
from pathlib import Path
from typing import Any

from torch import Tensor

from mmnotes.page.comparison import UnusableError

# Files below these are not the reader's.
_LIBRARIES = [sysconfig.get_path(name) for name in ("stdlib", "platstdlib", "purelib", "platlib")]
_INSTALLED = (*_LIBRARIES, str(Path(__file__).parents[1]), "<@beartype", "<frozen")


def result_of(function: Callable[..., object], arguments: Mapping[str, Any]) -> object:
    """What a function gives for copies of these arguments, passed in their order.

    Errors: UnusableError where the function takes another number of arguments, or raises.
    """
    if mismatch := _mismatch(function, list(arguments)):
        raise UnusableError(mismatch)
    try:
        return function(*copies(arguments.values()))
    except Exception as error:
        said = f": {str(error).rstrip('.')}" if str(error) else ""
        raise UnusableError(f"Your function raised {type(error).__name__}{_place(error)}{said}.") from None


def copies(arguments: Iterable[Any]) -> list[Any]:
    """Each argument for itself, so that nobody can change what the next one gets, lists and dicts included."""
    return [deepcopy(argument) for argument in arguments]


def described(arguments: Mapping[str, Any]) -> str:
    """The arguments as a reader would write them; of a tensor its shape."""
    return ", ".join(f"{name} = {_shown(value)}" for name, value in arguments.items())


def _shown(value: object) -> str:
    return f"a tensor of shape {tuple(value.shape)}" if isinstance(value, Tensor) else repr(value)


def _mismatch(function: Callable[..., object], names: list[str]) -> str | None:
    """What to say where a function cannot be called with so many arguments."""
    try:
        signature = inspect.signature(function)
    except ValueError:  # some functions written in C have none
        return None
    try:
        signature.bind(*names)
    except TypeError:
        count = f"{len(names)} argument{'s' if len(names) > 1 else ''}"
        takes = str(signature.replace(return_annotation=inspect.Signature.empty))
        return f"Your function is called with {count}, ({', '.join(names)}), and it takes {takes}."
    return None


def _place(error: Exception) -> str:
    """The last of the reader's own lines that the error came through, with its text."""
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if not frame.filename.startswith(_INSTALLED)]
    if not own:
        return ""
    path = Path(own[-1].filename)
    in_cell = not path.is_file() or "ipykernel" in own[-1].filename
    where = f"line {own[-1].lineno} of {'your cell' if in_cell else path.name}"
    return f" in {where}" + (f", `{own[-1].line}`" if own[-1].line else "")
