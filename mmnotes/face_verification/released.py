"""What the library deepface ships to decide with: a threshold for each network and each distance."""

import math

METRICS = ("cosine", "euclidean", "euclidean_l2", "angular")
# deepface/config/threshold.py at commit 243209f, the numbers as they stand there, in the order of METRICS.
THRESHOLDS = {
    "VGG-Face": (0.68, 1.17, 1.17, 0.39),
    "Facenet": (0.40, 10, 0.80, 0.33),
    "Facenet512": (0.30, 23.56, 1.04, 0.35),
    "ArcFace": (0.68, 4.15, 1.13, 0.39),
    "Dlib": (0.07, 0.6, 0.4, 0.12),
    "SFace": (0.593, 10.734, 1.055, 0.36),
    "OpenFace": (0.10, 0.55, 0.55, 0.11),
    "DeepFace": (0.23, 64, 0.64, 0.12),
    "DeepID": (0.015, 45, 0.17, 0.04),
    "GhostFaceNet": (0.65, 35.71, 1.10, 0.38),
    "Buffalo_L": (0.55, 0.6, 1.1, 0.45),
}
DLIB = 0.6  # of the Euclidean distance, said of the network by its author


def equivalent(*, cosine: float) -> dict[str, float]:
    """Which thresholds of the other distances accept what this one of the cosine distance accepts.

    Source: two directions with the cosine distance d are √(2 d) apart, at the angle arccos(1 - d).
    """
    return {"euclidean_l2": math.sqrt(2 * cosine), "angular": math.acos(1 - cosine) / math.pi}
