"""What KServe's own client gets from a server, as one JSON object.

Usage: python kserve_client.py HOST:PORT PICTURE MODEL
Needs: pip install kserve. Not in one process with Triton's client: both bring the protocol's messages.
"""

import asyncio
import json
import sys

import numpy as np
from kserve import InferenceGRPCClient, InferInput, InferRequest

address, path, name = sys.argv[1:]


async def main():
    picture = open(path, "rb").read()
    client = InferenceGRPCClient(url=address)
    encoded = InferInput("image", [1, 1], "BYTES")
    encoded.set_data_from_numpy(np.array([[picture]], dtype=np.object_))
    answer = await client.infer(InferRequest(model_name=name, infer_inputs=[encoded], request_id="k1"))
    typed = InferInput("image", [1, 1], "BYTES", data=[picture])
    again = await client.infer(InferRequest(model_name=name, infer_inputs=[typed]))
    print(
        json.dumps(
            {
                "live": await client.is_server_live(),
                "ready": await client.is_server_ready(),
                "modelReady": [await client.is_model_ready(name), await client.is_model_ready("nothing")],
                "id": answer.id,
                "scores": answer.outputs[0].as_numpy().tolist(),
                "typed": again.outputs[0].as_numpy().tolist(),
                "label": str(answer.parameters["weir_label"]),
            }
        )
    )
    await client.close()


asyncio.run(main())
