import { type Clock, type Logger, Unavailable } from '@weir/base';
import type { worker } from '@weir/proto';
import { bidi, unary } from '@weir/rpc';
import type { WorkerNode } from './node.ts';
import { serveStream } from './stream-session.ts';

export interface ServiceOptions {
  /** The node, once its models are warm; undefined before. */
  readonly node: () => WorkerNode | undefined;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Work that one stream may have unanswered before nothing more is read from it. */
  readonly maxUnanswered: number;
}

const loadPeriodMs = { busy: 200, idle: 1_000 };

export function inferenceWorkerService(options: ServiceOptions): worker.InferenceWorkerServer {
  const { clock, logger, maxUnanswered } = options;
  const warmNode = () => {
    const node = options.node();
    if (!node) throw new Unavailable('the models are not warm yet', { reason: 'WARMING_UP' });
    return node;
  };
  return {
    streamInfer: bidi((stream, context) =>
      serveStream(stream, context, { node: warmNode(), clock, logger, loadPeriodMs, maxUnanswered }),
    ),
    infer: unary((request, { deadlineAt, signal, caller, traceContext }) =>
      warmNode().infer(request, {
        arrivedAt: clock.now(),
        deadlineAt,
        signal,
        caller: caller.id,
        traceContext,
      }),
    ),
    listVariants: unary(() => warmNode().variants()),
  };
}
