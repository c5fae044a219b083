"""Two pictures in one decoupled layer, each with a scale of its own, in one softmax or in two."""

import torch
from jaxtyping import Float
from torch import Tensor, nn

from mmnotes.decoupled_attention.attention import DecoupledAttention
from mmnotes.layers.attention import attend


class MixedAttention(nn.Module):
    """W_o (A_text + λ₁ A₁ + λ₂ A₂), with a softmax for each of two pictures, or with one that both share.

    With one softmax, as when the tokens stand behind one another in a ``DecoupledAttention``, a scale multiplies what
    is read of its picture, and a picture at scale 0 still takes weight from the other. With equal scales that is the
    decoupled layer. With two, a picture at scale 0 is not there.

    It takes scales as tensors, so that an exported network has them as inputs: behind the tokens of both pictures
    stands a row that begins with λ₁, λ₂ and 1 for one softmax, 0 for two.

    Shapes: x (batch, tokens, dim), text (batch, context, context_dim), image (batch, images, context_dim)
    -> (batch, tokens, dim).
    Units: scale 0 leaves a picture out, 1 is what training used.
    Source: two adapters, each with a scale, in diffusers' ``IPAdapterAttnProcessor2_0``; one softmax as
    ``image_embeds`` of several pictures there.
    """

    def __init__(self, layer: DecoupledAttention) -> None:
        super().__init__()
        self.text, self.key, self.value = layer.text, layer.key, layer.value

    def forward(
        self,
        x: Float[Tensor, "batch tokens dim"],
        text: Float[Tensor, "batch context context_dim"],
        image: Float[Tensor, "batch images context_dim"],
    ) -> Float[Tensor, "batch tokens dim"]:
        """What each token reads, from all three."""
        query, heads = self.text.query(x), self.text.heads
        read = attend(query, self.text.key(text), self.text.value(text), heads=heads)
        pictures = image[:, :-1]
        one, other, shared = image[:, -1:, :3].split(1, dim=2)
        keys = self.key(pictures).chunk(2, dim=1)
        first, second = self.value(pictures).chunk(2, dim=1)
        values = one * first, other * second
        apart = sum(attend(query, key, value, heads=heads) for key, value in zip(keys, values, strict=True))
        together = attend(query, torch.cat(keys, dim=1), torch.cat(values, dim=1), heads=heads)
        output: Tensor = self.text.output(read + shared * together + (1 - shared) * apart)
        return output
