"""The activation of CLIP's towers.

Paper: Hendrycks and Gimpel, Gaussian error linear units (2016), section 2, for the sigmoid form.
"""

from jaxtyping import Float
from torch import Tensor


def quick_gelu(x: Float[Tensor, "..."]) -> Float[Tensor, "..."]:
    """x σ(1.702 x), within 0.021 of GELU, which is x Φ(x).

    Shapes: any -> the same.
    Source: openai/CLIP, clip/model.py, class QuickGELU; Hendrycks and Gimpel 2016, section 2.
    """
    return x * (1.702 * x).sigmoid_()  # in place: the product's memory is not needed again, not even by a gradient
