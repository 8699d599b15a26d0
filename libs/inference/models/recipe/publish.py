"""From checkpoints to the shipped family: ONNX files, samples, references, evaluation, manifest."""

import hashlib
import json
import re
import time
from dataclasses import asdict
from pathlib import Path

import numpy as np
import onnxruntime
from PIL import Image

from . import RECIPE_VERSION, fashion, pools, runtime, scenes
from .export import INPUT, OPSET, OUTPUT, export
from .mobilenet import WIDTHS, count
from .quantise import CALIBRATION_SCENES, quantise
from .train import MEAN, SCALE, trained

SAMPLES = 400
REFERENCES = 1_000


def publish(work, models, widths=WIDTHS):
    """Writes everything the runtime needs into the folder `models`."""
    models = Path(models)
    test, validation = pools.pool(work, "test"), pools.pool(work, "validation")
    training = pools.pool(work, "train", 0)
    variants, log, references = [], [], {}
    for width in widths:
        model, epochs = trained(width, work)
        float_path = models / f"mobilenet-v1-{width:.2f}-fp32.onnx"
        export(model, float_path, scenes.SIDE)
        int8_path = models / f"mobilenet-v1-{width:.2f}-int8.onnx"
        quantise(float_path, int8_path, training.scenes)
        for precision, path in (("fp32", float_path), ("int8", int8_path)):
            began = time.monotonic()
            on_validation = runtime.logits(path, validation.scenes)
            on_test = runtime.logits(path, test.scenes)
            temperature = runtime.temperature(on_validation, validation.labels)
            variant = _variant(path, width, precision, epochs, temperature, on_test, test.labels,
                               runtime.reference_ms(path, test.scenes[0]))
            variants.append(variant)
            references[variant["name"]] = "".join(map(str, on_test[:REFERENCES].argmax(1)))
            log.append(_evaluation(variant, on_validation, validation, on_test, test, temperature))
            print(
                f"{variant['name']}: test top-1 {variant['accuracy']['top1']:.4f} "
                f"(n {variant['accuracy']['n']}), {variant['bytes']} bytes, "
                f"{time.monotonic() - began:.0f} s", flush=True,
            )
    _write_samples(models / "samples", test)
    _write(models / "references.json", {
        "runtime": f"onnxruntime {onnxruntime.__version__} (Python)",
        "split": "test", "scenes": REFERENCES,
        "scenesSha256": _sha256(np.ascontiguousarray(test.scenes[:REFERENCES]).tobytes()),
        "classIndices": references,
    })
    _write(models / "evaluation.json", {"recipeVersion": RECIPE_VERSION, "variants": log})
    _write(models / "manifest.json", {
        "manifestVersion": 1,
        "family": "mobilenet-v1-shelf-camera",
        "description": "MobileNetV1 at four widths and two precisions, trained on composed scenes of garments.",
        "recipeVersion": RECIPE_VERSION,
        "labels": fashion.LABELS,
        "reference": {
            "processor": _processor(), "threads": 1, "batch": 1,
            "runtime": f"onnxruntime {onnxruntime.__version__}",
        },
        "task": {
            "garments": "Fashion-MNIST", "side": scenes.SIDE, "seeds": scenes.SEEDS,
            "difficulty": asdict(scenes.DIFFICULTY),
            "trainingScenes": pools.TRAINING_POOLS * len(training.labels),
            "calibrationScenes": CALIBRATION_SCENES,
            "testScenes": len(test.labels),
        },
        "variants": variants,
    })


def _variant(path, width, precision, epochs, temperature, on_test, test_labels, reference_ms):
    macs, parameters = count(width, scenes.SIDE, len(fashion.LABELS))
    return {
        "name": path.stem, "file": path.name,
        "architecture": "mobilenet-v1", "width": width, "precision": precision,
        "macs": macs, "parameters": parameters, "bytes": path.stat().st_size,
        "sha256": _sha256(path.read_bytes()), "opset": OPSET,
        "recipeVersion": RECIPE_VERSION, "epochs": epochs,
        "input": {
            "name": INPUT, "layout": "NCHW", "shape": [1, 3, scenes.SIDE, scenes.SIDE],
            "dynamicBatch": True, "dtype": "float32", "colourOrder": "RGB",
            "mean": [MEAN] * 3, "std": [SCALE] * 3,
        },
        "output": {"name": OUTPUT, "kind": "logits"},
        "accuracy": runtime.accuracy(on_test, test_labels),
        "calibration": {"temperature": temperature},
        "referenceMs": reference_ms,
    }


def _evaluation(variant, on_validation, validation, on_test, test, temperature):
    right = on_test.argmax(1) == test.labels
    low, high = scenes.DIFFICULTY.target_px
    edges = np.linspace(low, high, 4)
    by_size = {
        f"{a:.0f}-{b:.0f} px": round(float(right[(test.sizes >= a) & (test.sizes < b)].mean()), 4)
        for a, b in zip(edges, edges[1:])
    }
    error = runtime.calibration_error(on_test, test.labels, temperature)
    return {
        "name": variant["name"], "epochs": variant["epochs"],
        "validation": runtime.accuracy(on_validation, validation.labels),
        "test": variant["accuracy"], "testByTargetSize": by_size,
        "expectedCalibrationError": round(float(error), 4),
    }


def _write_samples(directory, test):
    """The first test scenes, unselected."""
    directory.mkdir(exist_ok=True)
    entries = []
    for index in range(SAMPLES):
        file = f"scene-{index:04d}.png"
        Image.fromarray(test.scenes[index]).save(directory / file, optimize=True)
        entries.append({
            "file": file, "scene": index, "label": fashion.LABELS[test.labels[index]],
            "targetPx": round(float(test.sizes[index]), 1), "noise": round(float(test.noises[index]), 4),
        })
    _write(directory / "labels.json", entries)


def _processor():
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    return next(line.split(":")[1].strip() for line in lines if line.startswith("model name"))


def _write(path, value):
    """JSON with short lists of plain values on one line, as the repository's formatter has them."""
    def joined(match):
        line = re.sub(r"\n\s*", " ", match.group(0)).replace("[ ", "[").replace(" ]", "]")
        return line if len(line) < 80 else match.group(0)

    text = re.sub(r"\[[^][{}]*\]", joined, json.dumps(value, indent=2))
    path.write_text(text + "\n")


def _sha256(content):
    return hashlib.sha256(content).hexdigest()
