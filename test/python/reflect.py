"""Resolves what a server tells of itself in a strict pool of descriptors; prints a line of JSON per method.

Usage: python reflect.py HOST:PORT
"""

import json
import sys

import grpc
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.message_factory import GetMessageClass
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import ProtoReflectionDescriptorDatabase


def types(message, seen):
    """Names of a message's type and of all types within it."""
    if message.full_name not in seen:
        seen.add(message.full_name)
        for field in message.fields:
            if field.enum_type:
                seen.add(field.enum_type.full_name)
            if field.message_type:
                types(field.message_type, seen)
    return seen


with grpc.insecure_channel(sys.argv[1]) as channel:
    database = ProtoReflectionDescriptorDatabase(channel)
    pool = DescriptorPool(database)
    for name in sorted(database.get_services()):
        for method in pool.FindServiceByName(name).methods:
            request, response = GetMessageClass(method.input_type), GetMessageClass(method.output_type)
            line = {"method": f"{name}/{method.name}", "types": sorted(types(method.output_type, set()))}
            if method.name in ("GetStatus", "Check"):
                call = channel.unary_unary(f"/{line['method']}", request.SerializeToString, response.FromString)
                line["answer"] = str(call(request(), timeout=5))
            print(json.dumps(line))
