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
import { drawHops, type HopName } from './hop-spans.ts';
import { queueOf, type WorkerTimes } from './hops.ts';
import { auditSpanName, type LookSpan, type LookStart, RecordedLook } from './look-span.ts';

/** Name of the span that covers a whole inference, as the agent sees it. */
export const inferenceSpanName = 'weir.infer';

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
  /** Goes into the answer. */
  readonly context: Context;
  /** Records a failed attempt before another target is tried. */
  attemptFailed(attempt: { at: number; nodeId: string; tier: string; status: string }): void;
  /** Begins one look at the frame; whoever does ends it before the next, or the whole trace with it. */
  look(look: LookStart): LookSpan;
  /** Ends the trace of a frame that was answered. `facts` are called only if the trace is recorded. */
  answered(answer: { at: number; facts?: () => InferenceFacts }): void;
  /** Ends the trace of a frame that got no answer, and the look that was under way. `status` is a gRPC status name. */
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
  return new RecordedInference(recorder.tracer, root, trace.setSpan(parent, root));
}

/**
 * Begins the span of an audit, a trace of its own with a link to the frame whose answer is checked: that has ended, and
 * nobody waited for this. `frame`: its context. Recorded where the frame is.
 */
export function startAudit({ frame, at, facts }: { frame: Context } & Omit<LookStart, 'number'>): LookSpan {
  const checked = trace.getSpanContext(frame);
  if (!recorder || !checked || (checked.traceFlags & TraceFlags.SAMPLED) === 0) return unrecorded;
  const start = { name: auditSpanName, at, links: [{ context: checked }], ...(facts && { facts }) };
  return new RecordedLook(recorder.tracer, ROOT_CONTEXT, start);
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
  #look: LookSpan | undefined;

  constructor(tracer: Tracer, root: Span, context: Context) {
    this.#tracer = tracer;
    this.#root = root;
    this.context = context;
  }

  attemptFailed({ at, nodeId, tier, status }: Parameters<InferenceSpan['attemptFailed']>[0]): void {
    if (!this.#root.isRecording()) return;
    const facts = { ...attributesOf({ nodeId, tier }), [attribute.errorType]: status };
    this.#root.addEvent('attempt failed', facts, at);
  }

  look(look: LookStart): LookSpan {
    return (this.#look = new RecordedLook(this.#tracer, this.context, look));
  }

  answered({ at, facts }: Parameters<InferenceSpan['answered']>[0]): void {
    if (!this.#root.isRecording()) return;
    this.#root.setAttributes({ ...attributesOf(facts?.() ?? {}), [attribute.rpcStatus]: 'OK' });
    this.#root.end(at);
  }

  failed({ at, status, message, facts = {} }: Parameters<InferenceSpan['failed']>[0]): void {
    if (!this.#root.isRecording()) return;
    this.#look?.failed({ at, status });
    const outcome = { [attribute.errorType]: status, [attribute.rpcStatus]: status };
    this.#root.setAttributes({ ...attributesOf(facts), ...outcome });
    this.#root.setStatus({ code: SpanStatusCode.ERROR, message: message ?? status });
    this.#root.end(at);
  }
}

/** Stands in for the spans of a frame that is not recorded, and for those of its looks. */
const unrecorded: InferenceSpan & LookSpan = {
  context: ROOT_CONTEXT,
  attemptFailed() {},
  look() {
    return this;
  },
  answered() {},
  failed() {},
};
