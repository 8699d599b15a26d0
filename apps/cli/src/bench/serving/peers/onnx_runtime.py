"""ONNX Runtime for MLServer, which has no runtime for it of its own."""
import asyncio

import numpy
import onnxruntime
from mlserver import MLModel
from mlserver.codecs import NumpyCodec
from mlserver.types import InferenceResponse
from mlserver.utils import get_model_uri


class OnnxModel(MLModel):
    async def load(self):
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        path = await get_model_uri(self._settings)
        self._session = onnxruntime.InferenceSession(path, options, ["CPUExecutionProvider"])
        self._input = self._session.get_inputs()[0].name
        return True

    async def predict(self, payload):
        data = NumpyCodec.decode_input(payload.inputs[0]).astype(numpy.float32, copy=False)
        (logits,) = await asyncio.to_thread(self._session.run, None, {self._input: data})
        output = NumpyCodec.encode_output("logits", logits)
        return InferenceResponse(model_name=self.name, outputs=[output])
