"""Small real data that travels with the package; sources and licences are in ATTRIBUTION.md beside this file."""

from mmnotes.data.batches import caption_ids, padded
from mmnotes.data.emoji import (
    VENDORS,
    Caption,
    Concept,
    Vendor,
    concept_index,
    concepts,
    cutouts,
    drawings,
    image_features,
    patch_features,
    tagged_features,
    text_features,
)
from mmnotes.data.pictures import digits, film, photos
from mmnotes.data.scenes import Scenes, scenes
from mmnotes.data.textures import grounds
from mmnotes.data.words import vocabulary, word_ids

__all__ = [
    "VENDORS",
    "Caption",
    "Concept",
    "Scenes",
    "Vendor",
    "caption_ids",
    "concept_index",
    "concepts",
    "cutouts",
    "digits",
    "drawings",
    "film",
    "grounds",
    "image_features",
    "padded",
    "patch_features",
    "photos",
    "scenes",
    "tagged_features",
    "text_features",
    "vocabulary",
    "word_ids",
]
