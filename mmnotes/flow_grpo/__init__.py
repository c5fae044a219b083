"""Flow-GRPO: a flow model is tuned by rewards of what it draws, through the noise of a single step.

Papers: Liu et al., Flow-GRPO (2025); Meituan LongCat Team, LongCat-Video technical report (2025), for the one random
step, its limit, the weights of steps and the largest deviation; Shao et al., DeepSeekMath (2024), for the group.

Time is 0 at the data and 1 at the noise, the velocity is noise - data, and a step of sampling goes from ``now`` down
to ``then``. LongCat-Video's network predicts data - noise: change the sign.

Differs: the random step is the same for all prompts of a batch; log-probabilities are sums, where the released code
takes means.
"""

from mmnotes.flow_grpo.objective import (
    clipped_objective,
    group_advantages,
    largest_std_advantages,
    step_divergence,
)
from mmnotes.flow_grpo.plane import PlanePolicy, near_data, ring, to_the_right, tune_
from mmnotes.flow_grpo.rewards import blueness, diversity, likeness
from mmnotes.flow_grpo.rollout import Rollout, policy_loss, rollout
from mmnotes.flow_grpo.sde import clipped_sigma, log_probability, score_scale, sde_mean, sde_sigma, sde_step

__all__ = [
    "PlanePolicy",
    "Rollout",
    "blueness",
    "clipped_objective",
    "clipped_sigma",
    "diversity",
    "group_advantages",
    "largest_std_advantages",
    "likeness",
    "log_probability",
    "near_data",
    "policy_loss",
    "ring",
    "rollout",
    "score_scale",
    "sde_mean",
    "sde_sigma",
    "sde_step",
    "step_divergence",
    "to_the_right",
    "tune_",
]
