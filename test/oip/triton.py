"""What Triton's own client gets from a server, as one JSON object.

Usage: python triton.py HOST:PORT PICTURE MODEL
Needs: pip install tritonclient[grpc].
"""

import asyncio
import io
import json
import queue
import sys

import numpy as np
import tritonclient.grpc as triton
import tritonclient.grpc.aio as triton_aio
from PIL import Image
from tritonclient.utils import InferenceServerException

address, path, name = sys.argv[1:]
picture = open(path, "rb").read()


def text(values):
    """Elements of a BYTES tensor."""
    return [value.decode() for value in np.asarray(values).flatten()]


def parameters(result):
    return {key: value.string_param for key, value in result.get_response().parameters.items()}


def encoded(*pictures, input_name="image"):
    """Pictures as they are, one BYTES element each."""
    given = triton.InferInput(input_name, [len(pictures), 1], "BYTES")
    given.set_data_from_numpy(np.array([[each] for each in pictures], dtype=np.object_))
    return [given]


def refused(call):
    """Code and text of an error."""
    try:
        call()
    except InferenceServerException as error:
        return [error.status(), error.message()]
    return ["OK", ""]


def server(client):
    """How a client finds out what there is."""
    metadata = client.get_server_metadata()
    index = client.get_model_repository_index()
    return {
        "live": client.is_server_live(),
        "ready": client.is_server_ready(),
        "modelReady": [client.is_model_ready(name), client.is_model_ready("nothing"), client.is_model_ready(name, "7")],
        "name": metadata.name,
        "extensions": list(metadata.extensions),
        "models": {model.name: model.state for model in index.models},
    }


def classify(client):
    """As Triton's image_client.py: metadata, configuration, preprocessing as they say, inference with classes."""
    metadata = client.get_model_metadata(model_name=name, model_version="1")
    config = client.get_model_config(model_name=name, model_version="1").config
    if len(metadata.inputs) != 1 or len(metadata.outputs) != 1 or len(config.input) != 1:
        raise Exception("expecting 1 input and 1 output")
    taken, given = metadata.inputs[0], metadata.outputs[0]
    if given.datatype != "FP32":
        raise Exception("expecting output datatype to be FP32")
    if len(taken.shape) != 3 + (config.max_batch_size > 0):
        raise Exception("expecting input to have 3 dimensions")
    if config.input[0].format != 2:
        raise Exception("expecting FORMAT_NCHW")
    channels, height, width = taken.shape[-3:]
    image = Image.open(io.BytesIO(picture)).convert("RGB").resize((width, height), Image.BILINEAR)
    scaled = (np.array(image).astype(np.float32) / 127.5) - 1  # INCEPTION
    batch = np.stack([np.transpose(scaled, (2, 0, 1))] * 2)
    inputs = [triton.InferInput(taken.name, batch.shape, taken.datatype)]
    inputs[0].set_data_from_numpy(batch)
    outputs = [triton.InferRequestedOutput(given.name, class_count=2)]
    result = client.infer(name, inputs, request_id="42", model_version="1", outputs=outputs)
    raw = client.infer(name, inputs)
    return {
        "shape": list(taken.shape),
        "maxBatchSize": config.max_batch_size,
        "id": result.get_response().id,
        "version": result.get_response().model_version,
        "classes": text(result.as_numpy(given.name)),
        "scores": list(raw.as_numpy(given.name).shape),
        "label": parameters(raw)["weir_label"],
    }


def statistics(client):
    """What one request adds to a model's statistics."""
    before = client.get_inference_statistics(name, "1").model_stats[0]
    client.infer(name, encoded(picture, picture))
    after = client.get_inference_statistics(name, "1").model_stats[0]
    return {
        "inferences": after.inference_count - before.inference_count,
        "requests": after.inference_stats.success.count - before.inference_stats.success.count,
        "computeNs": after.inference_stats.compute_infer.ns - before.inference_stats.compute_infer.ns,
        "successNs": after.inference_stats.success.ns - before.inference_stats.success.ns,
        "batches": [each.batch_size for each in after.batch_stats],
    }


def asynchronous(client):
    """async_infer with a callback."""
    answers = queue.Queue()
    client.async_infer(name, encoded(picture), lambda result, error: answers.put((result, error)))
    result, error = answers.get(timeout=30)
    return {"error": error and error.message(), "label": parameters(result)["weir_label"]}


def stream(client):
    """Three requests of a stream, the second to a model that there is not."""
    answers = queue.Queue()
    client.start_stream(lambda result, error: answers.put((result, error)))
    for request_id, model in enumerate([name, "nothing", name]):
        client.async_stream_infer(model, encoded(picture), request_id=str(request_id))
    got = [answers.get(timeout=30) for _ in range(3)]
    client.stop_stream()
    return [[result and result.get_response().id, error and error.message()] for result, error in got]


async def aio():
    """The asyncio client: one inference, and a stream."""
    async with triton_aio.InferenceServerClient(address) as client:
        result = await client.infer(name, encoded(picture), request_id="a")

        async def requests():
            for request_id in "bc":
                yield {"model_name": name, "inputs": encoded(picture), "request_id": request_id}

        streamed = [
            [answer.get_response().id, error]
            async for answer, error in client.stream_infer(requests(), stream_timeout=30)
        ]
        return {"id": result.get_response().id, "streamed": streamed, "ready": await client.is_model_ready(name)}


def compressed(client):
    return {
        each: parameters(client.infer(name, encoded(picture), compression_algorithm=each))["weir_label"]
        for each in ["gzip", "deflate"]
    }


def refusals(client):
    output = client.get_model_metadata(name).outputs[0].name
    small = triton.InferInput("image", [1], "FP32")
    small.set_data_from_numpy(np.zeros([1], np.float32))
    return {
        "model": refused(lambda: client.infer("nothing", encoded(picture))),
        "version": refused(lambda: client.infer(name, encoded(picture), model_version="7")),
        "input": refused(lambda: client.infer(name, [small])),
        "picture": refused(lambda: client.infer(name, encoded(b"no picture"))),
        "output": refused(
            lambda: client.infer(name, encoded(picture), outputs=[triton.InferRequestedOutput(output + "s")])
        ),
        "batch": refused(lambda: client.infer(name, encoded(*[picture] * 9))),
        "load": refused(lambda: client.load_model(name)),
        "unload": refused(lambda: client.unload_model(name)),
        "sharedMemory": refused(lambda: client.get_system_shared_memory_status()),
        "timeout": refused(lambda: client.infer(name, encoded(picture), timeout=1)),
    }


def wishes(client):
    """What the request parameters of an agent do."""
    ask = lambda model, **more: parameters(client.infer(model, encoded(picture), **more))
    return {
        "any": ask("weir"),
        "named": ask(name)["weir_variant"],
        "accurate": float(ask("weir", parameters={"weir_floor": "0.865"})["weir_expected_accuracy"]),
        "beyond": refused(lambda: ask("weir", parameters={"weir_floor": "0.99"})),
        "input": [[each.name, each.datatype, list(each.shape)] for each in client.get_model_metadata("weir").inputs],
    }


def main():
    with triton.InferenceServerClient(address) as client:
        seen = {
            "server": server(client),
            "classify": classify(client),
            "statistics": statistics(client),
            "asynchronous": asynchronous(client),
            "stream": stream(client),
            "aio": asyncio.run(aio()),
            "compressed": compressed(client),
            "refusals": refusals(client),
        }
        if "weir" in seen["server"]["models"]:
            seen["wishes"] = wishes(client)
    print(json.dumps(seen))


if __name__ == "__main__":
    main()
