"""Decoupled cross-attention: a frozen generator takes a picture as a prompt, beside its text.

Paper: Ye et al., IP-Adapter: text compatible image prompt adapter for text-to-image diffusion models (2023).

Differs:
- no mask that confines a picture to a region; several pictures share one softmax;
- the tokens come from features that are at hand; the image encoder is not part of the module.
"""

from mmnotes.decoupled_attention.appended import AppendedAttention, appended_
from mmnotes.decoupled_attention.attention import DecoupledAttention, decoupled_, image_share
from mmnotes.decoupled_attention.prompt import ImageProjection, ImagePrompt, with_image
from mmnotes.decoupled_attention.resampler import Resampler, ResamplerBlock

__all__ = [
    "AppendedAttention",
    "DecoupledAttention",
    "ImageProjection",
    "ImagePrompt",
    "Resampler",
    "ResamplerBlock",
    "appended_",
    "decoupled_",
    "image_share",
    "with_image",
]
