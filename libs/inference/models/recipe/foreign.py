"""Tiny models that are not ours, for the tests of `weir models import`: `python3 -m recipe.foreign DIR`.

They tell a picture's dominant colour (red, green, blue) in layouts, sizes and types that the family does not have,
or are models that cannot be served.
"""

import sys
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper


def build(directory):
    directory.mkdir(parents=True, exist_ok=True)
    nhwc, side = ["batch", 224, 224, 3], ["batch", 3, "height", "width"]
    _save(directory / "colours-nhwc-uint8.onnx", _classifier(TensorProto.UINT8, nhwc, axes=[1, 2]))
    _save(directory / "colours-nchw-normalised.onnx",
          _classifier(TensorProto.FLOAT, [1, 3, 96, 128], axes=[2, 3], softmax=True))
    _save(directory / "dynamic-side.onnx", _classifier(TensorProto.FLOAT, side, axes=[2, 3]))
    _save(directory / "unknown-operator.onnx",
          _classifier(TensorProto.UINT8, nhwc, axes=[1, 2], extra_operator=True), check=False)
    _save(directory / "two-inputs.onnx", _two_inputs())


def _classifier(dtype, shape, axes, softmax=False, extra_operator=False):
    """Mean of each channel, then a linear layer that prefers one colour over the others' mean."""
    weight = np.float32([[2, -1, -1], [-1, 2, -1], [-1, -1, 2]]).T * (0.02 if dtype == TensorProto.UINT8 else 1.0)
    nodes = [
        helper.make_node("Cast", ["image"], ["pixels"], to=TensorProto.FLOAT),
        helper.make_node("ReduceMean", ["pixels"], ["colour"], axes=axes, keepdims=0),
        helper.make_node("MatMul", ["colour", "weight"], ["scores"]),
    ]
    last = "scores"
    if extra_operator:
        nodes.append(helper.make_node("Frobnicate", [last], ["odd"], domain="com.example"))
        last = "odd"
    nodes.append(helper.make_node("Softmax" if softmax else "Identity", [last], ["answer"]))
    graph = helper.make_graph(
        nodes, "colours",
        [helper.make_tensor_value_info("image", dtype, shape)],
        [helper.make_tensor_value_info("answer", TensorProto.FLOAT, [shape[0], 3])],
        [numpy_helper.from_array(weight, "weight")],
    )
    return _model(graph, domains=["com.example"] if extra_operator else [])


def _two_inputs():
    value = lambda name: helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, 3, 8, 8])
    return _model(helper.make_graph(
        [helper.make_node("Add", ["left", "right"], ["answer"])], "two", [value("left"), value("right")],
        [value("answer")],
    ))


def _model(graph, domains=()):
    opsets = [helper.make_opsetid("", 13), *(helper.make_opsetid(domain, 1) for domain in domains)]
    return helper.make_model(graph, opset_imports=opsets, ir_version=8, producer_name="weir-tests")


def _save(path, model, check=True):
    if check:
        onnx.checker.check_model(model, full_check=True)
    onnx.save(model, path)


if __name__ == "__main__":
    build(Path(sys.argv[1]))
