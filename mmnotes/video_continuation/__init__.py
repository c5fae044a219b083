"""A film goes on: one network for text to video, image to video and continuation, and clean frames computed once.

Paper: Meituan LongCat team, LongCat-Video technical report (2025), sections 3 and 4.

Differs: films of 12 frames of 32 x 32 pixels and no autoencoder, so that a frame is a step of time; no text but a name
and a motion; the velocity is noise - data, where LongCat's is data - noise; no sparse attention, no refinement and no
rewards.
"""

from mmnotes.video_continuation.continuation import continued, continued_anew, long_film
from mmnotes.video_continuation.tasks import block_causal_mask, film_loss, frame_times, with_clean
from mmnotes.video_continuation.tracking import tracked

__all__ = [
    "block_causal_mask",
    "continued",
    "continued_anew",
    "film_loss",
    "frame_times",
    "long_film",
    "tracked",
    "with_clean",
]
