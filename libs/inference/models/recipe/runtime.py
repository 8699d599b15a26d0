"""The exported networks in ONNX Runtime: predictions, accuracy, calibration."""

import time

import numpy as np
import onnxruntime

from .train import MEAN, SCALE


def normalise(scenes):
    """uint8 [n, h, w, 3] to float32 [n, 3, h, w]."""
    return ((scenes.astype(np.float32) - np.float32(MEAN)) / np.float32(SCALE)).transpose(0, 3, 1, 2).copy()


def logits(path, scenes, batch=100):
    """float32 [n, classes] of uint8 scenes, on one thread."""
    session, name = _session(path)
    return np.concatenate([
        session.run(None, {name: normalise(scenes[at : at + batch])})[0]
        for at in range(0, len(scenes), batch)
    ])


def reference_ms(path, scene, rounds=7, runs=60):
    """Compute time of one scene on one thread: the best of `rounds` medians, free of neighbours' bursts."""
    session, name = _session(path)
    feed = {name: normalise(scene[None])}

    def one_run():
        began = time.perf_counter()
        session.run(None, feed)
        return (time.perf_counter() - began) * 1e3

    return round(min(float(np.median([one_run() for _ in range(runs)])) for _ in range(rounds)), 3)


def accuracy(values, labels):
    """Top-1 with its 95 % Wilson interval: {top1, n, interval95}."""
    n, right = len(labels), int((values.argmax(1) == labels).sum())
    p, z = right / n, 1.959964
    centre = (p + z * z / (2 * n)) / (1 + z * z / n)
    half = z * np.sqrt(p * (1 - p) / n + z * z / (4 * n * n)) / (1 + z * z / n)
    return {"top1": p, "n": n, "interval95": [round(centre - half, 4), round(centre + half, 4)]}


def temperature(values, labels):
    """The divisor of the logits with the least cross entropy (Guo et al. 2017)."""
    candidates = np.geomspace(0.25, 4.0, 161)
    losses = [_cross_entropy(values / t, labels) for t in candidates]
    return round(float(candidates[int(np.argmin(losses))]), 4)


def calibration_error(values, labels, t, bins=15):
    """Expected calibration error of the softmax at temperature t."""
    scaled = values / t - (values / t).max(1, keepdims=True)
    probability = np.exp(scaled) / np.exp(scaled).sum(1, keepdims=True)
    confidence, right = probability.max(1), probability.argmax(1) == labels
    bin_of = np.minimum(bins - 1, (confidence * bins).astype(int))
    return sum(
        abs(confidence[bin_of == b].sum() - right[bin_of == b].sum()) for b in range(bins)
    ) / len(labels)


def _session(path):
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    return session, session.get_inputs()[0].name


def _cross_entropy(values, labels):
    values = values - values.max(1, keepdims=True)
    return float((np.log(np.exp(values).sum(1)) - values[np.arange(len(labels)), labels]).mean())
