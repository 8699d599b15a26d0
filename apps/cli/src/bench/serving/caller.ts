import {
  type Client,
  credentials,
  loadPackageDefinition,
  type ServiceClientConstructor,
} from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import { Unavailable } from '@weir/base';
import { common, worker } from '@weir/proto';
import { callUnary, connect, fromStatus, openDuplex } from '@weir/rpc';
import { fileURLToPath } from 'node:url';
import type { Turn } from './turn.ts';

/** One connection to a server that is asked the same again and again. */
export interface Caller extends AsyncDisposable {
  readonly ready: () => Promise<unknown>;
  /** Rejects when the server does not answer. */
  readonly infer: () => Promise<unknown>;
}

type Target = Pick<Turn, 'protocol' | 'address' | 'variant' | 'input'>;

export function callerOf(turn: Target, bytes: Uint8Array): Caller {
  if (turn.protocol === 'open-inference') return openInference(turn, bytes);
  return turn.protocol === 'weir-stream' ? byStream(turn, bytes) : byUnary(turn, bytes);
}

const requestOf = (
  { variant, input }: Target,
  bytes: Uint8Array,
  requestId: string,
): worker.InferRequest => ({
  requestId,
  variant,
  input: {
    content:
      'picture' in input
        ? { $case: 'encodedImage', value: bytes }
        : {
            $case: 'tensor',
            value: { shape: [1, 3, input.side, input.side], dataType: common.DataType.FLOAT32, data: bytes },
          },
  },
  timeoutMs: 0,
  trace: undefined,
  background: false,
  wantOutputs: false,
});

function byUnary(target: Target, bytes: Uint8Array): Caller {
  const connection = connect(target.address);
  const client = connection.client(worker.InferenceWorkerClient);
  return {
    ready: () => connection.ready(),
    infer: () => callUnary(client, client.infer, requestOf(target, bytes, 'r')),
    [Symbol.asyncDispose]: () => connection[Symbol.asyncDispose](),
  };
}

function byStream(target: Target, bytes: Uint8Array): Caller {
  const connection = connect(target.address);
  const client = connection.client(worker.InferenceWorkerClient);
  const stream = openDuplex(client, client.streamInfer, {});
  const waiting = new Map<string, PromiseWithResolvers<unknown>>();
  let requests = 0;
  const settle = async () => {
    for await (const { message } of stream) {
      if (message?.$case !== 'result' && message?.$case !== 'failure') continue;
      const { requestId } = message.value;
      const asked = waiting.get(requestId);
      waiting.delete(requestId);
      if (message.$case === 'result') asked?.resolve(undefined);
      else asked?.reject(fromStatus(message.value.status!));
    }
  };
  settle().catch((cause: unknown) => {
    for (const { reject } of waiting.values()) reject(new Unavailable('the stream broke', { cause }));
  });
  return {
    ready: () => connection.ready(),
    infer() {
      const requestId = String(++requests);
      const asked = Promise.withResolvers<unknown>();
      waiting.set(requestId, asked);
      stream
        .send({ message: { $case: 'infer', value: requestOf(target, bytes, requestId) } })
        .catch(asked.reject);
      return asked.promise;
    },
    async [Symbol.asyncDispose]() {
      stream[Symbol.dispose]();
      await connection[Symbol.asyncDispose]();
    },
  };
}

const protocol = fileURLToPath(new URL('./peers/inference.proto', import.meta.url));

interface OpenInferenceClient extends Client {
  modelInfer(request: object, callback: (error: Error | null) => void): void;
}

function openInference({ address, variant, input }: Target, bytes: Uint8Array): Caller {
  if ('picture' in input) throw new Error('MLServer is asked with tensors alone');
  const { inference } = loadPackageDefinition(loadSync(protocol)) as unknown as {
    inference: { GRPCInferenceService: ServiceClientConstructor };
  };
  const unlimited = { 'grpc.max_send_message_length': -1, 'grpc.max_receive_message_length': -1 };
  const client = new inference.GRPCInferenceService(
    address,
    credentials.createInsecure(),
    unlimited,
  ) as unknown as OpenInferenceClient;
  const request = {
    modelName: variant,
    inputs: [{ name: 'scene', datatype: 'FP32', shape: [1, 3, input.side, input.side] }],
    rawInputContents: [bytes],
  };
  return {
    ready: () =>
      new Promise<void>((resolve, reject) =>
        client.waitForReady(Date.now() + 30_000, (error) => (error ? reject(error) : resolve())),
      ),
    infer: () =>
      new Promise<void>((resolve, reject) =>
        client.modelInfer(request, (error) => (error ? reject(error) : resolve())),
      ),
    async [Symbol.asyncDispose]() {
      client.close();
    },
  };
}
