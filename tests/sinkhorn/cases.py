"""Problems that several tests of Sinkhorn-Knopp scale."""

import pytest
import torch

from mmnotes.sinkhorn import sinkhorn, sinkhorn_log, sinkhorn_stabilised

# The three forms as functions of log P that return the plan.
FORMS = {
    "plain": lambda log_kernel, *masses, steps: sinkhorn(log_kernel.exp(), *masses, steps=steps),
    "log": lambda log_kernel, *masses, steps: sinkhorn_log(log_kernel, *masses, steps=steps).exp(),
    "stabilised": sinkhorn_stabilised,
}


every_form = pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)


# What the stabilised form has to do: nothing, take the log-sum-exp first, and absorb u as well. See `problem`.
KINDS = ["fits", "log first", "absorbed"]


every_kind = pytest.mark.parametrize("kind", KINDS)


every_form_and_kind = pytest.mark.parametrize(
    ("form", "kind"), [("plain", "fits"), *((form, kind) for form in ("log", "stabilised") for kind in KINDS)]
)


def waves(rows, columns, scale=1.0, dtype=torch.float64):
    """Entries of a formula, between -scale / 2 and scale / 2."""
    row, column = torch.arange(rows, dtype=torch.float64)[:, None], torch.arange(columns, dtype=torch.float64)
    return (scale / 2 * torch.cos(3 * row + 5 * column + row * column)).to(dtype)


def masses(rows, columns, dtype=torch.float64):
    """Unequal masses with the total 1."""
    row_mass, column_mass = (1 + torch.arange(n, dtype=torch.float64) % 3 for n in (rows, columns))
    return (row_mass / row_mass.sum()).to(dtype), (column_mass / column_mass.sum()).to(dtype)


def problem(kind, rows, columns):
    """A log kernel and masses: exp(L) fits, or does not, or u spreads too far as well."""
    log_kernel = waves(rows, columns, scale=1500.0 if kind == "log first" else 1.0)
    row_mass, column_mass = masses(rows, columns)
    if kind == "absorbed":  # every column but the first needs the first row, whose mass u makes up for round by round
        log_kernel[1:, 1:] -= 400
        row_mass[0] *= 1e-17
    return log_kernel, row_mass / row_mass.sum(), column_mass
