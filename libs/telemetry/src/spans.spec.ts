import { type Context, ROOT_CONTEXT, SpanStatusCode, trace, TraceFlags } from '@opentelemetry/api';
import {
  InMemorySpanExporter,
  type ReadableSpan,
  SimpleSpanProcessor,
  TracerProvider,
} from '@opentelemetry/sdk-trace';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { InferenceFacts } from './attributes.ts';
import { type Hops, sumOfHops } from './hops.ts';
import { type InferenceSpan, recordWith, recordWorkerHops, startAudit, startInference } from './spans.ts';

const exporter = new InMemorySpanExporter();
const callersSpan = (traceFlags = TraceFlags.SAMPLED) => ({
  traceId: '0af7651916cd43dd8448eb211c80319c',
  spanId: 'b7ad6b7169203331',
  traceFlags,
  isRemote: true,
});
const callersContext = (traceFlags?: TraceFlags): Context =>
  trace.setSpanContext(ROOT_CONTEXT, callersSpan(traceFlags));

const at = 1_790_000_000_000;
const hops: Hops = { agentMs: 2, uplinkMs: 30, queueMs: 8, decodeMs: 3, computeMs: 50, downlinkMs: 10 };
const responseMs = sumOfHops(hops);
const millis = ([seconds, nanos]: readonly [number, number]) => seconds * 1_000 + nanos / 1e6;
const durationMs = (span: ReadableSpan) => millis(span.endTime) - millis(span.startTime);
const span = (name: string): ReadableSpan => {
  const found = exporter.getFinishedSpans().filter((candidate) => candidate.name === name);
  expect(found, name).toHaveLength(1);
  return found[0]!;
};
/** Draws a frame of one look. */
const answer = (
  inference: InferenceSpan,
  { local = false, of = hops, facts }: { local?: boolean; of?: Hops; facts?: () => InferenceFacts } = {},
) => {
  const end = at + sumOfHops(of);
  inference.look({ number: 1, at }).answered({ at: end, hops: of, local, ...(facts && { facts }) });
  inference.answered({ at: end, ...(facts && { facts }) });
};
const names = () => exporter.getFinishedSpans().map(({ name }) => name);

describe('spans of an inference, while nothing is exported', () => {
  it("pass the caller's context on unchanged", () => {
    const inference = startInference({ parent: callersContext(), at });
    expect(trace.getSpanContext(inference.context)).toEqual(callersSpan());
    expect(inference.look({ number: 1, at }).context).toBe(inference.context);
    answer(inference);
  });

  it('have no context where the caller gave none', () => {
    expect(startInference({ parent: ROOT_CONTEXT, at }).context).toBe(ROOT_CONTEXT);
  });
});

