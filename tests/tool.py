"""The scripts of tools/ as modules, for tests of what they wrote."""

import importlib
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType

import pytest

TOOLS = Path(__file__).parents[1] / "tools"


@contextmanager
def tool(name: str) -> Iterator[ModuleType]:
    """tools/<name>.py as a module. Afterwards it and the scripts that it imports are forgotten."""
    before = set(sys.modules)
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(TOOLS))
        yield importlib.import_module(name)
    for each in set(sys.modules) - before:
        if (TOOLS / f"{each}.py").exists():
            sys.modules.pop(each)
