"""The shelf camera: 64x64 RGB scenes composed of real garments, deterministic to the byte.

Every draw is a hash of (seed, scene, draw), and no transcendental function is used (rotations are
rational: cos = (1-t^2)/(1+t^2), sin = 2t/(1+t^2)), so that any language with IEEE doubles
composes the same bytes; libs/inference/src/catalogue/scenes.ts does. Keep the order of operations when editing.
"""

from dataclasses import dataclass

import numpy as np

SIDE = 64
FRAME = 32  # a garment of 28x28 with a margin of two black pixels, so that bilinear taps stay inside
GOLDEN = np.uint32(0x9E3779B9)

# Draws per scene: 32 for the scene, 16 for each fragment of clutter.
FRAGMENT_DRAWS = 16
CHUNK = 16  # scenes composed together: the working set stays in the second-level cache


@dataclass(frozen=True)
class Difficulty:
    """What makes the task hard. Sizes in px of the 64 px scene, noise as a fraction of full scale."""

    target_px: tuple = (28.0, 60.0)
    fragments: tuple = (2, 4)
    fragment_px: tuple = (24.0, 48.0)
    max_noise: float = 0.04
    # Largest |t| of the target's rotation: 0.2 is +-22.6 degrees.
    target_turn: float = 0.2


DIFFICULTY = Difficulty()
SEEDS = {"train": 1_000, "validation": 2_000, "test": 3_000}


def compose(garments, labels, seed, indices, difficulty=DIFFICULTY):
    """Scenes number `indices` of `seed`; scene i shows garment i modulo their number.

    garments: uint8 [n, 28, 28]. Returns (scenes uint8 [k, 64, 64, 3],
    labels uint8 [k], target size px float64 [k], noise float64 [k]).
    """
    indices = np.asarray(indices, np.uint32)
    framed = np.zeros((len(garments), FRAME, FRAME), np.uint8)
    framed[:, 2:30, 2:30] = garments
    chunks = [
        _compose_chunk(framed.reshape(-1), len(garments), seed, indices[at : at + CHUNK], difficulty)
        for at in range(0, len(indices), CHUNK)
    ]
    scenes, sizes, noises = (np.concatenate(part) for part in zip(*chunks))
    return scenes, labels[indices % len(garments)], sizes, noises


def _compose_chunk(framed, garment_count, seed, indices, difficulty):
    key = _mix(_mix(np.uint32(seed)) + indices * GOLDEN)
    draw = lambda k: _mix(key + _weyl(k + 1)) / 4294967296.0  # in [0, 1)
    between = lambda k, span: (span[0] + draw(k) * (span[1] - span[0]))[:, None]

    y, x = (axis.reshape(1, -1).astype(np.float64) for axis in np.mgrid[0:SIDE, 0:SIDE])
    x, y = x - 31.5, y - 31.5

    canvas = _background(draw, x, y)

    count = difficulty.fragments[0] + np.floor(
        draw(9) * (difficulty.fragments[1] - difficulty.fragments[0] + 1)
    )
    for f in range(difficulty.fragments[1]):
        k = 32 + f * FRAGMENT_DRAWS
        garment = np.floor(draw(k) * garment_count).astype(np.int64)
        size = between(k + 1, difficulty.fragment_px)
        gx, gy = _garment_coordinates(
            x - between(k + 2, (-30.0, 30.0)), y - between(k + 3, (-30.0, 30.0)),
            turn=between(k + 4, (-1.0, 1.0)), scale=size / 28.0, flip=draw(k + 5)[:, None] < 0.5,
        )
        left, top = between(k + 6, (0.0, 14.0)), between(k + 7, (0.0, 14.0))
        wide, high = between(k + 8, (9.0, 16.0)), between(k + 9, (9.0, 16.0))
        window = (gx >= left) & (gx < left + wide) & (gy >= top) & (gy < top + high)
        window &= (f < count)[:, None]
        tint = [between(k + 10 + c, (0.2, 1.0)) for c in range(3)]
        _paint(canvas, _sample(framed, garment, gx, gy), tint, window)

    size = between(10, difficulty.target_px)
    reach = (SIDE - size) / 2.0 + 2.0  # the frame of a garment may leave the scene by 2 px
    gx, gy = _garment_coordinates(
        x - (draw(11) * 2.0 - 1.0)[:, None] * reach, y - (draw(12) * 2.0 - 1.0)[:, None] * reach,
        turn=between(13, (-difficulty.target_turn, difficulty.target_turn)),
        scale=size / 28.0, flip=draw(14)[:, None] < 0.5,
    )
    tint = [between(15 + c, (0.2, 1.0)) for c in range(3)]
    garment = (indices % np.uint32(garment_count)).astype(np.int64)
    _paint(canvas, _sample(framed, garment, gx, gy), tint, True)

    light = between(18, (0.6, 1.1)) + (x * between(19, (-0.3, 0.3)) + y * between(20, (-0.3, 0.3))) / 32.0
    noise = draw(21) * difficulty.max_noise
    return _expose(canvas, light, noise, key), size[:, 0], noise


