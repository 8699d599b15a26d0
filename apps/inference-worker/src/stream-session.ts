import { type Clock, Internal, InvalidInput, type Logger, WeirError } from '@weir/base';
import type { common, worker } from '@weir/proto';
import { type CallContext, type DuplexStream, toStatus } from '@weir/rpc';
import { checkPing, isUsableId } from '@weir/wire';
import type { WorkerNode } from './node.ts';

type Stream = DuplexStream<worker.StreamInferRequest, worker.StreamInferResponse>;
type Answer = NonNullable<worker.StreamInferResponse['message']>;

export interface StreamSessionOptions {
  readonly node: WorkerNode;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Period of load reports, ms: while there is work, and while there is none. */
  readonly loadPeriodMs: { readonly busy: number; readonly idle: number };
  /** Most answers pending or waiting to be sent; beyond it nothing more is read from the stream. */
  readonly maxUnanswered: number;
}

/**
 * Serves one StreamInfer call: many inferences at once, each answered or failed by itself, in order of completion.
 * Ends when the caller is done and everything is answered, or when the node has drained.
 */
export async function serveStream(
  stream: Stream,
  { signal, draining, caller }: Pick<CallContext, 'signal' | 'draining' | 'caller'>,
  { node, clock, logger, loadPeriodMs, maxUnanswered }: StreamSessionOptions,
): Promise<void> {
  const inFlight = new Map<string, AbortController>();
  const unanswered = new Set<Promise<void>>();

  /** Sends the result; a failed send means that the caller has gone, which the reader notices. */
  const answerWith = (work: Promise<Answer>): void => {
    const sent = work.then((message) => stream.send({ message })).catch(() => {});
    unanswered.add(sent);
    void sent.finally(() => unanswered.delete(sent));
  };

  const infer = async (request: worker.InferRequest): Promise<Answer> => {
    const arrivedAt = clock.now();
    const { requestId } = request;
    const taken = inFlight.has(requestId);
    const stop = new AbortController();
    // Two requests with one id could not tell their answers apart.
    const usable = isUsableId(requestId) && !taken;
    if (usable) inFlight.set(requestId, stop);
    try {
      if (taken) throw new InvalidInput([{ field: 'request_id', description: `${requestId} is in flight` }]);
      const value = await node.infer(request, { arrivedAt, signal: stop.signal, caller: caller.id });
      return { $case: 'result', value };
    } catch (error) {
      return failure(usable ? requestId : '', error);
    } finally {
      if (usable) inFlight.delete(requestId);
    }
  };

  const pong = async (ping: worker.Ping): Promise<Answer> => {
    const arrivedAt = clock.now();
    try {
      checkPing(ping);
      return { $case: 'pong', value: { sequence: ping.sequence, workerMs: clock.now() - arrivedAt } };
    } catch (error) {
      return failure('', error);
    }
  };

  const failure = (requestId: string, error: unknown): Answer => {
    if (!(error instanceof WeirError) || error instanceof Internal)
      logger.error({ err: error, requestId }, 'inference failed');
    return { $case: 'failure', value: { requestId, status: toStatus(error), load: node.load() } };
  };

  const read = async () => {
    for await (const { message } of stream) {
      if (message?.$case === 'infer') answerWith(infer(message.value));
      else if (message?.$case === 'ping') answerWith(pong(message.value));
      else if (message?.$case === 'cancel') inFlight.get(message.value.requestId)?.abort();
      else answerWith(Promise.resolve(failure('', nothingAsked())));
      while (unanswered.size >= maxUnanswered) await Promise.race(unanswered);
    }
  };

  let told = { at: -Infinity, busy: false };
  const isBusy = ({ inService, queued }: common.NodeLoad) => inService + queued > 0;
  const tellLoad = newestOnly(() => {
    const value = node.load();
    told = { at: clock.now(), busy: isBusy(value) };
    return stream.send({ message: { $case: 'load', value } });
  });
  // A queue changes within a fraction of a second; an idle node is still idle a second later.
  const tellLoadWhenDue = () => {
    const due = clock.now() - told.at >= loadPeriodMs.idle;
    if (due || told.busy || isBusy(node.load())) tellLoad();
  };
  const cancelAll = () => {
    for (const stop of inFlight.values()) stop.abort();
  };
  tellLoad();
  using cleanUp = new DisposableStack();
  cleanUp.defer(clock.every(loadPeriodMs.busy, tellLoadWhenDue));
  cleanUp.defer(cancelAll);
  listen(cleanUp, signal, cancelAll);
  const drainBegins = new Promise<void>((resolve) => {
    listen(cleanUp, draining, () => {
      tellLoad();
      resolve();
    });
  });

  const reading = read();
  reading.catch(() => {});
  await Promise.race([reading, drainBegins]);
  while (unanswered.size > 0 && !signal.aborted) await Promise.all(unanswered);
}

const nothingAsked = () =>
  new InvalidInput([{ field: 'message', description: 'missing: give infer, cancel or ping' }]);

function listen(cleanUp: DisposableStack, signal: AbortSignal, listener: () => void): void {
  if (signal.aborted) return listener();
  signal.addEventListener('abort', listener, { once: true });
  cleanUp.defer(() => signal.removeEventListener('abort', listener));
}

/** Does nothing while an earlier send still waits for a slow reader. */
function newestOnly(send: () => Promise<void>): () => void {
  let sending = false;
  return () => {
    if (sending) return;
    sending = true;
    void send()
      .catch(() => {})
      .finally(() => (sending = false));
  };
}
