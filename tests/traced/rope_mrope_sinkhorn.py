"""Rotary positions, MRoPE and Sinkhorn-Knopp."""

from functools import partial

import torch
from torch import randn

from mmnotes.layers.rotation import adjacent_order, frequency_ladder, rotate_adjacent, rotate_halves
from mmnotes.mrope import axis_frequencies, interleaved, rotary, rotate_first, sectioned
from mmnotes.rope import (
    angles,
    character,
    frequency_vectors,
    gauge,
    interpolated,
    ntk_aware,
    position_kernel,
    spiral_vectors,
    to_adjacent,
    to_halves,
    yarn,
)
from mmnotes.sinkhorn import convergence_rate, sinkhorn, sinkhorn_log, sinkhorn_stabilised, teacher_assignment
from tests.traced import Traced

GROUND = "Ids come from a list of sizes, before there is a tensor: there is nothing to trace."


def vectors_and_tables():
    turned = randn(2, 5, 3)
    return randn(2, 3, 5, 6), turned.cos(), turned.sin()


def part_and_tables():
    turned = randn(2, 5, 2)
    return randn(2, 3, 5, 6), turned.cos(), turned.sin()


def signs_and_order():
    """Frequency vectors, two of them equal, and the same in another order and with other signs."""
    vectors = randn(5, 2)
    vectors[3] = -vectors[0]
    return vectors, vectors[[2, 0, 4, 3, 1]] * torch.tensor([1.0, -1, -1, 1, 1])[:, None]


def log_problem():
    """Equal masses, which stay masses of one total however a test turns them round, and vary them too."""
    return randn(5, 7), torch.full((5,), 7.0), torch.full((7,), 5.0)


def problem():
    log_kernel, *masses = log_problem()
    return log_kernel.exp(), *masses


def balanced():
    kernel, *masses = problem()
    return sinkhorn(kernel, *masses, steps=100), *masses


def ids():
    return torch.randint(0, 50, (3, 2, 5))


# Of a function without tensors there is only the compiled form.
NONE = ()
TRACED = [
    Traced("layers.rotation.rotate_halves", lambda: (rotate_halves, vectors_and_tables())),
    Traced("layers.rotation.rotate_adjacent", lambda: (rotate_adjacent, vectors_and_tables())),
    Traced("layers.rotation.frequency_ladder", lambda: (partial(frequency_ladder, planes=7, base=100.0), ()), NONE),
    Traced("layers.rotation.adjacent_order", lambda: (partial(adjacent_order, planes=7), ()), NONE),
    Traced("rope.angles", lambda: (angles, (randn(2, 5, 3), randn(7, 3)))),
    Traced("rope.character", lambda: (character, (randn(5, 3), randn(7, 3)))),
    Traced("rope.position_kernel", lambda: (position_kernel, (randn(5, 3), randn(7, 3)))),
    Traced("rope.frequency_vectors", lambda: (frequency_vectors, (randn(4), randn(3, 2)))),
    Traced("rope.spiral_vectors", lambda: (partial(spiral_vectors, planes=7, base=100.0), ()), NONE),
    Traced("rope.interpolated", lambda: (partial(interpolated, stretch=4.0), (randn(5),))),
    Traced("rope.ntk_aware", lambda: (partial(ntk_aware, planes=7, base=100.0, stretch=4.0), ()), NONE),
    Traced("rope.yarn", lambda: (partial(yarn, planes=7, base=100.0, stretch=4.0, trained=500), ()), NONE),
    Traced("rope.to_adjacent", lambda: (partial(to_adjacent, heads=2), (randn(12, 3),))),
    Traced("rope.to_halves", lambda: (partial(to_halves, heads=2), (randn(12, 3),))),
    # The matrix holds signs and zeros, which have no slope.
    Traced("rope.gauge", lambda: (gauge, signs_and_order()), transforms=("vmap",)),
    Traced("mrope.sectioned", lambda: (partial(sectioned, [3, 2, 2]), ()), NONE),
    Traced("mrope.interleaved", lambda: (partial(interleaved, [3, 2, 2]), ()), NONE),
    # Ids and axes are whole numbers.
    Traced("mrope.rotary", lambda: (partial(rotary, base=100.0), (ids(), interleaved([3, 2, 2]))), ("vmap",)),
    Traced(
        "mrope.axis_frequencies", lambda: (partial(axis_frequencies, base=100.0), (interleaved([3, 2, 2]),)), ("vmap",)
    ),
    Traced("mrope.rotate_first", lambda: (rotate_first, part_and_tables())),
    Traced("sinkhorn.sinkhorn", lambda: (partial(sinkhorn, steps=3), problem())),
    Traced("sinkhorn.sinkhorn_log", lambda: (partial(sinkhorn_log, steps=3), log_problem())),
    Traced("sinkhorn.sinkhorn_stabilised", lambda: (partial(sinkhorn_stabilised, steps=3), log_problem())),
    Traced("sinkhorn.teacher_assignment", lambda: (partial(teacher_assignment, tau=0.07), (randn(5, 7),))),
    Traced("sinkhorn.convergence_rate", lambda: (convergence_rate, balanced())),
]
UNTRACED = {
    "rope.yarn_factor": "A number of a number: there is nothing to trace.",
    "sinkhorn.sharded_assignment": "A collective of the process group cannot be traced.",
    "mrope.position_ids_by_frame": GROUND,
    "mrope.position_ids_by_time": GROUND,
    "mrope.position_ids_by_timestamp": GROUND,
}