def _background(draw, x, y):
    slope_x, slope_y = (draw(0) * 2.0 - 1.0)[:, None], (draw(1) * 2.0 - 1.0)[:, None]
    ramp = np.minimum(1.0, np.maximum(0.0, (x * slope_x + y * slope_y) / 64.0 + 0.5))
    channels = []
    for c in range(3):
        start, end = draw(2 + c)[:, None], draw(5 + c)[:, None]
        channels.append(start + (end - start) * ramp)
    return channels


def _garment_coordinates(dx, dy, turn, scale, flip):
    norm = 1.0 + turn * turn
    cos, sin = (1.0 - turn * turn) / norm / scale, 2.0 * turn / norm / scale
    gx = dx * cos + dy * sin
    gx = np.where(flip, -gx, gx)
    return gx + 13.5, dy * cos - dx * sin + 13.5


def _sample(framed, garment, gx, gy):
    """Bilinear brightness 0..255 of the garments at (gx, gy); black outside."""
    fx = np.minimum(30.0, np.maximum(0.0, gx + 2.0))
    fy = np.minimum(30.0, np.maximum(0.0, gy + 2.0))
    ix, iy = fx.astype(np.int32), fy.astype(np.int32)
    fx -= ix
    fy -= iy
    at = iy * FRAME + ix + (garment * (FRAME * FRAME))[:, None]
    a, b = framed.take(at), framed.take(at + 1)
    top = a + (b.astype(np.float64) - a) * fx
    a, b = framed.take(at + FRAME), framed.take(at + FRAME + 1)
    bottom = a + (b.astype(np.float64) - a) * fx
    return top + (bottom - top) * fy


def _paint(canvas, brightness, tint, window):
    alpha = np.minimum(1.0, brightness / 40.0) * window
    shade = 0.2 + 0.8 * (brightness / 255.0)
    for c in range(3):
        canvas[c] += (tint[c] * shade - canvas[c]) * alpha


def _expose(canvas, light, noise, key):
    """Lighting, then sensor noise: the sum of a hash's four bytes is near Gaussian, sd 147.8."""
    scene = np.empty((len(key), SIDE * SIDE, 3), np.uint8)
    stream = _mix(key ^ np.uint32(0x5BD1E995))[:, None]
    pixels = np.arange(SIDE * SIDE, dtype=np.uint32)[None, :]
    amplitude = (noise / 147.8)[:, None]
    for c in range(3):
        h = _mix(stream + (pixels * np.uint32(3) + np.uint32(c)) * GOLDEN)
        bytes_sum = (h & 255) + ((h >> 8) & 255) + ((h >> 16) & 255) + (h >> 24)
        value = canvas[c] * light + (bytes_sum - 510.0) * amplitude
        scene[:, :, c] = np.minimum(255.0, np.maximum(0.0, value * 255.0 + 0.5)).astype(np.uint8)
    return scene.reshape(-1, SIDE, SIDE, 3)


def _weyl(k):
    return np.uint32(k * int(GOLDEN) & 0xFFFFFFFF)


def _mix(x):
    """lowbias32 (Wellons 2018): a bijection of 32-bit words with little bias."""
    with np.errstate(over="ignore"):
        x = x ^ (x >> np.uint32(16))
        x = x * np.uint32(0x7FEB352D)
        x = x ^ (x >> np.uint32(15))
        x = x * np.uint32(0x846CA68B)
        return x ^ (x >> np.uint32(16))
