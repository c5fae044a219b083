"""Small real data that travels with the package; sources and licences are in ATTRIBUTION.md beside this file."""

from mmnotes.data.arrangements import films_of_boards, pictures_of_boards, pictures_of_drawings
from mmnotes.data.batches import caption_ids, padded
from mmnotes.data.boards import Board, never_meet
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
from mmnotes.data.motions import MOTIONS, is_held_out, moved
from mmnotes.data.pictures import digits, film, photos
from mmnotes.data.questions import Question, question_about
from mmnotes.data.scenes import Scenes, scenes
from mmnotes.data.sprites import (
    LEARNED,
    UNSEEN,
    Films,
    film_texts,
    shown,
    sprite_cutouts,
    sprite_films,
    walled,
)
from mmnotes.data.textures import grounds
from mmnotes.data.words import split_words, vocabulary, word_ids

__all__ = [
    "LEARNED",
    "MOTIONS",
    "UNSEEN",
    "VENDORS",
    "Board",
    "Caption",
    "Concept",
    "Films",
    "Question",
    "Scenes",
    "Vendor",
    "caption_ids",
    "concept_index",
    "concepts",
    "cutouts",
    "digits",
    "drawings",
    "film",
    "film_texts",
    "films_of_boards",
    "grounds",
    "image_features",
    "is_held_out",
    "moved",
    "never_meet",
    "padded",
    "patch_features",
    "photos",
    "pictures_of_boards",
    "pictures_of_drawings",
    "question_about",
    "scenes",
    "shown",
    "split_words",
    "sprite_cutouts",
    "sprite_films",
    "tagged_features",
    "text_features",
    "vocabulary",
    "walled",
    "word_ids",
]
