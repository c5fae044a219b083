"""Contrastive losses: of all the texts of a batch, find the one that belongs to the image, and the reverse.

Papers: van den Oord et al., Representation learning with contrastive predictive coding (2018), the loss and its bound;
Radford et al., CLIP (2021), both directions and a learned scale; Zhai et al., Sigmoid loss for language image
pre-training, SigLIP (2023), a yes or no for every pair.

Differs:
- exp, start and clamp of the scale are the training loop's: the losses take the scale itself, not its logarithm;
- no label smoothing and no masking of pairs that only look wrong: pair i of the batch is right and every other is not.
"""

from mmnotes.infonce.loss import info_nce, sigmoid_loss, similarity
from mmnotes.infonce.sharded import gathered, gathered_values, matching_loss, rank, sharded_info_nce

__all__ = [
    "gathered",
    "gathered_values",
    "info_nce",
    "matching_loss",
    "rank",
    "sharded_info_nce",
    "sigmoid_loss",
    "similarity",
]
