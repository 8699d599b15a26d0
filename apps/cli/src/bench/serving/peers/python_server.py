"""A bare gRPC server over ONNX Runtime with the contract of weir.worker.v1: what Weir's worker is compared with.

python_server.py FOLDER SLOTS: serves every FOLDER/*.onnx by its name and prints {"address"}.
"""
import json
import sys
import threading
from concurrent import futures
from pathlib import Path

import grpc
import numpy
import onnxruntime
from weir.worker.v1 import worker_pb2, worker_pb2_grpc

folder, slots = Path(sys.argv[1]), int(sys.argv[2])
options = onnxruntime.SessionOptions()
options.intra_op_num_threads = 1
sessions = {
    path.stem: onnxruntime.InferenceSession(path, options, ["CPUExecutionProvider"])
    for path in folder.glob("*.onnx")
}
free = threading.Semaphore(slots)


class Worker(worker_pb2_grpc.InferenceWorkerServicer):
    def Infer(self, request, context):
        tensor = request.input.tensor
        data = numpy.frombuffer(tensor.data, numpy.float32).reshape(tensor.shape)
        session = sessions[request.variant]
        with free:
            (logits,) = session.run(None, {session.get_inputs()[0].name: data})
        answer = worker_pb2.InferResponse(request_id=request.request_id)
        answer.classification.class_index = int(logits.argmax())
        return answer

    def StreamInfer(self, requests, context):
        for request in requests:
            yield worker_pb2.StreamInferResponse(result=self.Infer(request.infer, context))


server = grpc.server(futures.ThreadPoolExecutor(16), options=[("grpc.max_receive_message_length", -1)])
worker_pb2_grpc.add_InferenceWorkerServicer_to_server(Worker(), server)
port = server.add_insecure_port("127.0.0.1:0")
server.start()
print(json.dumps({"address": f"127.0.0.1:{port}"}), flush=True)
server.wait_for_termination()