describe('spans of an inference', () => {
  beforeAll(() => {
    const provider = new TracerProvider({ spanProcessors: [new SimpleSpanProcessor({ exporter })] });
    const samples = (parent: Context) => trace.getSpanContext(parent)?.traceFlags !== TraceFlags.NONE;
    recordWith({ tracer: provider.getTracer('weir'), samples });
  });
  afterAll(() => recordWith(undefined));
  afterEach(() => exporter.reset());

  it.each(['answer', 'statistics'] as const)(
    "of a server's run, whose %s tells its times, add up in the order in which they came",
    (timesFrom) => {
      const look = startInference({ parent: callersContext(), at }).look({ number: 1, at });
      const server = { preparedMs: 3, timesFrom };
      look.answered({
        at: at + responseMs,
        hops,
        local: false,
        server,
        facts: () => ({ nodeId: 'cloud-1' }),
      });
      const ownSpans = ['queue', 'compute'];
      const order = ['agent', 'decode', 'uplink', ...ownSpans, 'downlink'];
      const drawn = timesFrom === 'answer' ? order.filter((name) => !ownSpans.includes(name)) : order;
      expect(names()).toEqual([...drawn, 'weir.look']);
      if (timesFrom === 'answer') return;
      const spans = order.map(span);
      for (const [index, hop] of spans.slice(1).entries())
        expect(millis(hop.startTime)).toBeCloseTo(millis(spans[index]!.endTime), 2);
      expect(spans.reduce((sum, hop) => sum + durationMs(hop), 0)).toBeCloseTo(responseMs, 2);
      expect(span('compute').attributes).toEqual({
        'weir.node.id': 'cloud-1',
        'weir.times_from': 'statistics',
      });
    },
  );

  it('of a remote run add up, agent and worker together, to the response time', () => {
    const inference = startInference({ parent: callersContext(), at, facts: { deviceId: 'device-1' } });
    // The worker's clock is an hour ahead.
    const { queueMs, decodeMs, computeMs } = hops;
    const look = inference.look({ number: 1, at });
    recordWorkerHops({
      parent: look.context,
      at: at + 3_600_000,
      times: { queueMs: 7, decodeMs, computeMs, workerMs: queueMs + decodeMs + computeMs },
      facts: { nodeId: 'edge-1', variant: 'v' },
    });
    look.answered({ at: at + responseMs, hops, local: false, facts: () => ({ margin: 0.4 }) });
    inference.answered({
      at: at + responseMs,
      facts: () => ({ reason: 'planned', predictedMs: 9, learner: '' }),
    });

    const root = span('weir.infer');
    expect(durationMs(root)).toBeCloseTo(responseMs, 2);
    expect(root.parentSpanContext?.spanId).toBe(callersSpan().spanId);
    expect(root.attributes).toEqual({
      'weir.device.id': 'device-1',
      'weir.reason': 'planned',
      'weir.predicted_ms': 9,
      'rpc.system.name': 'grpc',
      'rpc.response.status_code': 'OK',
    });
    const first = span('weir.look');
    expect(first.parentSpanContext?.spanId).toBe(root.spanContext().spanId);
    expect(first.attributes).toEqual({ 'weir.look.number': 1, 'weir.look.margin': 0.4 });
    expect(durationMs(first)).toBeCloseTo(responseMs, 2);
    const parts = ['agent', 'uplink', 'queue', 'decode', 'compute', 'downlink'].map(span);
    for (const part of parts) {
      expect(part.parentSpanContext?.spanId).toBe(first.spanContext().spanId);
      expect(part.spanContext().traceId).toBe(callersSpan().traceId);
    }
    expect(parts.reduce((sum, part) => sum + durationMs(part), 0)).toBeCloseTo(responseMs, 2);
    expect(span('queue').attributes).toEqual({ 'weir.node.id': 'edge-1', 'weir.variant': 'v' });
  });

  it('of a remote run lie in order: agent and uplink from the arrival on, downlink up to the answer', () => {
    answer(startInference({ parent: ROOT_CONTEXT, at }));
    expect(millis(span('agent').startTime)).toBeCloseTo(at, 2);
    expect(millis(span('uplink').startTime)).toBeCloseTo(at + 2, 2);
    expect(millis(span('downlink').endTime)).toBeCloseTo(at + responseMs, 2);
    expect(names()).not.toContain('compute');
  });

  it("of a worker end as its answer leaves, by the worker's clock", () => {
    recordWorkerHops({
      parent: callersContext(),
      at: at + 100,
      times: { queueMs: 8, decodeMs: 3, computeMs: 50, workerMs: 61 },
    });
    expect(millis(span('queue').startTime)).toBeCloseTo(at + 39, 2);
    expect(millis(span('decode').startTime)).toBeCloseTo(at + 47, 2);
    expect(millis(span('compute').endTime)).toBeCloseTo(at + 100, 2);
  });

  it('of a local run need no worker', () => {
    const local = { ...hops, uplinkMs: 0, downlinkMs: 0 };
    const facts = () => ({ variant: 'v', reason: 'planned' });
    answer(startInference({ parent: ROOT_CONTEXT, at }), { local: true, of: local, facts });
    expect(names()).toEqual(['agent', 'queue', 'decode', 'compute', 'weir.look', 'weir.infer']);
    expect(millis(span('compute').endTime)).toBeCloseTo(at + sumOfHops(local), 2);
    expect(span('compute').attributes).toEqual({ 'weir.variant': 'v' });
  });

  it('of a worker are not recorded for a message without a context', () => {
    const times = { queueMs: 1, decodeMs: 1, computeMs: 1, workerMs: 3 };
    recordWorkerHops({ parent: ROOT_CONTEXT, at, times });
    expect(names()).toEqual([]);
  });

  it("are not recorded when the caller's trace is not sampled, whose context goes on all the same", () => {
    const inference = startInference({ parent: callersContext(TraceFlags.NONE), at });
    const facts = () => expect.unreachable('nobody reads them');
    inference.look({ number: 1, at, facts }).failed({ at, status: 'UNAVAILABLE', facts });
    answer(inference, { local: true, facts });
    expect(trace.getSpanContext(inference.context)).toMatchObject({
      traceId: callersSpan().traceId,
      traceFlags: TraceFlags.NONE,
    });
    expect(names()).toEqual([]);
  });

  it('of a worker are not recorded where the agent has not sampled', () => {
    const times = { queueMs: 1, decodeMs: 1, computeMs: 1, workerMs: 3 };
    recordWorkerHops({ parent: callersContext(TraceFlags.NONE), at, times });
    expect(names()).toEqual([]);
  });

  it('tell what failed, and the failed attempts before', () => {
    const inference = startInference({ parent: ROOT_CONTEXT, at });
    inference.attemptFailed({ at: at + 5, nodeId: 'edge-1', tier: 'edge', status: 'UNAVAILABLE' });
    inference.failed({ at: at + 9, status: 'DEADLINE_EXCEEDED', message: 'too late' });
    const root = span('weir.infer');
    expect(root.status).toEqual({ code: SpanStatusCode.ERROR, message: 'too late' });
    expect(root.attributes).toEqual({
      'error.type': 'DEADLINE_EXCEEDED',
      'rpc.system.name': 'grpc',
      'rpc.response.status_code': 'DEADLINE_EXCEEDED',
    });
    expect(root.events).toMatchObject([
      {
        name: 'attempt failed',
        attributes: { 'weir.node.id': 'edge-1', 'weir.tier': 'edge', 'error.type': 'UNAVAILABLE' },
      },
    ]);
    expect(durationMs(root)).toBeCloseTo(9, 2);
  });

  it('tell the looks at a frame apart, and why there is a second', () => {
    const inference = startInference({ parent: ROOT_CONTEXT, at });
    const local = { ...hops, uplinkMs: 0, downlinkMs: 0 };
    const againAt = at + sumOfHops(local);
    inference.look({ number: 1, at }).answered({ at: againAt, hops: local, local: true });
    const facts = () => ({ firstMargin: 0.1, lookAgainBelow: 0.3, reason: 'unsure' });
    const failing = inference.look({ number: 2, at: againAt, facts });
    failing.failed({ at: againAt + 5, status: 'UNAVAILABLE', facts: () => ({ nodeId: 'edge-1' }) });
    const again = inference.look({ number: 2, at: againAt + 5, facts });
    again.answered({ at: againAt + 5 + responseMs, hops, local: false, facts: () => ({ agreed: false }) });
    inference.answered({ at: againAt + 5 + responseMs });
    const looks = exporter.getFinishedSpans().filter(({ name }) => name === 'weir.look');
    const why = {
      'weir.look.number': 2,
      'weir.look.first_margin': 0.1,
      'weir.look.again_below': 0.3,
      'weir.reason': 'unsure',
    };
    expect(looks.map(({ attributes }) => attributes)).toEqual([
      { 'weir.look.number': 1 },
      { ...why, 'weir.node.id': 'edge-1', 'error.type': 'UNAVAILABLE' },
      { ...why, 'weir.look.agreed': false },
    ]);
    expect(looks.map(({ status }) => status.code)).toEqual([
      SpanStatusCode.UNSET,
      SpanStatusCode.ERROR,
      SpanStatusCode.UNSET,
    ]);
    const looksMs = looks.reduce((sum, look) => sum + durationMs(look), 0);
    expect(durationMs(span('weir.infer'))).toBeCloseTo(looksMs, 2);
    const parents = exporter.getFinishedSpans().filter(({ name }) => name === 'agent');
    expect(parents.map(({ parentSpanContext }) => parentSpanContext?.spanId)).toEqual(
      [looks[0]!, looks[2]!].map((look) => look.spanContext().spanId),
    );
  });

  it('of an audit are a trace of its own, linked to the frame whose answer it checks', () => {
    const inference = startInference({ parent: ROOT_CONTEXT, at });
    answer(inference);
    const frame = span('weir.infer').spanContext();
    exporter.reset();
    const facts = () => ({ reason: 'audit', firstMargin: 0.6 });
    const audit = startAudit({ frame: inference.context, at: at + 1_000, facts });
    const answered = { at: at + 1_000 + responseMs, hops, local: false, facts: () => ({ agreed: true }) };
    audit.answered(answered);
    const own = span('weir.audit');
    expect(own.links.map(({ context }) => context.spanId)).toEqual([frame.spanId]);
    expect(own.parentSpanContext).toBeUndefined();
    expect(own.spanContext().traceId).not.toBe(frame.traceId);
    expect(trace.getSpanContext(audit.context)?.spanId).toBe(own.spanContext().spanId);
    expect(own.attributes).toEqual({
      'weir.reason': 'audit',
      'weir.look.first_margin': 0.6,
      'weir.look.agreed': true,
    });
    expect(durationMs(own)).toBeCloseTo(responseMs, 2);
    expect(names()).toEqual(['agent', 'uplink', 'downlink', 'weir.audit']);
  });

  it('of an audit are recorded only where the frame is', () => {
    const inference = startInference({ parent: callersContext(TraceFlags.NONE), at });
    const facts = () => expect.unreachable('nobody reads them');
    const audit = startAudit({ frame: inference.context, at, facts });
    audit.failed({ at, status: 'UNAVAILABLE', facts });
    expect(audit.context).toBe(ROOT_CONTEXT);
    expect(names()).toEqual([]);
  });

  it('end once, together with the look that was under way', () => {
    const inference = startInference({ parent: ROOT_CONTEXT, at });
    const look = inference.look({ number: 1, at });
    inference.failed({ at: at + 1, status: 'CANCELLED' });
    look.answered({ at: at + 2, hops, local: true });
    inference.answered({ at: at + 2 });
    expect(names()).toEqual(['weir.look', 'weir.infer']);
    expect(span('weir.look').attributes).toEqual({ 'weir.look.number': 1, 'error.type': 'CANCELLED' });
  });
});
