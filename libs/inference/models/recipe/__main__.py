"""One command: `python3 -m recipe all --work DIR` composes, trains, exports, quantises, measures.

Every step goes on from where it was stopped; run it again after an interruption.
"""

import argparse
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

MODELS = Path(__file__).resolve().parents[1]
# Epochs of the widths that start from chance, the first 60 % of them on small pictures.
EPOCHS = {0.75: 18, 0.5: 15, 0.25: 15}
# The widest is grown from the next, which saves most of its epochs.
GROWN, GROWN_FROM = 1.0, 0.75


def main():
    parser = argparse.ArgumentParser(prog="python3 -m recipe", description=__doc__)
    parser.add_argument("step", choices=["all", "scenes", "train", "publish"])
    parser.add_argument("--work", type=Path, required=True, help="scenes and checkpoints (3 GB)")
    parser.add_argument("--epochs", type=int, help=f"of the widths that start from chance; default {EPOCHS}")
    parser.add_argument("--width", type=float, action="append", help="train only this width; repeatable")
    parser.add_argument("--processes", type=int, default=os.cpu_count(), help="default: one a core")
    parser.add_argument("--out", type=Path, default=MODELS, help="where `publish` writes")
    options = parser.parse_args()
    # One thread a process and one process a core: two single threads train faster than a pair.
    os.environ["OMP_NUM_THREADS"] = "1"

    from .mobilenet import WIDTHS

    widths = options.width or WIDTHS
    if options.step in ("all", "scenes"):
        _compose(options)
    if options.step == "all":
        _train_apart(options, widths)
    if options.step == "train":
        for width in widths:
            _train(options, width)
    if options.step in ("all", "publish"):
        from .publish import publish

        publish(options.work, options.out, widths)


def _compose(options):
    from .pools import TRAINING_POOLS, pool

    pool(options.work, "validation", 0, options.processes)
    pool(options.work, "test", 0, options.processes)
    for number in range(TRAINING_POOLS):
        pool(options.work, "train", number, options.processes)


def _train(options, width):
    from .train import Cycle, train

    if width == GROWN:
        cycles = [Cycle(4, peak_rate=0.1), Cycle(3, peak_rate=0.04, teacher=GROWN_FROM)]
        train(width, cycles, options.work, grow_from=GROWN_FROM)
    else:
        train(width, [Cycle(options.epochs or EPOCHS[width], small_share=0.6)], options.work)


def _train_apart(options, widths):
    """A process for each width, as many at once as there are cores; the grown one after the others."""
    def run(width):
        arguments = ["train", "--work", options.work, "--width", str(width)]
        if options.epochs:
            arguments += ["--epochs", str(options.epochs)]
        subprocess.run([sys.executable, "-m", "recipe", *arguments], cwd=MODELS, check=True)

    with ThreadPoolExecutor(options.processes) as processes:
        for _ in processes.map(run, sorted(set(widths) - {GROWN}, reverse=True)):
            pass
    if GROWN in widths:
        run(GROWN)


if __name__ == "__main__":
    main()
