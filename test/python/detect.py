"""Asks a DeviceAgent whose models are detectors what they find in a gray picture, and prints the outputs as a line of JSON.

Usage: python detect.py HOST:PORT [--side 128]
Needs: pip install grpcio grpcio-tools (which compiles the contracts in proto/ when they are imported).
"""

import argparse
import array
import json
import sys
from pathlib import Path

import grpc

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "proto"))
agent, services = grpc.protos_and_services("weir/agent/v1/agent.proto")
common = grpc.protos("weir/common/v1/common.proto")

# How `array` calls the element types of the outputs.
CODES = {common.DATA_TYPE_FLOAT32: "f", common.DATA_TYPE_INT64: "q"}


def floats(name, shape, values):
    data = array.array("f", values).tobytes()
    tensor = common.Tensor(shape=shape, data_type=common.DATA_TYPE_FLOAT32, data=data)
    return common.NamedTensor(name=name, tensor=tensor)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("address", help="HOST:PORT of the DeviceAgent")
    parser.add_argument("--side", type=int, default=128, help="of the picture, px")
    arguments = parser.parse_args()
    side = arguments.side
    tensors = [
        floats("images", [1, 3, side, side], [0.5] * (3 * side * side)),
        floats("threshold", [1], [0.1]),
    ]
    request = agent.InferRequest(
        request_id="gray",
        input=common.Input(tensors=common.NamedTensors(tensors=tensors)),
        timeout_ms=5_000,
    )
    with grpc.insecure_channel(arguments.address) as channel:
        try:
            answer = services.DeviceAgentStub(channel).Infer(request, timeout=10)
        except grpc.RpcError as error:
            print(json.dumps({"code": error.code().name, "failure": error.details()}))
            return
    outputs = {}
    for output in answer.outputs:
        values = array.array(CODES[output.tensor.data_type], output.tensor.data)
        outputs[output.name] = {"shape": list(output.tensor.shape), "values": values.tolist()}
    print(json.dumps({"placement": f"{answer.placement.node_id} {answer.placement.variant}", "outputs": outputs}))


if __name__ == "__main__":
    main()
