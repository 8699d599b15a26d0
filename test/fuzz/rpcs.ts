import type { DescMethod } from '@bufbuild/protobuf';
import { contracts } from '@weir/proto/contracts';
import type fc from 'fast-check';
import type { Ended } from './raw-calls.ts';

/** Good messages of an RPC, to begin a stream with, and to vary. */
export interface GoodMessages {
  /** Come first, as they are: without them a stream says nothing. */
  readonly opening?: readonly Uint8Array[];
  readonly others: readonly Uint8Array[];
  /** Good but for the document or picture in them. */
  readonly more?: readonly fc.Arbitrary<Uint8Array>[];
}

/** One RPC of one process. */
export interface Rpc {
  readonly name: string;
  readonly process: string;
  readonly method: DescMethod;
  readonly good: GoodMessages;
  /** Its share of the messages: those with much to say get more. */
  readonly weight: number;
}

/** Which processes of the cell serve what. */
const served: Readonly<Record<string, readonly string[]>> = {
  'weir.policy.v1.PolicyService': ['policy'],
  'weir.telemetry.v1.Telemetry': ['telemetry'],
  'weir.worker.v1.InferenceWorker': ['edge-1'],
  'weir.agent.v1.DeviceAgent': ['device-1'],
  'inference.GRPCInferenceService': ['edge-1', 'device-1'],
  'grpc.reflection.v1.ServerReflection': ['policy'],
  'grpc.health.v1.Health': ['telemetry'],
};

/** How a call with bad messages may end. */
const right = new Set(['OK', 'INVALID_ARGUMENT', 'NOT_FOUND', 'FAILED_PRECONDITION', 'RESOURCE_EXHAUSTED']);
/** What an RPC says besides. */
const alsoRight: Readonly<Record<string, readonly string[]>> = {
  // Another session of the same device began.
  'weir.policy.v1.PolicyService/Orchestrate': ['ABORTED'],
  // It may be asked to wait for outcomes for ten minutes.
  'weir.policy.v1.PolicyService/RunEpochs': ['HANGS'],
  // As Triton says that it does not do it, and that nobody runs a model now.
  'inference.GRPCInferenceService/RepositoryModelLoad': ['UNAVAILABLE'],
  'inference.GRPCInferenceService/RepositoryModelUnload': ['UNAVAILABLE'],
  'inference.GRPCInferenceService/ModelInfer': ['UNAVAILABLE'],
};
const frames = /\/(Stream)?Infer$|\/Model(Stream)?Infer$/;

/** Whether a call, or a failure that an answer tells, says what it may. */
export const isRight = (rpc: string, { status, fields }: Ended): boolean => {
  if (status === 'INVALID_ARGUMENT') return fields.length > 0;
  if (right.has(status) || alsoRight[rpc]?.includes(status)) return true;
  // A frame may have no time left, and may be cancelled by a message.
  return frames.test(rpc) && ['DEADLINE_EXCEEDED', 'CANCELLED'].includes(status);
};

/** Every RPC of every process. Throws where one that takes anything has no good message: what is all wrong says little. */
export function rpcsOf(good: Readonly<Record<string, GoodMessages>>): readonly Rpc[] {
  return Object.entries(served).flatMap(([service, processes]) => {
    const { methods } = contracts().getService(service)!;
    return methods.flatMap((method) => {
      const name = `${service}/${method.name}`;
      const known = good[name] ?? { others: [] };
      if (method.input.fields.length > 0 && known.others.length === 0)
        throw new Error(`${name} has no good message to vary (good-messages.ts)`);
      const weight =
        method.input.fields.length === 0 ? 1 : known.opening ? 12 : known.others.length > 1 ? 6 : 3;
      return processes.map((process) => ({ name, process, method, good: known, weight }));
    });
  });
}
