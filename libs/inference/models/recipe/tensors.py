"""Tiny models that are no classifiers, for tests: `python3 -m recipe.tensors DIR`.

Detectors of random weights, one of which keeps them in a file beside it, and a model that gives back an input of every type.
"""

import sys
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

TYPES = {
    "bool": TensorProto.BOOL, "int8": TensorProto.INT8, "int16": TensorProto.INT16, "int32": TensorProto.INT32,
    "int64": TensorProto.INT64, "uint8": TensorProto.UINT8, "uint16": TensorProto.UINT16,
    "uint32": TensorProto.UINT32, "uint64": TensorProto.UINT64, "float16": TensorProto.FLOAT16,
    "float32": TensorProto.FLOAT, "float64": TensorProto.DOUBLE, "string": TensorProto.STRING,
}
CLASSES = 5


def build(directory):
    directory.mkdir(parents=True, exist_ok=True)
    _save(directory / "detector-8.onnx", _detector(channels=8))
    _save(directory / "detector-16.onnx", _detector(channels=16))
    _save(directory / "every-type.onnx", _every_type())
    onnx.save(_detector(channels=8), directory / "detector-external.onnx", save_as_external_data=True,
              location="detector-external.bin", size_threshold=512)


def _detector(channels):
    """Boxes and scores of a grid of anchors, 16 px apart, and which of them non-maximum suppression keeps."""
    random = np.random.default_rng(channels)
    weights = {
        "stem": random.normal(0, 0.2, (channels, 3, 8, 8)).astype(np.float32),
        "body": random.normal(0, 0.2, (channels, channels, 2, 2)).astype(np.float32),
        "box_head": random.normal(0, 0.5, (4, channels, 1, 1)).astype(np.float32),
        "score_head": random.normal(0, 0.5, (CLASSES, channels, 1, 1)).astype(np.float32),
        "boxes_shape": np.int64([0, 4, -1]),
        "scores_shape": np.int64([0, CLASSES, -1]),
        "most": np.int64([10]),
        "overlap": np.float32([0.5]),
    }
    node = helper.make_node
    nodes = [
        node("Conv", ["images", "stem"], ["edges"], strides=[8, 8]),
        node("Relu", ["edges"], ["lit"]),
        node("Conv", ["lit", "body"], ["parts"], strides=[2, 2]),
        node("Relu", ["parts"], ["features"]),
        node("Conv", ["features", "box_head"], ["box_map"]),
        node("Sigmoid", ["box_map"], ["box_share"]),
        node("Reshape", ["box_share", "boxes_shape"], ["box_columns"]),
        node("Transpose", ["box_columns"], ["boxes"], perm=[0, 2, 1]),
        node("Conv", ["features", "score_head"], ["score_map"]),
        node("Sigmoid", ["score_map"], ["score_share"]),
        node("Reshape", ["score_share", "scores_shape"], ["scores"]),
        node("NonMaxSuppression", ["boxes", "scores", "most", "overlap", "threshold"], ["kept"]),
    ]
    return _model(helper.make_graph(
        nodes, "detector",
        [_value("images", TensorProto.FLOAT, ["batch", 3, "height", "width"]),
         _value("threshold", TensorProto.FLOAT, [1])],
        [_value("boxes", TensorProto.FLOAT, ["batch", "anchors", 4]),
         _value("scores", TensorProto.FLOAT, ["batch", CLASSES, "anchors"]),
         _value("kept", TensorProto.INT64, ["found", 3])],
        [numpy_helper.from_array(array, name) for name, array in weights.items()],
    ))


def _every_type():
    return _model(helper.make_graph(
        [helper.make_node("Identity", [f"{name}_in"], [f"{name}_out"]) for name in TYPES], "every type",
        [_value(f"{name}_in", dtype, ["n"]) for name, dtype in TYPES.items()],
        [_value(f"{name}_out", dtype, ["n"]) for name, dtype in TYPES.items()],
    ))


def _value(name, dtype, shape):
    return helper.make_tensor_value_info(name, dtype, shape)


def _model(graph):
    opsets = [helper.make_opsetid("", 13)]
    return helper.make_model(graph, opset_imports=opsets, ir_version=8, producer_name="weir-tests")


def _save(path, model):
    onnx.checker.check_model(model, full_check=True)
    onnx.save(model, path)


if __name__ == "__main__":
    build(Path(sys.argv[1]))
