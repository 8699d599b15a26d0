import { type ClientDuplexStream, credentials } from '@grpc/grpc-js';
import { Unavailable, type WeirError } from '@weir/base';
import { worker } from '@weir/proto';
import { fromStatus } from '@weir/rpc';

type Call = ClientDuplexStream<worker.StreamInferRequest, worker.StreamInferResponse>;

/** A worker over a bare grpc-js stream: no agent, no dispatch, no libs/rpc. One frame at a time. */
export interface BareWorker extends Disposable {
  infer(frame: { image: Uint8Array; variant: string }): Promise<worker.InferResponse>;
}

export function connectBareWorker(address: string): BareWorker {
  const client = new worker.InferenceWorkerClient(address, credentials.createInsecure());
  const call: Call = client.streamInfer();
  let waiting: PromiseWithResolvers<worker.InferResponse> | undefined;
  let requests = 0;
  call.on('data', ({ message }: worker.StreamInferResponse) => {
    if (message?.$case === 'result') waiting?.resolve(message.value);
    if (message?.$case === 'failure') waiting?.reject(failureOf(message.value));
  });
  call.on('error', (cause) => waiting?.reject(new Unavailable(`the stream to ${address} broke`, { cause })));
  return {
    infer({ image, variant }) {
      waiting = Promise.withResolvers();
      const value: worker.InferRequest = {
        requestId: String(++requests),
        variant,
        input: { content: { $case: 'encodedImage', value: Buffer.from(image) } },
        timeoutMs: 10_000,
        trace: undefined,
        background: false,
        wantOutputs: false,
      };
      call.write({ message: { $case: 'infer', value } });
      return waiting.promise;
    },
    [Symbol.dispose]() {
      call.cancel();
      client.close();
    },
  };
}

const failureOf = ({ status }: worker.InferFailure): WeirError =>
  status ? fromStatus(status) : new Unavailable('the worker failed without a reason');
