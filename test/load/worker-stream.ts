import type { common } from '@weir/proto';
import { worker } from '@weir/proto';
import { connect, fromStatus, openDuplex } from '@weir/rpc';
import type { Target } from './open-loop.ts';

export interface WorkerStream extends Target, AsyncDisposable {
  readonly infer: (timeoutMs: number, image?: Uint8Array) => Promise<unknown>;
  /** Asks, and takes it back at once. Rejects when the stream has ended. */
  readonly askAndCancel: () => Promise<void>;
}

/** One caller of a worker: a connection and a stream of its own. `picture`: what it sends unless told otherwise. */
export function streamTo(
  address: string,
  { variant, picture }: { variant: string; picture: Uint8Array },
): WorkerStream {
  const connection = connect(address);
  const client = connection.client(worker.InferenceWorkerClient);
  const stream = openDuplex(client, client.streamInfer, {});
  const waiting = new Map<string, PromiseWithResolvers<common.Classification | undefined>>();
  let requests = 0;
  const read = async () => {
    for await (const { message } of stream) {
      if (message?.$case !== 'result' && message?.$case !== 'failure') continue;
      const asked = waiting.get(message.value.requestId);
      waiting.delete(message.value.requestId);
      if (message.$case === 'result') asked?.resolve(message.value.classification);
      else asked?.reject(fromStatus(message.value.status!));
    }
  };
  read().catch((error: unknown) => waiting.forEach(({ reject }) => reject(error)));
  const ask = (requestId: string, timeoutMs: number, image: Uint8Array) => {
    const input: common.Input = { content: { $case: 'encodedImage', value: Buffer.from(image) } };
    const value = {
      requestId,
      variant,
      input,
      timeoutMs,
      trace: undefined,
      background: false,
      wantOutputs: false,
    };
    return stream.send({ message: { $case: 'infer', value } });
  };
  return {
    infer(timeoutMs, image = picture) {
      const requestId = String(++requests);
      const asked = Promise.withResolvers<common.Classification | undefined>();
      waiting.set(requestId, asked);
      ask(requestId, timeoutMs, image).catch(asked.reject);
      return asked.promise;
    },
    async askAndCancel() {
      const requestId = String(++requests);
      await ask(requestId, 1_000, picture);
      await stream.send({ message: { $case: 'cancel', value: { requestId } } });
    },
    async [Symbol.asyncDispose]() {
      stream[Symbol.dispose]();
      await connection[Symbol.asyncDispose]();
    },
  };
}
