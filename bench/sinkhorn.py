"""Sinkhorn against POT and against DINOv2's published sequence of operations.

POT is called as its documentation says. It scales the other side first, so its plan differs at a finite number of
rounds; the work is the same, and tests/sinkhorn/test_reference.py holds the plans equal once the order is.
"""

from collections.abc import Iterator

import ot
import torch
from torch import Tensor

from bench.timing import Row, peak_bytes, race
from mmnotes.sinkhorn import sinkhorn, sinkhorn_log, sinkhorn_stabilised, teacher_assignment

REG, COLD_REG, TAU = 0.1, 0.001, 0.07
SHAPE, STEPS, LOG_STEPS = (4096, 1024), 100, 10


def rows() -> Iterator[Row]:
    """Every comparison, in the order it is made."""
    for dtype in (torch.float32, torch.float64):
        yield from plain_rows(dtype)
    yield from stabilised_rows()
    yield from teacher_rows()
    yield from memory_rows()


def plain_rows(dtype: torch.dtype) -> Iterator[Row]:
    """`sinkhorn` from the cost matrix, against POT on both backends, and against reading the kernel once a round."""
    cost, *masses = problem(dtype)
    kernel = torch.exp(cost / -REG)
    name, options = f"sinkhorn, {STEPS} steps, {short(dtype)}", {"numItermax": STEPS, "stopThr": 0, "warn": False}

    def ours() -> Tensor:
        return sinkhorn(torch.exp(cost / -REG), *masses, steps=STEPS)

    arrays = [each.numpy() for each in (*masses, cost)]
    aim = "2 against the faster of the two"
    yield race(f"{name}; POT, numpy", ours, lambda: ot.sinkhorn(*arrays, REG, **options), aim=aim)
    yield race(f"{name}; POT, torch", ours, lambda: ot.sinkhorn(*masses, cost, REG, **options), aim=aim)
    read = [kernel] * STEPS
    yield race(
        f"{name}; reading the kernel {STEPS} times", ours, lambda: [each.sum() for each in read], aim="1 at best"
    )


def stabilised_rows() -> Iterator[Row]:
    """`sinkhorn_stabilised` against POT's log form, where exp(L) fits the range and where it does not."""
    cost, *masses = problem(torch.float64)
    options = {"method": "sinkhorn_log", "numItermax": LOG_STEPS, "stopThr": 0, "warn": False}
    arrays = [each.numpy() for each in (*masses, cost)]
    for reg in (REG, COLD_REG):
        name = f"sinkhorn_stabilised at {reg}, {LOG_STEPS} steps, fp64"

        def ours(reg: float = reg) -> Tensor:
            return sinkhorn_stabilised(cost / -reg, *masses, steps=LOG_STEPS)

        def by_numpy(reg: float = reg) -> object:
            return ot.sinkhorn(*arrays, reg, **options)

        def by_torch(reg: float = reg) -> object:
            return ot.sinkhorn(*masses, cost, reg, **options)

        yield race(f"{name}; POT log, numpy", ours, by_numpy, aim="5", repeats=3)
        yield race(f"{name}; POT log, torch", ours, by_torch, aim="5", repeats=3)


def teacher_rows() -> Iterator[Row]:
    """`teacher_assignment` on one batch of DINOv2's size."""
    scores = torch.rand(64, 65_536, generator=torch.Generator().manual_seed(0)) * 2 - 1
    torch.testing.assert_close(teacher_assignment(scores, tau=TAU), published_sequence(scores), rtol=0, atol=1e-6)
    yield race(
        "teacher_assignment, 64 x 65536, fp32; published sequence",
        lambda: teacher_assignment(scores, tau=TAU),
        lambda: published_sequence(scores),
        aim="2",
        repeats=21,
    )


def published_sequence(scores: Tensor) -> Tensor:
    """What the released teacher computes: exponentials, their total, then sums and divisions side by side."""
    plan = torch.exp(scores / TAU).T
    plan /= plan.sum()
    for _ in range(3):
        for dim in (1, 0):
            plan /= plan.sum(dim=dim, keepdim=True)
            plan /= plan.shape[1 - dim]
    plan *= plan.shape[1]
    return plan.T


def memory_rows() -> Iterator[Row]:
    """The most memory at once, in copies of the kernel and with the kernel itself."""
    cost, *masses = problem(torch.float64)
    kernel, log_kernel, cold = torch.exp(cost / -REG), cost / -REG, cost / -COLD_REG
    options = {"numItermax": LOG_STEPS, "stopThr": 0, "warn": False}
    log_options = {"method": "sinkhorn_log", **options}
    for name, ours, other in (
        ("sinkhorn", lambda: sinkhorn(kernel, *masses, steps=LOG_STEPS), options),
        ("sinkhorn_log", lambda: sinkhorn_log(log_kernel, *masses, steps=LOG_STEPS), log_options),
        ("sinkhorn_stabilised", lambda: sinkhorn_stabilised(log_kernel, *masses, steps=LOG_STEPS), log_options),
        ("sinkhorn_stabilised, cold", lambda: sinkhorn_stabilised(cold, *masses, steps=LOG_STEPS), log_options),
    ):
        copies = 1 + peak_bytes(ours) / kernel.nbytes
        theirs = 1 + peak_bytes(lambda other=other: ot.sinkhorn(*masses, cost, REG, **other)) / kernel.nbytes
        what = f"{name}, memory in kernels; POT, torch"
        yield Row(what, f"{copies:.1f}", f"{theirs:.1f}", f"{theirs / copies:.2f}", "3 kernels at most")


def problem(dtype: torch.dtype) -> tuple[Tensor, Tensor, Tensor]:
    """Random costs between 0 and 1, and equal masses."""
    cost = torch.rand(SHAPE, generator=torch.Generator().manual_seed(0), dtype=dtype)
    row_mass, column_mass = (torch.full((length,), 1 / length, dtype=dtype) for length in SHAPE)
    return cost, row_mass, column_mass


def short(dtype: torch.dtype) -> str:
    """fp32 for torch.float32."""
    return f"fp{torch.finfo(dtype).bits}"
