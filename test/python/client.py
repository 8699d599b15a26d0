"""Streams pictures to a DeviceAgent and prints each answer as a line of JSON.

Usage: python client.py HOST:PORT PICTURE... [--traceparent 00-TRACE_ID-SPAN_ID-01] [--truth LABEL]
Needs: pip install grpcio grpcio-tools (which compiles the contracts in proto/ when they are imported).
"""

import argparse
import json
import secrets
import sys
from pathlib import Path

import grpc

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "proto"))
agent, services = grpc.protos_and_services("weir/agent/v1/agent.proto")
common = grpc.protos("weir/common/v1/common.proto")


def frames(pictures, traceparent):
    """One request per picture; the file's name is its id. The agent answers in the order of completion."""
    for picture in pictures:
        yield agent.StreamInferRequest(
            infer=agent.InferRequest(
                request_id=Path(picture).name,
                input=common.Input(encoded_image=Path(picture).read_bytes()),
                timeout_ms=5_000,
                trace=common.TraceContext(traceparent=traceparent),
            )
        )


def show(message):
    """An answer, or why this one picture has none."""
    if message.WhichOneof("message") == "failure":
        failure = message.failure
        return {"picture": failure.request_id, "failure": failure.status.message, "code": failure.status.code}
    result = message.result
    return {
        "picture": result.request_id,
        "label": result.classification.label,
        "confidence": round(result.classification.confidence, 4),
        "placement": f"{result.placement.node_id} {result.placement.variant}",
        "reason": agent.Reason.Name(result.decision.reason),
        "responseMs": round(result.response_ms, 2),
        "hopsMs": {field.name: round(value, 2) for field, value in result.hops.ListFields()},
        "traceparent": result.trace.traceparent,
    }


def report(stub, pictures, label):
    """Tells what the pictures truly show, and gives what the agent has measured of its accuracy since it started."""
    truths = [agent.Truth(request_id=Path(picture).name, label=label) for picture in pictures]
    response = stub.ReportTruth(agent.ReportTruthRequest(truths=truths), timeout=5)
    measured = response.measured
    return {
        "refused": {each.request_id: each.refusal.message for each in response.results if each.HasField("refusal")},
        "labelled": measured.labelled,
        "right": measured.right,
        "promised": round(measured.promised, 4),
        "lowerBound": round(measured.lower_bound, 4),
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("address", help="HOST:PORT of the DeviceAgent")
    parser.add_argument("pictures", nargs="+", help="PNG or JPEG files")
    parser.add_argument("--traceparent", default=f"00-{secrets.token_hex(16)}-{secrets.token_hex(8)}-01")
    parser.add_argument("--truth", metavar="LABEL", help="what all the pictures show, told the agent after its answers")
    arguments = parser.parse_args()
    with grpc.insecure_channel(arguments.address) as channel:
        stub = services.DeviceAgentStub(channel)
        for message in stub.StreamInfer(frames(arguments.pictures, arguments.traceparent), timeout=60):
            print(json.dumps(show(message)), flush=True)
        if arguments.truth:
            print(json.dumps(report(stub, arguments.pictures, arguments.truth)), flush=True)


if __name__ == "__main__":
    main()
