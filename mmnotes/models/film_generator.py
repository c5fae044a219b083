"""The book's generator of small films: a transformer with the anatomy of LongCat-Video, and how its pixels look inside.

It learned 32 drawings of the corpus in motion: ``python -m tools.video_continuation.train``.
"""

from jaxtyping import Float
from torch import Tensor, nn

from mmnotes.layers.film_attention import Kept
from mmnotes.layers.film_transformer import FilmTransformer
from mmnotes.layers.gated import gated_width
from mmnotes.layers.precision import promoted
from mmnotes.layers.stored import stored_arrays

TEXT_DIM = 384  # of the sentence features
SPREAD = 0.5  # standard deviation of the films' pixels, from -1 to 1
DIM, DEPTH, HEADS, PATCH, MULTIPLE, TIME_DIM, BASE = 128, 6, 4, 4, 32, 64, 100.0


class FilmNet(nn.Module):
    """The velocity of the noisy frames of a film, given the clean ones before them and a text.

    As in the generator of pictures the transformer F sees values of unit variance, and v = a x + b F, where a x is the
    best guess that is linear in x and b the spread of what it leaves over.

    Shapes: x (batch, frames, 3, height, width), t (batch, frames), text (batch, words, 384) -> that of x.
    Units: values from -1 to 1; t from 0 (data) to 1 (noise), 0 for clean frames; the velocity is noise - data.
    Errors: as ``FilmTransformer``.
    Source: Karras et al., Elucidating the design space of diffusion-based generative models (2022), section 5, for
    the scaling.
    Differs: LongCat's velocity is data - noise, and the transformer's output is that velocity itself.
    """

    def __init__(self, transformer: FilmTransformer) -> None:
        super().__init__()
        self.transformer = transformer

    def forward(
        self,
        x: Float[Tensor, "batch frames 3 height width"],
        t: Float[Tensor, "batch frames"],
        text: Float[Tensor, "batch words text_dim"],
        *,
        n_cond: int,
        kept: list[Kept] | None = None,
    ) -> Float[Tensor, "batch frames 3 height width"]:
        """The velocity of every frame; those of the first ``n_cond`` mean nothing."""
        noise, variance = _noise_and_variance(t, x)
        seen = (x / variance.sqrt()).to(x.dtype)
        found, _ = self.transformer(seen, t, text, n_cond=n_cond, kept=kept)
        guess = (noise - (1 - noise) * SPREAD**2) / variance
        velocity: Tensor = guess * x + SPREAD / variance.sqrt() * found
        return velocity.to(x.dtype)

    def keep(self, clean: Float[Tensor, "batch frames 3 height width"]) -> list[Kept]:
        """The keys and values of clean frames, layer by layer."""
        nothing = clean.new_zeros(len(clean), 1, self.transformer.text_dim)
        t = clean.new_zeros(clean.shape[:2])
        kept: list[Kept] = self.transformer(clean / SPREAD, t, nothing, n_cond=clean.shape[1])[1]
        return kept


def untrained_film_net() -> FilmNet:
    """The network, before its weights are loaded.

    It cannot be traced: it makes a module.

    Shapes: as ``FilmNet``.
    """
    hidden = gated_width(nominal=4 * DIM, multiple=MULTIPLE)
    size = {"dim": DIM, "depth": DEPTH, "heads": HEADS, "hidden": hidden, "time_dim": TIME_DIM}
    inside = FilmTransformer(channels=3, patch=PATCH, text_dim=TEXT_DIM, frequencies=TIME_DIM, base=BASE, **size)
    return FilmNet(inside)


def pretrained_film_net() -> FilmNet:
    """The network that learned the films, frozen, in float32.

    It cannot be traced: it makes a module.

    Shapes: as ``FilmNet``.
    Source: trained by tools/video_continuation/train.py.
    """
    network = untrained_film_net()
    network.load_state_dict(stored_arrays(__package__, "film_generator.npz"))
    return network.requires_grad_(False)


def to_film_net(pixels: Float[Tensor, "*rest"]) -> Float[Tensor, "*rest"]:
    """Pixels as the network knows them, from -1 to 1.

    Shapes: kept.
    Units: red, green and blue from 0 to 1.
    """
    return 2 * pixels - 1


def to_frames(x: Float[Tensor, "*rest"]) -> Float[Tensor, "*rest"]:
    """The way back; what lies outside 0 to 1 is clipped.

    Shapes: kept.
    """
    return ((x + 1) / 2).clamp(0, 1)


def _noise_and_variance(t: Tensor, x: Tensor) -> tuple[Tensor, Tensor]:
    (noise,) = promoted(t[:, :, None, None, None])
    return noise, noise.square() + ((1 - noise) * SPREAD).square()
