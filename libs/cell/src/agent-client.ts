import { Unavailable } from '@weir/base';
import { mostLooks } from '@weir/domain';
import { agent, type common } from '@weir/proto';
import {
  type ClientDuplex,
  type ConnectOptions,
  callUnary,
  connect,
  fromStatus,
  openDuplex,
} from '@weir/rpc';
import { checkSendable } from '@weir/wire';

/** What an application asks about: a PNG or JPEG file, or the inputs of a model that is no classifier. */
export type FrameInput = { readonly image: Uint8Array } | { readonly tensors: readonly common.NamedTensor[] };

/** One frame of an application. */
export type Frame = FrameInput & FrameOptions;

interface FrameOptions {
  /** Time left for it, ms. @default the objective's deadline */
  readonly timeoutMs?: number;
  /** W3C traceparent of the caller. */
  readonly traceparent?: string;
}

/** An application's end of a DeviceAgent: many frames over one stream. */
export interface AgentClient extends AsyncDisposable {
  /**
   * Rejects with the WeirError of this frame's failure: InvalidInput for one that is too large to be sent;
   * Unavailable when the stream breaks.
   */
  infer(frame: Frame): Promise<agent.InferResponse>;
  status(): Promise<agent.GetStatusResponse>;
  /** Tells what pictures truly showed, at most 1,000. */
  reportTruth(truths: readonly agent.Truth[]): Promise<agent.ReportTruthResponse>;
  /** Of the objective in force on this device. */
  objective(): Promise<{ readonly accuracyFloor: number; readonly maxLooks: number }>;
  /** Resolves when connected. Throws DeadlineExceeded when the agent does not answer within 5 s. */
  ready(): Promise<void>;
}

type Stream = ClientDuplex<agent.StreamInferRequest, agent.StreamInferResponse>;

function inputOf(asked: FrameInput): common.Input {
  if ('tensors' in asked) return { content: { $case: 'tensors', value: { tensors: [...asked.tensors] } } };
  const { buffer, byteOffset, byteLength } = asked.image;
  return { content: { $case: 'encodedImage', value: Buffer.from(buffer, byteOffset, byteLength) } };
}

/** Connects on the first frame and, when the stream broke, on the next one. Disposing fails open frames. */
export function connectAgent(address: string, options: ConnectOptions = {}): AgentClient {
  const connection = connect(address, options);
  const client = connection.client(agent.DeviceAgentClient);
  const pending = new Map<string, PromiseWithResolvers<agent.InferResponse>>();
  let stream: Stream | undefined;
  let sequence = 0;

  const settle = (response: agent.StreamInferResponse) => {
    const { message } = response;
    if (!message) return;
    const waiting = pending.get(message.value.requestId);
    pending.delete(message.value.requestId);
    if (message.$case === 'result') waiting?.resolve(message.value);
    else waiting?.reject(fromStatus(message.value.status ?? { code: 13, message: 'no status', details: [] }));
  };

  const read = async (opened: Stream) => {
    let reason: unknown = new Unavailable(`${address} closed the stream`);
    try {
      for await (const response of opened) settle(response);
    } catch (error) {
      reason = error;
    }
    if (stream === opened) stream = undefined;
    for (const [requestId, waiting] of pending) {
      pending.delete(requestId);
      waiting.reject(reason);
    }
  };

  const open = () => {
    const opened = openDuplex(client, client.streamInfer);
    void read(opened);
    return opened;
  };

  return {
    async infer({ timeoutMs = 0, traceparent, ...asked }) {
      const input = inputOf(asked);
      // A message beyond gRPC's limit would end the stream, and with it all other frames.
      checkSendable(input);
      const requestId = String(++sequence);
      const waiting = Promise.withResolvers<agent.InferResponse>();
      stream ??= open();
      pending.set(requestId, waiting);
      const value: agent.InferRequest = {
        requestId,
        input,
        timeoutMs,
        trace: traceparent === undefined ? undefined : { traceparent, tracestate: '' },
        wantOutputs: false,
      };
      // A failed send ends the stream, which fails this frame too.
      void stream.send({ message: { $case: 'infer', value } });
      return waiting.promise;
    },
    status: () => callUnary(client, client.getStatus, {}, { timeoutMs: 5_000 }),
    reportTruth: (truths) =>
      callUnary(client, client.reportTruth, { truths: [...truths] }, { timeoutMs: 5_000 }),
    async objective() {
      const { objective } = await callUnary(client, client.getObjective, {}, { timeoutMs: 5_000 });
      // 0 is whoever knows of no second looks.
      return { accuracyFloor: objective?.accuracyFloor ?? 0, maxLooks: objective?.maxLooks || mostLooks };
    },
    ready: () => connection.ready(),
    async [Symbol.asyncDispose]() {
      stream?.cancel();
      await connection[Symbol.asyncDispose]();
    },
  };
}
