"""The Q-Former itself.

Paper: Li et al., BLIP-2 (2023), section 3.1.
"""

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn

from mmnotes.qformer.block import NORM_EPS, Block
from mmnotes.qformer.masks import text_mask
from mmnotes.qformer.words import WordEmbedding

ImageTokens = Float[Tensor, "batch patches image_dim"]
TokenIds = Int[Tensor, "batch tokens"]
PaddingMask = Bool[Tensor, "batch tokens"]
_AttentionMask = Bool[Tensor, "batch length length"]
_QueryStates = Float[Tensor, "batch queries dim"]
_TextStates = Float[Tensor, "batch tokens dim"]


class QFormer(nn.Module):
    """One stack, two kinds of token: LN([Q; E(ids) + P]), then ``depth`` blocks, every second of which reads the image.

    Positions are added to words only. Which of the two halves sees the other is decided by the mask of each call.

    >>> from mmnotes.qformer import itg_mask
    >>> qformer = QFormer(dim=8, heads=2, depth=4, hidden=16, queries=3, image_dim=5, words=9, positions=6)
    >>> image, ids = torch.rand(2, 7, 5), torch.tensor([[8, 4, 1, 2], [8, 3, 1, 0]])
    >>> mask = itg_mask(queries=3, padding_mask=ids > 0)
    >>> [tuple(states.shape) for states in qformer(image, ids, mask)]
    [(2, 3, 8), (2, 4, 8)]
    >>> [layer for layer, block in enumerate(qformer.blocks) if block.cross is not None]  # read the image
    [0, 2]

    Shapes: image (batch, patches, image_dim), ids (batch, tokens), mask (batch, length, length) with length = queries +
    tokens -> queries (batch, queries, dim) and text (batch, tokens, dim).
    Errors: ValueError where heads does not divide dim, a text is empty or longer than ``positions``, or an id is not
    among ``words``.
    Source: Li et al. 2023, section 3.1, whose sizes are dim 768, heads 12, depth 12, hidden 3072, queries 32; agrees
    with ``Blip2QFormerModel`` of transformers.
    """

    def __init__(
        self,
        *,
        dim: int,
        heads: int,
        depth: int,
        hidden: int,
        queries: int,
        image_dim: int,
        words: int,
        positions: int,
        cross_every: int = 2,
    ) -> None:
        super().__init__()
        self.queries = nn.Parameter(0.02 * torch.randn(1, queries, dim))  # as LAVIS starts them
        self.text = WordEmbedding(dim=dim, words=words, positions=positions)
        self.norm = nn.LayerNorm(dim, eps=NORM_EPS)
        self.blocks = nn.ModuleList(
            Block(dim=dim, heads=heads, hidden=hidden, image_dim=None if layer % cross_every else image_dim)
            for layer in range(depth)
        )

    def forward(self, image: ImageTokens, ids: TokenIds, mask: _AttentionMask) -> tuple[_QueryStates, _TextStates]:
        """The states of queries and text, who see each other as the mask says."""
        return self._run(self._asking(len(image)), self.norm(self.text(ids)), image, mask)

    def see(self, image: ImageTokens) -> _QueryStates:
        """The queries' states without any text: the image's half of the contrast, and all that stage 2 keeps."""
        queries = self._asking(len(image))
        return self._run(queries, queries[:, :0], image, None)[0]

    def read(self, ids: TokenIds, padding_mask: PaddingMask) -> _TextStates:
        """The text's states without queries and image: the text's half of the contrast."""
        text = self.norm(self.text(ids))
        return self._run(text[:, :0], text, None, text_mask(padding_mask=padding_mask))[1]

    def _run(self, queries: Tensor, text: Tensor, image: Tensor | None, mask: Tensor | None) -> tuple[Tensor, Tensor]:
        for block in self.blocks:
            queries, text = block(queries, text, image, mask)
        return queries, text

    def _asking(self, batch: int) -> Tensor:
        normed: Tensor = self.norm(self.queries)
        return normed.expand(batch, -1, -1)
