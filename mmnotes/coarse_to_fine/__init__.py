"""Coarse to fine: a film is drafted small and slow, enlarged, covered by noise up to a threshold, and finished by a
network that has learned the shortened path from there.

Papers: Meituan LongCat team, LongCat-Video technical report (2025); Meng et al., SDEdit: guided image synthesis and
editing with stochastic differential equations (2022), for the same without a network that has learned it.

Differs: pixels, and not the latents of an autoencoder; no sparse attention; drafts are made from films, and not by a
generator of drafts.
"""

from mmnotes.coarse_to_fine.cost import film_tokens, pass_cost
from mmnotes.coarse_to_fine.enlarge import drafted, enlarged, read_at
from mmnotes.coarse_to_fine.short_path import noised_draft, on_short_path, refined, short_times, short_velocity
from mmnotes.coarse_to_fine.spectrum import hiding_time, sharpness, wave_powers

__all__ = [
    "drafted",
    "enlarged",
    "film_tokens",
    "hiding_time",
    "noised_draft",
    "on_short_path",
    "pass_cost",
    "read_at",
    "refined",
    "sharpness",
    "short_times",
    "short_velocity",
    "wave_powers",
]
