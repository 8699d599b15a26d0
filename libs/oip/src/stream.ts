import { Internal, type Logger, WeirError } from '@weir/base';
import type { inference } from '@weir/proto';
import { type CallContext, type DuplexStream, toStatus } from '@weir/rpc';
import { addAbortListener } from 'node:events';
import { failureOf } from './answer.ts';

type Stream = DuplexStream<inference.ModelInferRequest, inference.ModelStreamInferResponse>;

/**
 * Serves one ModelStreamInfer call: inferences run side by side and are answered in the order of asking, for a caller that
 * gives no ids has nothing else to tell them apart by. One that fails leaves the stream open. Ends when the caller is done
 * and everything is answered, or, with the reason, when the server drains.
 * `most`: requests unanswered; beyond it nothing more is read.
 */
export async function serveStream(
  stream: Stream,
  { signal, draining }: Pick<CallContext, 'signal' | 'draining'>,
  {
    answer,
    most,
    logger,
  }: {
    answer: (request: inference.ModelInferRequest) => Promise<inference.ModelInferResponse>;
    most: number;
    logger: Logger;
  },
): Promise<void> {
  const unanswered = new Set<Promise<void>>();
  let last = Promise.resolve();

  const failed = ({ id }: inference.ModelInferRequest, error: unknown) => {
    if (!(error instanceof WeirError) || error instanceof Internal)
      logger.error({ err: error }, 'an inference of a stream failed');
    return failureOf(id, toStatus(error).message);
  };
  const begin = (request: inference.ModelInferRequest) => {
    const work = answer(request).then(
      (inferResponse) => ({ errorMessage: '', inferResponse }),
      (error: unknown) => failed(request, error),
    );
    const sent = last
      .then(() => work)
      .then((response) => stream.send(response))
      // The caller has left.
      .catch(() => {})
      .finally(() => unanswered.delete(sent));
    unanswered.add(sent);
    last = sent;
  };

  const drainBegins = Promise.withResolvers<void>();
  // The drain signal outlives the call: remove the listener with it.
  using _listener = addAbortListener(draining, () => drainBegins.resolve());
  let allSaid = false;
  const reading = (async () => {
    for await (const request of stream) {
      if (draining.aborted) return;
      begin(request);
      while (unanswered.size >= most) await Promise.race(unanswered);
    }
    allSaid = true;
  })();
  reading.catch(() => {});
  await Promise.race([reading, drainBegins.promise]);
  while (unanswered.size > 0 && !signal.aborted) await last;
  if (!allSaid) throw draining.reason;
}
