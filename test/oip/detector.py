"""What Triton's client gets from a model that is no classifier, as one JSON object.

Usage: python detector.py HOST:PORT MODEL
Needs: pip install tritonclient[grpc].
"""

import json
import sys

import numpy as np
import tritonclient.grpc as triton
from tritonclient.utils import InferenceServerException

address, name = sys.argv[1:]


def tensor(input_name, values):
    given = triton.InferInput(input_name, values.shape, "FP32")
    given.set_data_from_numpy(values)
    return given


def main():
    client = triton.InferenceServerClient(address)
    metadata = client.get_model_metadata(name)
    images = tensor("images", np.full([2, 3, 96, 64], 0.5, np.float32))
    threshold = tensor("threshold", np.array([0.5], np.float32))
    answer = client.infer(name, [threshold, images])
    boxes = client.infer(name, [images, threshold], outputs=[triton.InferRequestedOutput("boxes")])
    try:
        client.infer(name, [images])
        refusal = ""
    except InferenceServerException as error:
        refusal = error.message()
    shapes = {each.name: list(each.shape) for each in answer.get_response().outputs}
    print(
        json.dumps(
            {
                "platform": metadata.platform,
                "inputs": {each.name: [each.datatype, *each.shape] for each in metadata.inputs},
                "maxBatchSize": client.get_model_config(name).config.max_batch_size,
                "outputs": {each: str(answer.as_numpy(each).dtype) for each in shapes},
                "batch": [shapes["boxes"][0], shapes["scores"][0]],
                "only": [each.name for each in boxes.get_response().outputs],
                "same": bool(np.array_equal(boxes.as_numpy("boxes"), answer.as_numpy("boxes"))),
                "refusal": refusal,
            }
        )
    )


if __name__ == "__main__":
    main()
