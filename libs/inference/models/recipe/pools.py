"""Scenes composed once and kept as memory maps, so that training never waits for the generator."""

import multiprocessing
import os
from pathlib import Path

import numpy as np

from . import fashion, scenes

# Training scenes show every garment in this many different scenes; flips and permuted colour
# channels, both as likely as the original, give twelve views of each.
TRAINING_POOLS = 4
SLICE = 5_000


class Pool:
    """scenes uint8 [n, 64, 64, 3], labels uint8 [n], sizes px float32 [n], noises float32 [n]."""

    def __init__(self, directory):
        self.scenes = np.load(directory / "scenes.npy", mmap_mode="r")
        self.labels, self.sizes, self.noises = (
            np.load(directory / f"{name}.npy") for name in ("labels", "sizes", "noises")
        )


def pool(work, split, number=0, processes=1):
    """The pool of a split, composed when it is not there yet."""
    directory = Path(work) / "pools" / f"{split}-{number}"
    if not (directory / "done").exists():
        _compose(directory, split, number, processes)
    return Pool(directory)


def _compose(directory, split, number, processes):
    directory.mkdir(parents=True, exist_ok=True)
    count = len(fashion.load(split)[1])
    np.lib.format.open_memmap(
        directory / "scenes.npy", "w+", np.uint8, (count, scenes.SIDE, scenes.SIDE, 3)
    ).flush()
    slices = [
        (directory, split, number, at, min(count, at + SLICE)) for at in range(0, count, SLICE)
    ]
    parts = []
    with multiprocessing.Pool(processes) as workers:
        for done, part in enumerate(workers.imap(_compose_slice, slices), 1):
            parts.append(part)
            print(f"scenes {split}-{number}: {min(count, done * SLICE)}/{count}", flush=True)
    for name, values in zip(("labels", "sizes", "noises"), zip(*parts)):
        np.save(directory / f"{name}.npy", np.concatenate(values))
    (directory / "done").touch()


def _compose_slice(job):
    directory, split, number, start, end = job
    garments, labels = fashion.load(split)
    # Scene indices go on from pool to pool: each pool shows every garment once.
    indices = np.arange(start, end) + number * len(garments)
    composed, label, size, noise = scenes.compose(garments, labels, scenes.SEEDS[split], indices)
    np.lib.format.open_memmap(directory / "scenes.npy", "r+")[start:end] = composed
    return label, size.astype(np.float32), noise.astype(np.float32)
