"""Annotations that are enforced: a call with a wrong shape names the argument, what came and what was expected.

jaxtyping reads the annotations of every function and method of the package and beartype enforces them. While
``torch.compile`` or ``torch.export`` traces a function its check steps aside: the tracer would have to trace the check,
and fails on it.

Differs: jaxtyping's own import hook leaves no way past the check.
"""

import sys
from collections.abc import Callable
from functools import wraps
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from inspect import isclass, isfunction
from types import FunctionType, ModuleType

import torch
from beartype import BeartypeConf, beartype
from jaxtyping import jaxtyped

# A whole number is welcome wherever a real one is.
_enforced = beartype(conf=BeartypeConf(is_pep484_tower=True))


def check_imports_of(package: str) -> None:
    """Check the annotations of every module of a package that is imported from now on."""
    sys.meta_path.insert(0, _Finder(package))


class _Finder(MetaPathFinder):
    def __init__(self, package: str) -> None:
        self.package = package

    def find_spec(self, fullname: str, path: object = None, target: object = None) -> ModuleSpec | None:
        if not fullname.startswith(f"{self.package}."):
            return None
        spec = PathFinder.find_spec(fullname, path, target)  # type: ignore[arg-type]
        if spec and isinstance(spec.loader, SourceFileLoader):
            spec.loader = _Loader(spec.loader.name, spec.loader.path)
        return spec


class _Loader(SourceFileLoader):
    def exec_module(self, module: ModuleType) -> None:
        super().exec_module(module)
        _check(module, module.__name__)


def _check(holder: object, module: str) -> None:
    """Put a checked function in place of every one that a module, or a class of it, defines."""
    for name, value in list(vars(holder).items()):
        inner = value.__func__ if isinstance(value, staticmethod) else value
        if getattr(inner, "__module__", None) != module:
            continue
        if isclass(inner):
            _check(inner, module)
        elif isfunction(inner):
            checked = _unless_traced(inner)
            setattr(holder, name, staticmethod(checked) if isinstance(value, staticmethod) else checked)


def _unless_traced(function: FunctionType) -> FunctionType:
    # Made at the first call: to make those of all functions at once would take most of the time of an import.
    made: list[Callable[..., object]] = []

    @wraps(function)
    def checked(*args: object, **kwargs: object) -> object:
        __tracebackhide__ = True
        if torch.compiler.is_compiling():
            return function(*args, **kwargs)
        if not made:
            made.append(jaxtyped(function, typechecker=_enforced))
        return made[0](*args, **kwargs)

    return checked  # type: ignore[return-value]
