"""CLIP: a tower for pictures and a tower for texts, which meet in nothing but a cosine.

Papers: Radford et al., Learning transferable visual models from natural language supervision (2021); Dosovitskiy et
al., An image is worth 16x16 words (2021), for the image tower.

Differs:
- the ResNet towers' convolutions are left out; their attention pooling is in ``readout``;
- pictures have the size that the tower was made for, where some libraries stretch the table of positions;
- the loss is not here: CLIP's is symmetric InfoNCE.
"""

from mmnotes.clip.activation import quick_gelu
from mmnotes.clip.model import CLIP, ImageTower
from mmnotes.clip.readout import AttentionReadout, ClassReadout, MeanReadout
from mmnotes.clip.text import TextTower, end_position

__all__ = [
    "CLIP",
    "AttentionReadout",
    "ClassReadout",
    "ImageTower",
    "MeanReadout",
    "TextTower",
    "end_position",
    "quick_gelu",
]
