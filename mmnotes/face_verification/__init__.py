"""Face verification: detect, align, represent, compare; are these two pictures the same person?

Papers: Zhang et al., Joint face detection and alignment using multitask cascaded convolutional networks (2016);
Umeyama, Least-squares estimation of transformation parameters (1991); Taigman et al., DeepFace (2014), for the order of
the steps; King, dlib's face recognition model (2017). Serengil and Ozpinar, LightFace (2020), is the library that has
the name of the third.

Differs:
- nothing is trained: the nets are those of facenet-pytorch and of dlib, the latter in the eight bits of face-api;
- the five landmarks come from the detector, where dlib has a predictor of its own with five others;
- one threshold and one network, where the library deepface offers eleven.
"""

from mmnotes.face_verification.alignment import eye_angle, moved, similarity, umeyama
from mmnotes.face_verification.boxes import (
    intersection_over_smaller,
    intersection_over_union,
    non_maximum_suppression,
)
from mmnotes.face_verification.chips import face_chip, letterboxed, rotated_crop, warped
from mmnotes.face_verification.detector import Detector
from mmnotes.face_verification.distances import (
    angular_distance,
    closest_pair,
    cosine_distance,
    euclidean_distance,
    unit_distance,
)
from mmnotes.face_verification.embedder import Embedder
from mmnotes.face_verification.verification import verify

__all__ = [
    "Detector",
    "Embedder",
    "angular_distance",
    "closest_pair",
    "cosine_distance",
    "euclidean_distance",
    "eye_angle",
    "face_chip",
    "intersection_over_smaller",
    "intersection_over_union",
    "letterboxed",
    "moved",
    "non_maximum_suppression",
    "rotated_crop",
    "similarity",
    "umeyama",
    "unit_distance",
    "verify",
    "warped",
]
