import { FailedPrecondition, silentLogger, type WeirError } from '@weir/base';
import { common, worker } from '@weir/proto';
import { bidi, type DuplexStream, serve, toStatus, unary } from '@weir/rpc';

type Stream = DuplexStream<worker.StreamInferRequest, worker.StreamInferResponse>;

/** What the worker does with a frame. `hold`: nothing until `release`. */
export type WorkerScript = 'answer' | 'hold' | { readonly fail: WeirError };

/** A scripted worker on real gRPC. */
export interface ScriptedWorker extends AsyncDisposable {
  readonly address: string;
  script: WorkerScript;
  /** What it lists, over its name, tier and run. */
  listing: Partial<worker.ListVariantsResponse>;
  /** Frames received, in order. */
  readonly received: worker.InferRequest[];
  /** Ids of the frames that the caller has cancelled. */
  readonly cancelled: string[];
  /** Streams open now. */
  readonly streams: number;
  /** Answers all frames that it holds. */
  release(): void;
  /** Ends all streams with UNAVAILABLE. */
  breakStreams(): void;
}

export interface ScriptedWorkerOptions {
  readonly nodeId: string;
  readonly tier: common.Tier;
  readonly variant: string;
  /** @default a free port */
  readonly listen?: string;
  /** This run of it. @default '', unknown */
  readonly instanceId?: string;
  /** Its calibrated service time. @default 1 */
  readonly serviceMs?: number;
}

export async function startScriptedWorker(options: ScriptedWorkerOptions): Promise<ScriptedWorker> {
  const { nodeId, tier, variant, listen = '127.0.0.1:0', serviceMs = 1, instanceId = '' } = options;
  const services = [{ variant, serviceMs }];
  const load = common.NodeLoad.fromPartial({ nodeId, tier, slots: 1, services, instanceId });
  const received: worker.InferRequest[] = [];
  const cancelled: string[] = [];
  const open = new Set<AbortController>();
  const held: (() => void)[] = [];

  const streamInfer = bidi(async (stream: Stream, context) => {
    const broken = new AbortController();
    open.add(broken);
    const answer = ({ requestId }: worker.InferRequest) =>
      stream.send({
        message: {
          $case: 'result',
          value: worker.InferResponse.fromPartial({
            requestId,
            classification: { classIndex: 1, label: nodeId, confidence: 0.9, margin: 0.8 },
            computeMs: serviceMs,
            workerMs: serviceMs,
            energyJ: 0.25,
            load,
          }),
        },
      });
    const take = async ({ message }: worker.StreamInferRequest) => {
      if (message?.$case === 'ping') {
        const value = { sequence: message.value.sequence, workerMs: 0 };
        await stream.send({ message: { $case: 'pong', value } });
      } else if (message?.$case === 'cancel') cancelled.push(message.value.requestId);
      else if (message?.$case === 'infer') {
        received.push(message.value);
        if (self.script === 'answer') await answer(message.value);
        else if (self.script === 'hold') held.push(() => void answer(message.value));
        else {
          const { requestId } = message.value;
          const value = { requestId, status: toStatus(self.script.fail), load };
          await stream.send({ message: { $case: 'failure', value } });
        }
      }
    };
    const reading = (async () => {
      await stream.send({ message: { $case: 'load', value: load } });
      for await (const message of stream) await take(message);
    })();
    const ended = new Promise<never>((_, reject) => {
      for (const signal of [broken.signal, context.draining])
        signal.addEventListener('abort', () => reject(signal.reason as Error));
    });
    await Promise.race([reading, ended]).finally(() => open.delete(broken));
  });
  const listVariants = unary((): worker.ListVariantsResponse =>
    worker.ListVariantsResponse.fromPartial({ nodeId, tier, instanceId, ...self.listing }),
  );
  const infer = unary((): worker.InferResponse => {
    throw new FailedPrecondition('an agent uses the stream');
  });
  const server = await serve({
    listen,
    services: [
      {
        definition: worker.InferenceWorkerService,
        implementation: { streamInfer, listVariants, infer },
      },
    ],
    logger: silentLogger,
    drainGraceMs: 100,
  });
  server.setServing(true);
  const self: ScriptedWorker = {
    address: server.address,
    script: 'answer',
    listing: {},
    received,
    cancelled,
    get streams() {
      return open.size;
    },
    release: () => held.splice(0).forEach((go) => go()),
    breakStreams() {
      for (const broken of open) broken.abort(new Error('broken by the test'));
    },
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
  return self;
}
