import { type Context, type Link, type Span, SpanStatusCode, type Tracer, trace } from '@opentelemetry/api';
import { attribute, attributesOf, type InferenceFacts } from './attributes.ts';
import { drawHops, type HopName } from './hop-spans.ts';
import type { Hops } from './hops.ts';

/** Name of the span of one look at a frame, below `weir.infer`. */
export const lookSpanName = 'weir.look';

/** Name of the span of an audit, outside `weir.infer`. */
export const auditSpanName = 'weir.audit';

/** One look's part of the trace on the agent. Times `at` are ms since the epoch by the agent's clock. */
export interface LookSpan {
  /** Goes into the message to the worker, whose spans become children of this one. */
  readonly context: Context;
  /**
   * Ends it: `hops` add up to its time. Network hops are recorded here, the worker's by the worker; a `local` run has no
   * worker, so its queue, decode and compute are recorded here too. `facts` are called only if the trace is recorded.
   */
  answered(answer: {
    at: number;
    hops: Hops;
    local: boolean;
    server?: ServersPart | undefined;
    facts?: () => InferenceFacts;
  }): void;
  /** Ends it without an answer. `status` is a gRPC status name. */
  failed(failure: { at: number; status: string; facts?: () => InferenceFacts }): void;
}

/** Of an answer by a server that is no worker of Weir's. */
export interface ServersPart {
  /** Part of the decoding that happened here, before the input was sent, ms. */
  readonly preparedMs: number;
  /** Where not by the answer itself, the server records no spans: its queue and compute are recorded here. */
  readonly timesFrom: 'answer' | 'statistics' | 'client';
}

/** What a look begins with. */
export interface LookStart {
  /** 1 is the first. */
  readonly number: number;
  readonly at: number;
  readonly facts?: () => InferenceFacts;
}

/** A look within an inference has a number, one that stands alone a name and links. */
interface RecordedStart extends Omit<LookStart, 'number'> {
  readonly number?: number;
  readonly name?: string;
  readonly links?: Link[];
}

export class RecordedLook implements LookSpan {
  readonly context: Context;
  readonly #tracer: Tracer;
  readonly #span: Span;
  readonly #startedAt: number;

  /** `parent`: the context of the whole inference; the root's where it stands alone. */
  constructor(
    tracer: Tracer,
    parent: Context,
    { name = lookSpanName, number, at, links, facts }: RecordedStart,
  ) {
    this.#tracer = tracer;
    this.#startedAt = at;
    const attributes = {
      ...(number !== undefined && { [attribute.lookNumber]: number }),
      ...attributesOf(facts?.() ?? {}),
    };
    this.#span = tracer.startSpan(name, { startTime: at, attributes, ...(links && { links }) }, parent);
    this.context = trace.setSpan(parent, this.#span);
  }

  answered({ at, hops, local, server, facts: asked }: Parameters<LookSpan['answered']>[0]): void {
    if (!this.#span.isRecording()) return;
    const { context } = this;
    const facts = asked?.() ?? {};
    const { tier, nodeId, variant, energyJ, concurrency } = facts;
    const remoteFrom = this.#startedAt + hops.agentMs;
    const ofNode = { tier, nodeId, variant, energyJ, concurrency };
    drawHops(this.#tracer, [['agent', hops.agentMs]], { context, from: this.#startedAt });
    if (server) {
      this.#drawServer(hops, server, { from: remoteFrom, to: at, facts: ofNode });
    } else if (local) {
      const here: [HopName, number][] = [
        ['queue', hops.queueMs],
        ['decode', hops.decodeMs],
        ['compute', hops.computeMs],
      ];
      drawHops(this.#tracer, here, { context, from: remoteFrom, facts: ofNode });
    } else {
      drawHops(this.#tracer, [['uplink', hops.uplinkMs]], { context, from: remoteFrom });
      drawHops(this.#tracer, [['downlink', hops.downlinkMs]], { context, from: at - hops.downlinkMs });
    }
    this.#span.setAttributes(attributesOf(facts));
    this.#span.end(at);
  }

  #drawServer(
    { uplinkMs, queueMs, computeMs, downlinkMs }: Hops,
    { preparedMs, timesFrom }: ServersPart,
    { from, to, facts }: { from: number; to: number; facts: InferenceFacts },
  ): void {
    const { context } = this;
    const way: [HopName, number][] = [
      ['decode', preparedMs],
      ['uplink', uplinkMs],
    ];
    drawHops(this.#tracer, way, { context, from });
    if (timesFrom !== 'answer') {
      const there: [HopName, number][] = [
        ['queue', queueMs],
        ['compute', computeMs],
      ];
      const serverFrom = from + preparedMs + uplinkMs;
      drawHops(this.#tracer, there, { context, from: serverFrom, facts: { ...facts, timesFrom } });
    }
    drawHops(this.#tracer, [['downlink', downlinkMs]], { context, from: to - downlinkMs });
  }

  failed({ at, status, facts }: Parameters<LookSpan['failed']>[0]): void {
    if (!this.#span.isRecording()) return;
    this.#span.setAttributes({ ...attributesOf(facts?.() ?? {}), [attribute.errorType]: status });
    this.#span.setStatus({ code: SpanStatusCode.ERROR, message: status });
    this.#span.end(at);
  }
}
