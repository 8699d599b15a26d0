"""Trains one width: one-cycle SGD, bfloat16, small pictures first."""

import math
import time
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F

from . import pools
from .mobilenet import MobileNetV1
from .scenes import SIDE
from .widen import widen

MEAN, SCALE = 127.5, 64.0  # input = (byte - MEAN) / SCALE
BATCH = 128
PEAK_RATE = 0.25
GROWN_PEAK_RATE = 0.1
WARM_UP = 0.2  # share of the steps during which the rate rises
MOMENTUM = 0.9
WEIGHT_DECAY = 5e-4  # of the pointwise kernels and the classifier only
LABEL_SMOOTHING = 0.05
SMALL_SIDE, SMALL_SHARE = 48, 0.6  # the first share of the epochs sees scenes at 48 px


def train(width, epochs, work, seed=7, training_pools=pools.TRAINING_POOLS, grow_from=None):
    """Trains to the end or goes on from the last checkpoint; returns the model.

    grow_from: a trained width to start from instead of chance; all epochs then are at full size and a lower rate.
    """
    torch.set_num_threads(1)
    torch.manual_seed(seed)
    model = widen(trained(grow_from, work)[0], width, seed) if grow_from else MobileNetV1(width)
    model = model.to(memory_format=torch.channels_last)
    peak_rate, small_share = (GROWN_PEAK_RATE, 0) if grow_from else (PEAK_RATE, SMALL_SHARE)
    optimiser = _optimiser(model)
    checkpoint = Path(work) / f"mobilenet-v1-{width:.2f}.pt"
    first = 0
    if checkpoint.exists():
        state = torch.load(checkpoint, weights_only=True)
        model.load_state_dict(state["model"])
        optimiser.load_state_dict(state["optimiser"])
        first = state["epoch"]
    validation = pools.pool(work, "validation")
    for epoch in range(first, epochs):
        pool = pools.pool(work, "train", epoch % training_pools)
        side = SMALL_SIDE if epoch < small_share * epochs else SIDE
        _train_epoch(width, model, optimiser, pool, epoch, epochs, seed, side, peak_rate)
        top1 = (predict(model, validation.scenes, side).argmax(1) == validation.labels).mean()
        print(
            f"width {width:.2f} epoch {epoch + 1}/{epochs} validation top-1 {top1:.4f} at {side} px",
            flush=True,
        )
        _save(checkpoint, {
            "model": model.state_dict(), "optimiser": optimiser.state_dict(), "epoch": epoch + 1,
        })
    return model.eval()


def trained(width, work):
    """(model, epochs trained) of the last checkpoint of a width."""
    state = torch.load(Path(work) / f"mobilenet-v1-{width:.2f}.pt", weights_only=True)
    model = MobileNetV1(width)
    model.load_state_dict(state["model"])
    return model.eval(), state["epoch"]


def predict(model, scenes, side, batch=250):
    """Logits float32 [n, classes] of uint8 scenes [n, 64, 64, 3], seen at side x side."""
    model.eval()
    with torch.no_grad():
        return np.concatenate([
            model(_input(np.ascontiguousarray(scenes[at : at + batch]), side)).numpy()
            for at in range(0, len(scenes), batch)
        ])


def _train_epoch(width, model, optimiser, pool, epoch, epochs, seed, side, peak_rate):
    random = np.random.default_rng([seed, epoch])
    order = random.permutation(len(pool.labels))
    steps = len(order) // BATCH
    model.train()
    began = told = time.monotonic()
    for step in range(steps):
        picked = np.sort(order[step * BATCH : (step + 1) * BATCH])
        x = _input(_augment(pool.scenes[picked], random), side)
        y = torch.from_numpy(pool.labels[picked].astype(np.int64))
        for group in optimiser.param_groups:
            group["lr"] = peak_rate * _one_cycle((epoch * steps + step) / (epochs * steps))
        with torch.autocast("cpu", dtype=torch.bfloat16):
            logits = model(x)
        loss = F.cross_entropy(logits.float(), y, label_smoothing=LABEL_SMOOTHING)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        if time.monotonic() - told > 30:
            told = time.monotonic()
            rate = (step + 1) * BATCH / (told - began)
            print(
                f"width {width:.2f} epoch {epoch + 1}/{epochs} step {step + 1}/{steps} "
                f"loss {loss.item():.3f} {side} px {rate:.0f} scenes/s", flush=True,
            )


def _augment(scenes, random):
    """Mirrors half of the scenes and permutes each one's colour channels: all as likely."""
    scenes = scenes.copy()
    mirrored = random.random(len(scenes)) < 0.5
    scenes[mirrored] = scenes[mirrored, :, ::-1]
    channels = random.permuted(np.tile(np.arange(3), (len(scenes), 1)), axis=1)
    return np.take_along_axis(scenes, channels[:, None, None, :], axis=3)


def _input(scenes, side):
    """uint8 [n, 64, 64, 3] to float32 [n, 3, side, side], channels last in memory."""
    x = ((torch.from_numpy(scenes).float() - MEAN) / SCALE).permute(0, 3, 1, 2)
    if side != SIDE:
        x = F.interpolate(x, size=(side, side), mode="bilinear", antialias=True)
    return x.contiguous(memory_format=torch.channels_last)


def _one_cycle(progress):
    """Share of the peak rate: a linear rise, then a cosine fall to nothing."""
    if progress < WARM_UP:
        return 0.05 + 0.95 * progress / WARM_UP
    return 0.5 + 0.5 * math.cos(math.pi * (progress - WARM_UP) / (1 - WARM_UP))


def _optimiser(model):
    decayed, free = [], []
    for parameter in model.parameters():
        pointwise = parameter.ndim == 2 or (parameter.ndim == 4 and parameter.shape[1] > 3)
        (decayed if pointwise else free).append(parameter)
    return torch.optim.SGD(
        [{"params": decayed, "weight_decay": WEIGHT_DECAY}, {"params": free, "weight_decay": 0.0}],
        lr=PEAK_RATE, momentum=MOMENTUM, nesterov=True,
    )


def _save(path, state):
    part = path.with_suffix(".part")
    torch.save(state, part)
    part.replace(path)  # a stop while writing leaves the last checkpoint whole
