"""What turns a feature into logits over prototypes.

Paper: Caron et al., DINO (2021), section 3.2 and appendix C.
"""

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn.functional import normalize

from mmnotes.layers.precision import promoted, without_autocast


class DINOHead(nn.Module):
    """Cosines of a feature, after three linear layers, with every prototype.

        z_k = ⟨w_k / ‖w_k‖, g(x) / ‖g(x)‖⟩

    The authors call the prototypes a weight-normalised last layer whose gains are held at 1. Only their directions
    count, so their gradient is orthogonal to them. The authors stop their gradient altogether in the first epoch;
    that is the training loop's to do.

    Shapes: x (..., dim) -> (..., prototypes); [CLS] and patches alike.
    Units: logits are cosines, in float32 or, for a float64 head, float64, under autocast too.
    Source: facebookresearch/dino, vision_transformer.py, class DINOHead with norm_last_layer.
    """

    def __init__(self, *, dim: int, hidden: int, bottleneck: int, prototypes: int) -> None:
        super().__init__()
        layers = [nn.Linear(dim, hidden), nn.GELU(), nn.Linear(hidden, hidden), nn.GELU()]
        self.mlp = nn.Sequential(*layers, nn.Linear(hidden, bottleneck))
        for layer in self.mlp:
            if isinstance(layer, nn.Linear):
                nn.init.trunc_normal_(layer.weight, std=0.02)
                nn.init.zeros_(layer.bias)
        # as long as the rows of PyTorch's linear layer, which the authors start from
        self.prototypes = nn.Parameter((2 * torch.rand(prototypes, bottleneck) - 1) * bottleneck**-0.5)

    def forward(self, x: Float[Tensor, "*batch dim"]) -> Float[Tensor, "*batch prototypes"]:
        """The logits of each feature."""
        feature, prototypes = promoted(self.mlp(x), self.prototypes)
        with without_autocast(feature.device):
            return normalize(feature, dim=-1) @ normalize(prototypes, dim=-1).T
