"""The refiner that ``tools/coarse_to_fine/train.py`` trained: the film network with a change of low rank.

Differs: one threshold was drawn for each batch of its training, from .1 to 1, where LongCat-Video's is always .5.
"""

from jaxtyping import Float
from torch import Tensor

from mmnotes.flow import Velocity
from mmnotes.layers.lora import with_lora
from mmnotes.layers.stored import stored_arrays
from mmnotes.models.film_generator import FilmNet, pretrained_film_net

RANK = 8


def untrained_refiner() -> FilmNet:
    """The frozen film network with a change of low rank in every linear layer of its blocks, which is none yet.

    It cannot be traced: it makes a module.

    Shapes: as ``FilmNet``.
    Source: Hu et al., LoRA (2022), on the film generator.
    """
    network = pretrained_film_net()
    network.transformer.blocks = with_lora(network.transformer.blocks, rank=RANK, alpha=RANK)
    return network


def pretrained_refiner() -> FilmNet:
    """The film network that has learned the shortened path, frozen, in float32.

    It cannot be traced: it makes a module.

    Shapes: as ``FilmNet``.
    Source: trained by tools/coarse_to_fine/train.py.
    """
    network = untrained_refiner()
    network.load_state_dict(stored_arrays(__package__, "refiner.npz"), strict=False)
    return network.requires_grad_(False)


def whole_velocity(network: FilmNet, text: Float[Tensor, "batch words text_dim"]) -> Velocity:
    """The network's velocity of films in which no frame is clean, given their texts.

    It cannot be traced: it makes a function.

    Shapes: x (batch, frames, 3, height, width), t (batch,) -> that of x; text (batch, words, 384).
    Source: LongCat-Video, pipeline_longcat_video.py, generate_refine.
    """

    def velocity(x: Tensor, t: Tensor) -> Tensor:
        found: Tensor = network(x, t[:, None].expand(-1, x.shape[1]), text, n_cond=0)
        return found

    return velocity
