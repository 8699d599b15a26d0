"""Writes a trained network as ONNX: batch norms folded, dynamic batch, NCHW float32."""

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

OPSET = 17
IR_VERSION = 8
INPUT, OUTPUT = "scene", "logits"


def export(model, path, side=64):
    """Input `scene` float32 [batch, 3, side, side]; output `logits` float32 [batch, classes]."""
    nodes, weights = [], []

    def constant(name, values):
        weights.append(numpy_helper.from_array(np.ascontiguousarray(values, np.float32), name))
        return name

    value = INPUT
    *blocks, _pool, _flatten, classifier = model
    for index, (convolution, norm, _relu) in enumerate(blocks):
        kernel, bias = _fold(convolution, norm)
        name = f"conv{index:02d}"
        nodes.append(helper.make_node(
            "Conv",
            [value, constant(f"{name}.weight", kernel), constant(f"{name}.bias", bias)],
            [f"{name}.sum"], name=name,
            kernel_shape=list(convolution.kernel_size), strides=list(convolution.stride),
            pads=list(convolution.padding) * 2, group=convolution.groups,
        ))
        nodes.append(helper.make_node("Relu", [f"{name}.sum"], [f"{name}.out"], name=f"{name}.relu"))
        value = f"{name}.out"
    nodes.append(helper.make_node("GlobalAveragePool", [value], ["pooled"], name="pool"))
    nodes.append(helper.make_node("Flatten", ["pooled"], ["features"], name="flatten", axis=1))
    nodes.append(helper.make_node(
        "Gemm",
        ["features", constant("classifier.weight", classifier.weight.detach().numpy()),
         constant("classifier.bias", classifier.bias.detach().numpy())],
        [OUTPUT], name="classifier", transB=1,
    ))
    graph = helper.make_graph(
        nodes, "mobilenet-v1",
        [helper.make_tensor_value_info(INPUT, TensorProto.FLOAT, ["batch", 3, side, side])],
        [helper.make_tensor_value_info(OUTPUT, TensorProto.FLOAT, ["batch", classifier.out_features])],
        weights,
    )
    onnx_model = helper.make_model(
        graph, opset_imports=[helper.make_opsetid("", OPSET)],
        ir_version=IR_VERSION, producer_name="weir-recipe",
    )
    onnx.checker.check_model(onnx_model, full_check=True)
    onnx.save(onnx_model, path)


def _fold(convolution, norm):
    gain = norm.weight / (norm.running_var + norm.eps).sqrt()
    kernel = convolution.weight * gain.reshape(-1, 1, 1, 1)
    bias = norm.bias - norm.running_mean * gain
    return kernel.detach().contiguous().numpy(), bias.detach().numpy()
