"""Fashion-MNIST (Xiao et al. 2017, MIT licence) as Debian's dataset-fashion-mnist installs it."""

import gzip
from pathlib import Path

import numpy as np

LABELS = [
    "t-shirt", "trouser", "pullover", "dress", "coat",
    "sandal", "shirt", "sneaker", "bag", "ankle-boot",
]

DEFAULT_DIR = Path("/usr/share/datasets/fashion-mnist")

# The last garments of the training split are for validation: no training scene shows them.
VALIDATION_GARMENTS = 5_000


def load(split, directory=DEFAULT_DIR):
    """Garments of `split` (train, validation or test).

    Returns (images uint8 [n, 28, 28], labels uint8 [n]).
    """
    stem = "t10k" if split == "test" else "train"
    images = _read(directory / f"{stem}-images-idx3-ubyte.gz", header=16).reshape(-1, 28, 28)
    labels = _read(directory / f"{stem}-labels-idx1-ubyte.gz", header=8)
    if split == "train":
        return images[:-VALIDATION_GARMENTS], labels[:-VALIDATION_GARMENTS]
    if split == "validation":
        return images[-VALIDATION_GARMENTS:], labels[-VALIDATION_GARMENTS:]
    return images, labels


def _read(path, header):
    if not path.exists():
        raise SystemExit(f"{path} is missing: install the package dataset-fashion-mnist (apt)")
    return np.frombuffer(gzip.open(path).read(), np.uint8, offset=header)
