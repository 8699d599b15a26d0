import { InvalidInput, ResourceExhausted, silentLogger, Unavailable } from '@weir/base';
import { agent } from '@weir/proto';
import { bidi, type DuplexStream, serve, toStatus, unary } from '@weir/rpc';

/** One stream of a client. */
interface Round {
  /** What was sent, in order. */
  readonly asked: string[];
  readonly beganAt: number;
  /** When it was over; undefined while it runs. */
  endedAt?: number;
  /** Resolves when the caller cancels it, or its deadline passes. */
  readonly left: Promise<string>;
}

export interface AwkwardAgent extends AsyncDisposable {
  readonly address: string;
  readonly rounds: readonly Round[];
  /** Resolves once a stream has brought a frame. */
  readonly asked: Promise<void>;
}

/** What a refusal asks to wait, ms. */
export const askedToWaitMs = 700;

/**
 * An agent as clients fear it. Its first stream answers one frame and refuses the others for now; its second answers one
 * and breaks; from the third on it answers. A frame whose name begins with `broken` fails for good. `mute`: it never answers.
 */
export async function awkwardAgent({ mute = false } = {}): Promise<AwkwardAgent> {
  const rounds: Round[] = [];
  const firstAsked = Promise.withResolvers<void>();
  type Stream = DuplexStream<agent.StreamInferRequest, agent.StreamInferResponse>;

  const streamInfer = bidi(async (stream: Stream, { signal }) => {
    const left = Promise.withResolvers<string>();
    const round: Round = { asked: [], beganAt: performance.now(), left: left.promise };
    const stage = rounds.push(round);
    signal.addEventListener('abort', () => left.resolve((signal.reason as Error).name), { once: true });
    let answered = 0;
    for await (const { message } of stream) {
      if (message?.$case !== 'infer') continue;
      const { requestId, trace } = message.value;
      round.asked.push(requestId);
      firstAsked.resolve();
      if (mute) continue;
      if (requestId.startsWith('broken')) {
        await fail(stream, requestId, new InvalidInput([{ field: 'input', description: 'no picture' }]));
      } else if (stage > 2 || answered === 0) {
        answered += 1;
        const value = agent.InferResponse.create({
          requestId,
          trace,
          classification: { label: 'boat', confidence: 0.75 },
          placement: { nodeId: 'edge-1', variant: 'small' },
        });
        await stream.send({ message: { $case: 'result', value } });
      } else if (stage === 1) {
        await fail(
          stream,
          requestId,
          new ResourceExhausted('not now', { retryAfterMs: askedToWaitMs, reason: 'TOO_MANY_FRAMES' }),
        );
      } else {
        round.endedAt = performance.now();
        throw new Unavailable('server is draining', { reason: 'DRAINING' });
      }
    }
    if (mute) await left.promise;
    round.endedAt = performance.now();
  });

  const nothing = unary(() => ({}));
  const server = await serve({
    listen: '127.0.0.1:0',
    services: [
      {
        definition: agent.DeviceAgentService,
        implementation: {
          streamInfer,
          infer: nothing,
          getStatus: nothing,
          getObjective: nothing,
          setObjective: nothing,
          reportTruth: nothing,
        },
      },
    ],
    logger: silentLogger,
    drainGraceMs: 0,
  });
  return {
    address: server.address,
    rounds,
    asked: firstAsked.promise,
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}

const fail = (
  stream: DuplexStream<unknown, agent.StreamInferResponse>,
  requestId: string,
  error: Error,
): Promise<void> =>
  stream.send({ message: { $case: 'failure', value: { requestId, status: toStatus(error) } } });
