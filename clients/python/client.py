"""Streams pictures to a DeviceAgent and prints each answer as a line of JSON. What the agent refuses for now, and what was
on a stream that broke, is sent again; Ctrl-C cancels.

Usage: python client.py HOST:PORT PICTURE... [--traceparent 00-TRACE_ID-SPAN_ID-01] [--truth LABEL] [--within SECONDS]
Needs: pip install grpcio grpcio-tools (which compiles the contracts in proto/ when they are imported).
"""

import argparse
import json
import random
import secrets
import sys
import time
from pathlib import Path

import grpc

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "proto"))
agent, services = grpc.protos_and_services("weir/agent/v1/agent.proto")
common = grpc.protos("weir/common/v1/common.proto")
errors = grpc.protos("google/rpc/error_details.proto")

RETRIED = {code.value[0] for code in (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.RESOURCE_EXHAUSTED)}


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


def retry_after(status):
    """Seconds that the agent asks to wait; 0 where it does not know."""
    for detail in status.details:
        if detail.Is(errors.RetryInfo.DESCRIPTOR):
            info = errors.RetryInfo.FromString(detail.value)
            return info.retry_delay.seconds + info.retry_delay.nanos / 1e9
    return 0


def answers(stub, pictures, traceparent, within):
    """Final answers as they come, within so many seconds for all; each round sends over one stream what is left."""
    left = {Path(picture).name: picture for picture in pictures}
    until = time.monotonic() + within
    backoff = 0.1
    while True:
        wait = 0
        try:
            # The deadline ends the call, and with it whatever of it still runs.
            for message in stub.StreamInfer(frames(list(left.values()), traceparent), timeout=until - time.monotonic()):
                failure = message.failure if message.HasField("failure") else None
                if failure and failure.status.code in RETRIED:
                    wait = max(wait, retry_after(failure.status))
                    continue
                left.pop((failure or message.result).request_id, None)
                backoff = 0.1
                yield message
        except grpc.RpcError as error:
            # Only a connection that is gone, or a server that goes, is worth another stream.
            if error.code() != grpc.StatusCode.UNAVAILABLE:
                raise
        if not left:
            return
        time.sleep(max(wait, backoff * random.uniform(0.5, 1)))
        backoff = min(2 * backoff, 2)


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
    parser.add_argument("--within", type=float, default=60, metavar="SECONDS", help="time for everything together")
    arguments = parser.parse_args()
    # With TLS: grpc.secure_channel(address, grpc.ssl_channel_credentials(Path("ca.pem").read_bytes())).
    # Leaving the block cancels what runs, on Ctrl-C too.
    with grpc.insecure_channel(arguments.address) as channel:
        stub = services.DeviceAgentStub(channel)
        for message in answers(stub, arguments.pictures, arguments.traceparent, arguments.within):
            print(json.dumps(show(message)), flush=True)
        if arguments.truth:
            print(json.dumps(report(stub, arguments.pictures, arguments.truth)), flush=True)


if __name__ == "__main__":
    main()
