"""Sinkhorn-Knopp: scale the rows and columns of a non-negative matrix until both have
the masses you ask for.

Papers: Sinkhorn and Knopp, Concerning nonnegative matrices and doubly stochastic
matrices (1967); Cuturi, Sinkhorn distances (2013); Caron et al., SwAV (2020), and Oquab
et al., DINOv2 (2023), for samples and prototypes.

Differs:
- no stopping rule: the number of rounds is an argument, as in SwAV and DINOv2.
"""

from mmnotes.sinkhorn.log_domain import sinkhorn_log
from mmnotes.sinkhorn.rate import convergence_rate
from mmnotes.sinkhorn.scaling import sinkhorn
from mmnotes.sinkhorn.sharded import sharded_assignment
from mmnotes.sinkhorn.stabilised import sinkhorn_stabilised
from mmnotes.sinkhorn.teacher import teacher_assignment

__all__ = [
    "convergence_rate",
    "sharded_assignment",
    "sinkhorn",
    "sinkhorn_log",
    "sinkhorn_stabilised",
    "teacher_assignment",
]
