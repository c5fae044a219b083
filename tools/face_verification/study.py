"""What becomes of the two portraits under every variant and strength: ``python -m tools.face_verification.study``.

For each the vector of the embedder, and how far the changed portrait is from both portraits as they are: by the
vectors, by those of a network with random weights, and by the pixels of the chips. NaN where the cascade finds no face.
"""

import torch
from torch import Tensor

from mmnotes.face_verification import euclidean_distance
from mmnotes.face_verification.pretrained import PORTRAITS, portraits, untrained_embedder
from mmnotes.face_verification.variants import VARIANTS
from mmnotes.face_verification.verification import Face, only_face
from mmnotes.layers.samples import Samples, packed
from tools.training import write

STRENGTHS = tuple(step / 10 for step in range(11))
WAYS = ("vectors", "random weights", "pixels")


def main() -> None:
    """Both tables, into the chapter's room."""
    pictures = portraits()
    plain = {name: only_face(picture, name=name) for name, picture in pictures.items()}
    random = untrained_embedder(seed=0)

    def seen(chip: Tensor, vector: Tensor) -> list[Tensor]:
        return [vector, random(chip[None])[0], chip.flatten()]

    known = {name: seen(face.chip, face.vector) for name, face in plain.items()}
    shape = (len(PORTRAITS), len(VARIANTS), len(STRENGTHS))
    vectors = torch.full((*shape, 128), torch.nan)
    distances = torch.full((*shape, len(WAYS), len(PORTRAITS)), torch.nan)
    for person, name in enumerate(PORTRAITS):
        for kind, change in enumerate(VARIANTS.values()):
            for place, strength in enumerate(STRENGTHS):
                changed = change(pictures[name], plain[name].steps.faces.boxes[0], strength=strength)
                if (face := face_in(changed)) is None:
                    continue
                vectors[person, kind, place] = face.vector
                for way, own in enumerate(seen(face.chip, face.vector)):
                    for to, other in enumerate(PORTRAITS):
                        distances[person, kind, place, way, to] = euclidean_distance(own, known[other][way])
            print(name, kind, flush=True)
    axes = {"person": PORTRAITS, "variant": tuple(VARIANTS), "strength": STRENGTHS}
    tables = {
        "vectors": Samples(vectors.half(), axes),
        "distances": Samples(distances.half(), axes | {"way": WAYS, "to": PORTRAITS}),
    }
    write("face_verification/study.npz", packed(tables))


def face_in(picture: Tensor) -> Face | None:
    """The one face of a picture, if it has one."""
    try:
        return only_face(picture, name="the portrait")
    except ValueError:
        return None


if __name__ == "__main__":
    main()
