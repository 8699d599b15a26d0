"""Tiny models that are not ours, for the tests of `weir models import`: `python3 -m recipe.foreign DIR`.

They tell a picture's dominant colour (red, green, blue) in layouts, sizes and types that the family does not have,
or are models that cannot be served, or do not do as they declare.
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
    nhwc = ["batch", 32, 32, 3]
    # As TensorFlow's classifiers of ImageNet: a class for the background, bytes in, a softmax that answers.
    many = _classifier(TensorProto.UINT8, nhwc, axes=[1, 2], softmax=True, classes=1001)
    _save(directory / "thousand-and-one.onnx", many)
    few = _classifier(TensorProto.UINT8, nhwc, axes=[1, 2])
    logits = _classifier(TensorProto.UINT8, nhwc, axes=[1, 2], classes=1001)
    for name, model, weights in [("external-data", few, "weights.bin"), ("external-logits", logits, "logits.bin")]:
        onnx.save(model, directory / f"{name}.onnx", save_as_external_data=True, location=weights, size_threshold=16)
    for name, end, dtype, shape in ENDS:
        model = _classifier(TensorProto.UINT8, nhwc, axes=[1, 2], end=end, answer=(dtype, shape))
        _save(directory / f"{name}.onnx", model)


def _quantised(scale, zero_point, *, softmax=False):
    nodes = [helper.make_node("Softmax", ["scores"], ["shares"])] if softmax else []
    last = nodes[-1].output[0] if nodes else "scores"
    nodes.append(helper.make_node("QuantizeLinear", [last, "scale", "zero_point"], ["answer"]))
    return nodes, [numpy_helper.from_array(np.float32(scale), "scale"),
                   helper.make_tensor("zero_point", *zero_point)]


def _node(operator, *inputs, **attributes):
    return [helper.make_node(operator, [*inputs], ["answer"], **attributes)]


# Ends of the colours' classifier that a family of ours does not have.
ENDS = [
    ("quantised-softmax", _quantised(1 / 255, (TensorProto.UINT8, [], [0]), softmax=True), TensorProto.UINT8,
     ["batch", 3]),
    # Few bits: what it gives is far from adding up to one.
    ("coarse-softmax", _quantised(1 / 1000, (TensorProto.UINT8, [], [0]), softmax=True), TensorProto.UINT8,
     ["batch", 3]),
    # Shares of a colour, by no softmax.
    ("shares", ([helper.make_node("ReduceSum", ["colour", "axis"], ["sum"]), *_node("Div", "colour", "sum")],
                [numpy_helper.from_array(np.int64([1]), "axis")]), TensorProto.FLOAT, ["batch", 3]),
    ("quantised-logits", _quantised(0.1, (TensorProto.INT8, [], [-3])), TensorProto.INT8, ["batch", 3]),
    ("half-floats", (_node("Cast", "scores", to=TensorProto.FLOAT16), []), TensorProto.FLOAT16, ["batch", 3]),
    ("class-numbers", (_node("ArgMax", "scores", axis=1), []), TensorProto.INT64, ["batch", 1]),
    # What it declares is not so: it takes one picture.
    ("one-at-a-time", (_node("Reshape", "scores", "shape"),
                       [numpy_helper.from_array(np.int64([1, 3, 1, 1]), "shape")]),
     TensorProto.FLOAT, ["batch", 3, 1, 1]),
    # Of reddish pictures a logarithm of something negative.
    ("not-finite", (_node("Log", "scores"), []), TensorProto.FLOAT, ["batch", 3]),
    # Of a black picture 0 / 0; of several the answers depend on each other.
    ("relative", ([helper.make_node("ReduceMax", ["colour"], ["most"]), *_node("Div", "scores", "most")], []),
     TensorProto.FLOAT, ["batch", 3]),
]


def _classifier(dtype, shape, axes, softmax=False, extra_operator=False, classes=3, end=None, answer=None):
    """Mean of each channel, then a linear layer that prefers one colour over the others' mean. Of more classes the colours
    are the last ones. `end`: nodes from `scores` to `answer` and their initialisers."""
    weight = np.float32([[2, -1, -1], [-1, 2, -1], [-1, -1, 2]]).T * (0.02 if dtype == TensorProto.UINT8 else 1.0)
    weight = np.pad(weight, ((0, 0), (classes - 3, 0)))
    nodes = [
        helper.make_node("Cast", ["image"], ["pixels"], to=TensorProto.FLOAT),
        helper.make_node("ReduceMean", ["pixels"], ["colour"], axes=axes, keepdims=0),
        helper.make_node("MatMul", ["colour", "weight"], ["scores"]),
    ]
    last = "scores"
    if extra_operator:
        nodes.append(helper.make_node("Frobnicate", [last], ["odd"], domain="com.example"))
        last = "odd"
    ending, initialisers = end or (_node("Softmax" if softmax else "Identity", last), [])
    answer_dtype, answer_shape = answer or (TensorProto.FLOAT, [shape[0], classes])
    nodes += ending
    graph = helper.make_graph(
        nodes, "colours",
        [helper.make_tensor_value_info("image", dtype, shape)],
        [helper.make_tensor_value_info("answer", answer_dtype, answer_shape)],
        [numpy_helper.from_array(weight, "weight"), *initialisers],
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
