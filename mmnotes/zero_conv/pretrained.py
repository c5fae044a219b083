"""The control branch that learned to follow edge maps of the emoji corpus."""

from mmnotes.layers.stored import stored_arrays
from mmnotes.layers.unet import UNet
from mmnotes.zero_conv.branch import ControlBranch


def untrained_branch(unet: UNet) -> ControlBranch:
    """A branch of the trained one's size: it copies the U-Net and sees an edge map of 32 x 32 pixels.

    It cannot be traced: it makes a module.

    Shapes: as ``ControlBranch``, with hints (batch, 1, 32, 32).
    """
    return ControlBranch(unet, channels=1, widths=(16, 32))


def pretrained_branch(unet: UNet) -> ControlBranch:
    """The branch that was trained beside ``mmnotes.models.generator.pretrained_unet``, frozen.

    It has dtype and device of the U-Net; where the U-Net reads images, the branch does not. It cannot be traced: it
    makes a module.

    Shapes: as ``untrained_branch``.
    Source: trained by tools/zero_conv/train.py.
    """
    branch = untrained_branch(unet)
    branch.load_state_dict(stored_arrays(__package__, "weights.npz"))
    return branch.requires_grad_(False)
