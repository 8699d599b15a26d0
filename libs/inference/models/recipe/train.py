"""Trains one width: one-cycle SGD, bfloat16, small pictures first."""

import math
import time
from dataclasses import dataclass
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
WARM_UP = 0.2  # share of the steps during which the rate rises
MOMENTUM = 0.9
WEIGHT_DECAY = 5e-4  # of the pointwise kernels and the classifier only
LABEL_SMOOTHING = 0.05
SOFTNESS = 2.0  # divides the logits of teacher and pupil
SMALL_SIDE = 48


@dataclass(frozen=True)
class Cycle:
    """One rise and fall of the learning rate."""

    epochs: int
    peak_rate: float = 0.25
    # The first share of the epochs sees scenes at 48 px.
    small_share: float = 0.0
    # A trained width whose answers are half of what is learned (Hinton et al. 2015).
    teacher: float | None = None


def train(width, cycles, work, seed=7, training_pools=pools.TRAINING_POOLS, grow_from=None):
    """Trains to the end or goes on from the last checkpoint; returns the model.

    grow_from: a trained width to start from instead of chance.
    """
    torch.set_num_threads(1)
    torch.manual_seed(seed)
    model = widen(trained(grow_from, work)[0], width, seed) if grow_from else MobileNetV1(width)
    model = model.to(memory_format=torch.channels_last)
    optimiser = _optimiser(model)
    checkpoint = Path(work) / f"mobilenet-v1-{width:.2f}.pt"
    done = 0
    if checkpoint.exists():
        state = torch.load(checkpoint, weights_only=True)
        model.load_state_dict(state["model"])
        optimiser.load_state_dict(state["optimiser"])
        done = state["epoch"]
    validation = pools.pool(work, "validation")
    total = sum(cycle.epochs for cycle in cycles)
    for epoch in range(done, total):
        cycle, epoch_of_cycle = _cycle_at(cycles, epoch)
        side = SMALL_SIDE if epoch_of_cycle < cycle.small_share * cycle.epochs else SIDE
        teacher = trained(cycle.teacher, work)[0].to(memory_format=torch.channels_last) if cycle.teacher else None
        pool = pools.pool(work, "train", epoch % training_pools)
        random = np.random.default_rng([seed, epoch])
        name = f"width {width:.2f} epoch {epoch + 1}/{total}"
        rate_at = lambda share: cycle.peak_rate * _one_cycle((epoch_of_cycle + share) / cycle.epochs)
        _train_epoch(name, model, optimiser, pool, side, random, rate_at, teacher)
        top1 = (predict(model, validation.scenes, side).argmax(1) == validation.labels).mean()
        print(f"{name} validation top-1 {top1:.4f} at {side} px", flush=True)
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


def _cycle_at(cycles, epoch):
    for cycle in cycles:
        if epoch < cycle.epochs:
            return cycle, epoch
        epoch -= cycle.epochs


def _train_epoch(name, model, optimiser, pool, side, random, rate_at, teacher):
    order = random.permutation(len(pool.labels))
    steps = len(order) // BATCH
    model.train()
    began = told = time.monotonic()
    for step in range(steps):
        picked = np.sort(order[step * BATCH : (step + 1) * BATCH])
        x = _input(_augment(pool.scenes[picked], random), side)
        y = torch.from_numpy(pool.labels[picked].astype(np.int64))
        for group in optimiser.param_groups:
            group["lr"] = rate_at(step / steps)
        with torch.autocast("cpu", dtype=torch.bfloat16):
            logits = model(x)
        loss = _loss(logits.float(), y, teacher, x)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        if time.monotonic() - told > 30:
            told = time.monotonic()
            rate = (step + 1) * BATCH / (told - began)
            print(
                f"{name} step {step + 1}/{steps} loss {loss.item():.3f} {side} px {rate:.0f} scenes/s",
                flush=True,
            )


def _loss(logits, y, teacher, x):
    if teacher is None:
        return F.cross_entropy(logits, y, label_smoothing=LABEL_SMOOTHING)
    with torch.no_grad(), torch.autocast("cpu", dtype=torch.bfloat16):
        taught = teacher(x)
    divergence = F.kl_div(
        F.log_softmax(logits / SOFTNESS, 1), F.softmax(taught.float() / SOFTNESS, 1), reduction="batchmean"
    )
    return 0.5 * F.cross_entropy(logits, y) + 0.5 * SOFTNESS**2 * divergence


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
        lr=0.1, momentum=MOMENTUM, nesterov=True,
    )


def _save(path, state):
    part = path.with_suffix(".part")
    torch.save(state, part)
    part.replace(path)  # a stop while writing leaves the last checkpoint whole
