"""ONNX Runtime for MLServer that misbehaves while a file beside the server's settings says how."""
import asyncio
from pathlib import Path

import numpy
from mlserver.codecs import NumpyCodec
from mlserver.types import InferenceResponse
from onnx_runtime import OnnxModel


class AwkwardModel(OnnxModel):
    async def predict(self, payload):
        file = Path(f"{self.name}.fault")
        fault = file.read_text() if file.exists() else ""
        if fault == "hang":
            await asyncio.sleep(3600)
        if fault == "error":
            raise RuntimeError("as the test wants it")
        if not fault:
            return await super().predict(payload)
        logits = numpy.full((1, 10 if fault == "nan" else 3), numpy.nan, numpy.float32)
        output = NumpyCodec.encode_output("logits", logits)
        return InferenceResponse(model_name=self.name, outputs=[output])
