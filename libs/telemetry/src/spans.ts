import {
  type Context,
  ROOT_CONTEXT,
  type Span,
  SpanKind,
  SpanStatusCode,
  trace,
  TraceFlags,
  type Tracer,
} from '@opentelemetry/api';
import { attribute, attributesOf, type InferenceFacts } from './attributes.ts';
import { type Hops, queueOf, type WorkerTimes } from './hops.ts';

/** Name of the span that covers a whole inference, as the agent sees it. */
export const inferenceSpanName = 'weir.infer';
/** Names of the spans below it, one a hop, in the order in which a frame meets them. */
export const hopNames = ['agent', 'uplink', 'queue', 'decode', 'compute', 'downlink'] as const;
export type HopName = (typeof hopNames)[number];

/** Records the spans. */
export interface Recorder {
  readonly tracer: Tracer;
  /** Decides about a frame before anything is allocated for it; `tracer` decides the same right afterwards. */
  samples(parent: Context): boolean;
}

/** Undefined while tracing is off. */
let recorder: Recorder | undefined;

/** Records spans from now on; undefined turns recording off. */
export function recordWith(next: Recorder | undefined): void {
  recorder = next;
}

/** One inference's trace on the agent. All times `at` are ms since the epoch by the agent's clock. */
export interface InferenceSpan {
  /** Goes into the message to the worker and into the answer; their spans become children of this one. */
  readonly context: Context;
  /** Records a failed attempt before another target is tried. */
  attemptFailed(attempt: { at: number; nodeId: string; tier: string; status: string }): void;
  /**
   * Ends the trace: `hops` add up to the response time. Network hops are recorded here, the worker's by
   * the worker; a `local` run has no worker, so its queue, decode and compute are recorded here too. `facts` are called
   * only if the trace is recorded.
   */
  answered(answer: { at: number; hops: Hops; local: boolean; facts?: () => InferenceFacts }): void;
  /** Ends the trace of a frame that got no answer. `status` is a gRPC status name. */
  failed(failure: { at: number; status: string; message?: string; facts?: InferenceFacts }): void;
}

/**
 * Begins the trace of one inference at its arrival, as a child of the caller's span if there is one. Its
 * context exists at once, so that it can travel to the worker before any time is known. When the frame is not sampled,
 * or tracing is off, the caller's context is passed on unchanged and nothing is allocated.
 */
export function startInference({
  parent,
  at,
  facts = {},
}: {
  parent: Context;
  at: number;
  facts?: InferenceFacts;
}): InferenceSpan {
  if (!recorder?.samples(parent))
    return parent === ROOT_CONTEXT ? unrecorded : { ...unrecorded, context: parent };
  const root = recorder.tracer.startSpan(inferenceSpanName, { kind: SpanKind.SERVER, startTime: at }, parent);
  root.setAttributes({ [attribute.rpcSystem]: 'grpc', ...attributesOf(facts) });
  return new RecordedInference(recorder.tracer, root, trace.setSpan(parent, root), at);
}

/**
 * Records a worker's part of a trace below the context that came with the message. `at` is when the answer left, ms since
 * the epoch by the worker's clock; the spans end there and follow one another.
 */
export function recordWorkerHops({
  parent,
  at,
  times,
  facts = {},
}: {
  parent: Context;
  at: number;
  times: WorkerTimes;
  facts?: InferenceFacts;
}): void {
  // A worker never begins a trace of its own: the hops need the agent's span as their parent.
  if (!recorder || parent === ROOT_CONTEXT) return;
  const span = trace.getSpanContext(parent);
  // Not sampled by the agent: not recorded here either.
  if (!span || (span.traceFlags & TraceFlags.SAMPLED) === 0) return;
  const hops: [HopName, number][] = [
    ['queue', queueOf(times)],
    ['decode', times.decodeMs],
    ['compute', times.computeMs],
  ];
  drawHops(recorder.tracer, hops, {
    context: parent,
    from: at - hops.reduce((sum, [, ms]) => sum + ms, 0),
    facts,
  });
}

class RecordedInference implements InferenceSpan {
  readonly context: Context;
  readonly #tracer: Tracer;
  readonly #root: Span;
  readonly #startedAt: number;

  constructor(tracer: Tracer, root: Span, context: Context, startedAt: number) {
    this.#tracer = tracer;
    this.#root = root;
    this.context = context;
    this.#startedAt = startedAt;
  }

  attemptFailed({ at, nodeId, tier, status }: Parameters<InferenceSpan['attemptFailed']>[0]): void {
    if (!this.#root.isRecording()) return;
    const facts = { ...attributesOf({ nodeId, tier }), [attribute.errorType]: status };
    this.#root.addEvent('attempt failed', facts, at);
  }

  answered({ at, hops, local, facts: asked }: Parameters<InferenceSpan['answered']>[0]): void {
    if (!this.#root.isRecording()) return;
    const { context } = this;
    const facts = asked?.() ?? {};
    const remoteFrom = this.#startedAt + hops.agentMs;
    drawHops(this.#tracer, [['agent', hops.agentMs]], { context, from: this.#startedAt });
    if (local) {
      const here: [HopName, number][] = [
        ['queue', hops.queueMs],
        ['decode', hops.decodeMs],
        ['compute', hops.computeMs],
      ];
      drawHops(this.#tracer, here, { context, from: remoteFrom, facts });
    } else {
      drawHops(this.#tracer, [['uplink', hops.uplinkMs]], { context, from: remoteFrom });
      drawHops(this.#tracer, [['downlink', hops.downlinkMs]], { context, from: at - hops.downlinkMs });
    }
    this.#root.setAttributes({ ...attributesOf(facts), [attribute.rpcStatus]: 'OK' });
    this.#root.end(at);
  }

  failed({ at, status, message, facts = {} }: Parameters<InferenceSpan['failed']>[0]): void {
    if (!this.#root.isRecording()) return;
    const outcome = { [attribute.errorType]: status, [attribute.rpcStatus]: status };
    this.#root.setAttributes({ ...attributesOf(facts), ...outcome });
    this.#root.setStatus({ code: SpanStatusCode.ERROR, message: message ?? status });
    this.#root.end(at);
  }
}

const unrecorded: InferenceSpan = { context: ROOT_CONTEXT, attemptFailed() {}, answered() {}, failed() {} };

/** Hops one after the other, from `from` on, ms since the epoch. */
function drawHops(
  tracer: Tracer,
  hops: readonly (readonly [HopName, number])[],
  { context, from, facts }: { context: Context; from: number; facts?: InferenceFacts },
): void {
  let at = from;
  const attributes = facts ? attributesOf(facts) : {};
  for (const [name, durationMs] of hops) {
    const span = tracer.startSpan(name, { startTime: at, attributes }, context);
    at += durationMs;
    span.end(at);
  }
}
