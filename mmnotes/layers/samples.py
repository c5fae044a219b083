"""Tables that scripts measured or drew once, read by the names of their rows instead of their numbers.

Such an npz file holds arrays and an entry ``names``: of each array the axes in order, and on each axis the place of
each row. Whoever reads asks for ``table.at(concept="tiger", scale=1.0)``, so that rows which are stored in another
order, or more of them, change no answer.

Differs: of xarray's ``sel`` this is the exact lookup alone, and it returns a tensor.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from mmnotes.layers.stored import stored_arrays

Place = str | int | float
Axes = Mapping[str, Sequence[Place] | Mapping[str, Mapping[str, Any]]]
NAMES = "names"  # the entry of a file that says what its other entries are


class Samples:
    """Values on a grid whose axes and places have names; further axes of the tensor are what lies at each point.

    ``axes`` gives the places of each leading axis of ``stored``, row by row; where it maps places to facts, ``about``
    returns them. Numbers are brought to increasing order. What is stored as 0 to ``levels`` is read as 0 to 1.
    ``settings`` are what was the same for all values.

    Shapes: stored (rows of the first axis, rows of the second, ..., any).
    Errors: ValueError where an axis has another number of rows than places, or one place twice.
    """

    def __init__(
        self,
        stored: Tensor,
        axes: Axes,
        *,
        levels: int | None = None,
        settings: Mapping[str, Place] | None = None,
    ) -> None:
        self.stored, self.levels, self.settings = stored, levels, dict(settings or {})
        self.axes: dict[str, tuple[Place, ...]] = {axis: tuple(places) for axis, places in axes.items()}
        self.facts = {axis: dict(places) for axis, places in axes.items() if isinstance(places, Mapping)}
        rows = tuple(stored.shape[: len(axes)])
        if rows != tuple(map(len, self.axes.values())):
            counts = _listed(f"{axis}: {len(places)}" for axis, places in self.axes.items())
            raise ValueError(f"axes must have one place a row of stored, got {counts} for rows {rows}")
        for number, (axis, places) in enumerate(self.axes.items()):
            if len(set(places)) < len(places):
                raise ValueError(f"axes must name each place once, got {axis}: {_listed(places)}")
            if not any(isinstance(place, str) for place in places):
                order = sorted(range(len(places)), key=places.__getitem__)
                self.axes[axis] = tuple(places[row] for row in order)
                self.stored = self.stored.index_select(number, torch.tensor(order))

    def values(self, axis: str) -> tuple[Place, ...]:
        """The places of an axis: numbers in increasing order, names in the order of the file.

        Errors: ValueError for an axis that is not there, naming those that are.
        """
        if axis not in self.axes:
            raise ValueError(f"axis must be one of {_listed(self.axes)}, got {axis!r}")
        return self.axes[axis]

    def has(self, **places: Place) -> bool:
        """Whether there are values at these places.

        Errors: ValueError for an axis that is not there, naming those that are.
        """
        return all(place in self.values(axis) for axis, place in places.items())

    def about(self, **place: str) -> dict[str, Any]:
        """What is stored of one place of an axis besides its name.

        Errors: ValueError for an axis or a place of which nothing is stored, naming those of which there is.
        """
        ((axis, name),) = place.items()
        if axis not in self.facts:
            raise ValueError(f"axis must be one of {_listed(self.facts)}, got {axis!r}")
        self._row(axis, name)
        return dict(self.facts[axis][name])

    def at(self, **places: Place | Sequence[Place]) -> Tensor:
        """The values at one place of each axis that is named, or at several in the order in which they are asked for.

        Shapes: axes with one place are gone; the others are in the file's order, whole where they are not named.
        Errors: ValueError for an axis or a place that is not there, naming those that are.
        """
        for axis in places:
            self.values(axis)
        chosen, number = self.stored, 0
        for axis, every in self.axes.items():
            wanted = places.get(axis, every)
            if isinstance(wanted, Place):
                chosen = chosen.select(number, self._row(axis, wanted))
            else:
                rows = torch.tensor([self._row(axis, place) for place in wanted])
                chosen, number = chosen.index_select(number, rows), number + 1
        return chosen if self.levels is None else chosen / self.levels

    def _row(self, axis: str, place: Place) -> int:
        if place not in (places := self.values(axis)):
            raise ValueError(f"{axis} must be one of {_listed(places)}, got {place!r}")
        return places.index(place)


def stored_samples(package: str, file: str) -> dict[str, Samples]:
    """All tables of an npz file in a package's folder.

    A file is read, which cannot be traced.

    Errors: FileNotFoundError where the package has no such file.
    """
    return unpacked({name: values.numpy() for name, values in stored_arrays(package, file).items()})


def unpacked(entries: Mapping[str, np.ndarray]) -> dict[str, Samples]:
    """The tables that ``packed`` made these entries of.

    They are arrays of NumPy, which cannot be traced.

    Shapes: of each entry as its table's ``stored``.
    """
    names = json.loads(bytes(entries[NAMES]))
    return {name: Samples(torch.from_numpy(entries[name]), **places) for name, places in names.items()}


def packed(tables: Mapping[str, Samples]) -> dict[str, np.ndarray]:
    """The entries of a file from which ``stored_samples`` reads these tables.

    They are arrays of NumPy, which cannot be traced.

    Shapes: of each table as its ``stored``.
    """
    names = {
        name: {
            "axes": {axis: table.facts.get(axis, places) for axis, places in table.axes.items()},
            "levels": table.levels,
            "settings": table.settings,
        }
        for name, table in tables.items()
    }
    entries = {name: table.stored.numpy() for name, table in tables.items()}
    return entries | {NAMES: np.frombuffer(json.dumps(names).encode(), np.uint8)}


def _listed(each: Iterable[Place]) -> str:
    return ", ".join(map(str, each))
