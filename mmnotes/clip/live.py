"""What a page runs for words and drawings of a reader's own: both towers, and cosines with what a corpus holds.

Paper: Radford et al., CLIP (2021), section 3.1, whose classifier is such a search with one text a class.
"""

from collections.abc import Mapping, Sequence

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn
from torch.nn.functional import avg_pool2d, normalize

from mmnotes.clip.model import CLIP
from mmnotes.clip.reading import reading
from mmnotes.layers.stored import stored_arrays
from mmnotes.page.network import Network

LEVELS = 63  # of red, green and blue in small pictures: fewer bytes, and no eye sees it
GRAIN = 4  # dots a side for each pixel, as theme/assets/live/paint.js has them
OFFER = "Type words of your own, draw a picture, and see what each tower finds."


class Search(nn.Module):
    """Cosines of a text and a drawing with the pictures and captions of a corpus, and with each other.

    The drawing has a whole number of dots for each pixel of the tower, which is given their mean. The corpus' features
    stay in float32: half precision exchanges some of the ten nearest.

    Shapes: pictures (concepts, 3, size, size) and captions (concepts, tokens) of the corpus; board (batch, 3, rows,
    columns), words (batch, tokens) -> the text with each picture, the drawing with each picture and with each caption,
    all (batch, concepts), the text with the drawing (batch,), and what the tower sees, (batch, 3, size, size).
    Units: board from 0 to 1; words as ids from the start to the end, then zeros, in floats, as a page hands them over.
    """

    pictures: Tensor
    captions: Tensor

    def __init__(
        self,
        clip: CLIP,
        pictures: Float[Tensor, "concepts 3 size size"],
        captions: Int[Tensor, "concepts tokens"],
    ) -> None:
        super().__init__()
        self.clip = clip
        with torch.no_grad():
            for name, found in (("pictures", clip.image(pictures)), ("captions", clip.text(captions))):
                self.register_buffer(name, normalize(found, dim=1))

    def forward(
        self, board: Float[Tensor, "batch 3 rows columns"], words: Float[Tensor, "batch tokens"]
    ) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor]:
        """All there is to show."""
        seen = avg_pool2d(board, board.shape[-1] // self.clip.image.size)
        ids = words.long().clamp(0, self.clip.text.words.num_embeddings - 1)
        drawing = normalize(self.clip.image(seen), dim=1)
        text = normalize(self.clip.text(ids), dim=1)
        met = (text * drawing).sum(1)
        return text @ self.pictures.T, drawing @ self.pictures.T, drawing @ self.captions.T, met, seen


def own_words_and_drawing(
    search: Search,
    pictures: Float[Tensor, "concepts 3 size size"],
    drawings: Float[Tensor, "samples 3 size size"],
    *,
    captions: Sequence[str],
    held_out: Sequence[bool],
    examples: Sequence[str],
    texts: Mapping[str, Sequence[str]],
    vocabulary: Sequence[str],
    unseen: Sequence[int],
) -> Network:
    """The network of a lab whose reader types and draws.

    ``captions`` say what each of the pictures shows, a label and then tags with commas between them, and ``held_out``
    whether no training had it; ``examples`` what each of the drawings shows; ``texts`` the words of each of some texts,
    to which the page's own reading is held, the first of them what stands there at first. It cannot be traced: it makes
    what is exported.

    Shapes: pictures (concepts, 3, size, size), drawings (samples, 3, size, size).
    Units: red, green and blue from 0 to 1.
    Errors: ValueError without a text, or where there is not a caption and a mark for each picture of the search, or a
    name for each drawing.
    """
    for name, given, count in (
        ("pictures", pictures, len(search.pictures)),
        ("captions", captions, len(search.pictures)),
        ("held_out", held_out, len(search.pictures)),
        ("examples", examples, len(drawings)),
    ):
        if len(given) != count:
            raise ValueError(f"{name} must be {count}, got {len(given)}")
    if not texts:
        raise ValueError("texts must be at least one, got none")
    length, held = len(search.clip.text.position), []
    for text, words in texts.items():
        ids, fates = reading(words, vocabulary=vocabulary, unseen=unseen, length=length)
        held.append((text, {"ids": ids, "words": fates}))
    marked = [{"text": text, "held_out": new} for text, new in zip(captions, held_out, strict=True)]
    return Network(
        search,
        {
            "board": drawings[:1].repeat_interleave(GRAIN, 2).repeat_interleave(GRAIN, 3),
            "words": torch.tensor([held[0][1]["ids"]]).float(),
        },
        ("told", "drawn", "named", "met", "seen"),
        offer=OFFER,
        form=("pixels", "announcer", "fields", "hand", "paint", "words", "search"),
        data={
            "vocabulary": list(vocabulary),
            "unseen": list(unseen),
            "length": length,
            "captions": marked,
            "examples": list(examples),
            "text": held[0][0],
        },
        arrays={"pictures": _levels(pictures, LEVELS), "drawings": _levels(drawings, 255)},
        held={"words.reading": held},
    )


def hand_drawn() -> dict[str, Float[Tensor, "3 height width"]]:
    """Pictures that were drawn with a mouse on the board of the chapter's lab, by what each shows.

    It cannot be traced: it reads a file.

    Shapes: each (3, height, width) = (3, 32, 32).
    Units: red, green and blue from 0 to 1.
    """
    return {name: pixels.permute(2, 0, 1) / 255 for name, pixels in stored_arrays(__package__, "drawn.npz").items()}


def _levels(pictures: Tensor, most: int) -> Tensor:
    """Pixel by pixel, in whole numbers from 0 to ``most``."""
    return (most * pictures.permute(0, 2, 3, 1)).round().byte().contiguous()
