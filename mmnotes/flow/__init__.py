"""Flow matching: learn the velocity that carries noise to data along straight lines, then follow it.

Papers: Lipman et al., Flow matching for generative modeling (2023); Liu et al., Flow straight and fast (2023); Esser et
al., Scaling rectified flow transformers (2024), for timesteps and their shift; Ho and Salimans, Classifier-free
diffusion guidance (2022); Fan et al., CFG-Zero* (2025).

Here time is 0 at the data and 1 at the noise, and the velocity is noise - data, as in diffusers and Wan. LongCat-Video
writes data - noise: change the sign.

Differs: the straight path between data and Gaussian noise only; no stochastic sampler.
"""

from mmnotes.flow.guidance import guided, guided_by, guided_from_projection
from mmnotes.flow.path import flow_loss, mixture_velocity, on_path
from mmnotes.flow.samplers import Velocity, euler, heun
from mmnotes.flow.times import shifted, time_grid

__all__ = [
    "Velocity",
    "euler",
    "flow_loss",
    "guided",
    "guided_by",
    "guided_from_projection",
    "heun",
    "mixture_velocity",
    "on_path",
    "shifted",
    "time_grid",
]
