import { silentLogger, systemClock } from '@weir/base';
import { type AgentClient, connectAgent, describeCell, type RunningCell, startCell } from '@weir/cell';
import { agent, common } from '@weir/proto';
import { callUnary, connect } from '@weir/rpc';
import { type HopName, hopNames } from '@weir/telemetry';
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import {
  durationsByName,
  type OtlpReceiver,
  type ReceivedSpan,
  startOtlpReceiver,
} from './support/otlp-receiver.ts';
import { plannedAtTheEdge } from './support/planned-at-the-edge.ts';
import { fewVariants } from './support/small-cell.ts';

const image = readFileSync(new URL('../libs/inference/models/samples/scene-0000.png', import.meta.url));
const remoteSpans = ['weir.infer', 'weir.look', ...hopNames];
const localSpans = ['weir.infer', 'weir.look', 'agent', 'queue', 'decode', 'compute'];

/** Real processes of a whole cell, exporting to a real OTLP receiver. */
describe('traces of a living cell', () => {
  let receiver: OtlpReceiver;
  let cell: RunningCell;
  let device: AgentClient;

  beforeAll(async () => {
    receiver = await startOtlpReceiver();
    vi.stubEnv('OTEL_EXPORTER_OTLP_ENDPOINT', receiver.endpoint);
    vi.stubEnv('OTEL_BSP_SCHEDULE_DELAY', '100');
    const description = describeCell({
      learner: 'edge-only',
      nodes: [{ id: 'edge-1', tier: 'edge', slots: 2, dilationFactor: 0, variants: fewVariants }],
      devices: [{ id: 'device-1', dilationFactor: 0, variants: fewVariants }],
    });
    cell = await startCell(description, { logger: silentLogger });
    device = connectAgent(cell.devices[0]!.address);
    await plannedAtTheEdge(device);
    await setAllowedTiers([common.Tier.EDGE]);
  });

  afterAll(async () => {
    await device?.[Symbol.asyncDispose]();
    await cell?.[Symbol.asyncDispose]();
    await receiver?.[Symbol.asyncDispose]();
    vi.unstubAllEnvs();
  });

  async function setAllowedTiers(allowedTiers: common.Tier[]): Promise<void> {
    await using connection = connect(cell.devices[0]!.address);
    const client = connection.client(agent.DeviceAgentClient);
    const options = { timeoutMs: 5_000 };
    const { objective } = await callUnary(client, client.getObjective, {}, options);
    await callUnary(client, client.setObjective, { objective: { ...objective!, allowedTiers } }, options);
  }

  /** One frame as a caller with a trace of its own sends it, and the spans that it caused. */
  async function traced(expected: readonly string[]) {
    const [traceId, callersSpanId] = [randomBytes(16).toString('hex'), randomBytes(8).toString('hex')];
    const sentAt = systemClock.now();
    const answer = await device.infer({ image, traceparent: `00-${traceId}-${callersSpanId}-01` });
    const callersMs = systemClock.now() - sentAt;
    const ofTrace = (all: readonly ReceivedSpan[]) => all.filter((span) => span.traceId === traceId);
    const spans = ofTrace(await receiver.until((all) => ofTrace(all).length >= expected.length));
    const root = spans.find(({ name }) => name === 'weir.infer')!;
    const look = spans.find(({ name }) => name === 'weir.look')!;
    const hops = spans.filter((span) => span !== root && span !== look);
    return { answer, callersMs, callersSpanId, spans, root, look, hops };
  }

  it('hold every hop of a remote inference under one trace id, across agent and worker', async () => {
    for (let frame = 0; frame < 3; frame++) {
      const { answer, spans, root, look, hops, callersSpanId } = await traced(remoteSpans);
      expect(answer.placement?.nodeId).toBe('edge-1');
      expect(spans.map(({ name }) => name).sort()).toEqual([...remoteSpans].sort());
      expect(root.parentSpanId).toBe(callersSpanId);
      expect(look.parentSpanId).toBe(root.spanId);
      for (const hop of hops) expect(hop.parentSpanId).toBe(look.spanId);
      const processOf = (name: HopName) => hops.find((hop) => hop.name === name)!.resource['service.name'];
      for (const name of ['agent', 'uplink', 'downlink'] as const)
        expect(processOf(name)).toBe('device-agent');
      for (const name of ['queue', 'decode', 'compute'] as const)
        expect(processOf(name)).toBe('inference-worker');
    }
  });

  it('add up to the response time within 5 %, and so do the hops of the answer', async () => {
    for (let frame = 0; frame < 3; frame++) {
      const { answer, root, hops, callersMs } = await traced(remoteSpans);
      const { responseMs } = answer;
      expect(Math.abs(root.durationMs - responseMs)).toBeLessThan(0.05 * responseMs);
      expect(Math.abs(sum(durationsByName(hops)) - responseMs)).toBeLessThan(0.05 * responseMs);
      expect(Math.abs(sum(answer.hops!) - responseMs)).toBeLessThan(0.05 * responseMs);
      expect(responseMs).toBeLessThanOrEqual(callersMs);
      // The link of the profile takes its time both ways; computing takes some too.
      for (const name of hopNames.filter((hop) => hop !== 'agent' && hop !== 'queue'))
        expect(durationsByName(hops)[name], name).toBeGreaterThan(0.1);
    }
  });

  it('say what was chosen and why', async () => {
    const { answer, root } = await traced(remoteSpans);
    expect(root.attributes).toMatchObject({
      'weir.device.id': 'device-1',
      'weir.tier': 'edge',
      'weir.node.id': 'edge-1',
      'weir.variant': answer.placement!.variant,
      'weir.directive.version': Number(answer.decision!.directiveVersion),
      'weir.predicted_ms': answer.decision!.predictedMs,
      'weir.response_ms': answer.responseMs,
    });
    expect(root.resource).toMatchObject({ 'weir.cell.id': 'cell-1', 'weir.node.id': 'device-1' });
  });

  it('begin with the agent where the caller has none', async () => {
    const { trace } = await device.infer({ image });
    const traceId = trace!.traceparent.split('-')[1]!;
    const spans = await receiver.until(
      (all) => all.filter((span) => span.traceId === traceId).length >= remoteSpans.length,
    );
    const root = spans.find((span) => span.traceId === traceId && span.name === 'weir.infer')!;
    expect(root.parentSpanId).toBe('');
    expect(trace!.traceparent).toBe(`00-${traceId}-${root.spanId}-01`);
  });

  it('hold the hops of an inference on the device itself, which add up as well', async () => {
    await setAllowedTiers([common.Tier.DEVICE]);
    const { answer, spans, hops } = await traced(localSpans);
    expect(answer.placement?.tier).toBe(common.Tier.DEVICE);
    expect(spans.map(({ name }) => name).sort()).toEqual([...localSpans].sort());
    expect(new Set(spans.map(({ resource }) => resource['service.name']))).toEqual(new Set(['device-agent']));
    const { responseMs } = answer;
    expect(Math.abs(sum(durationsByName(hops)) - responseMs)).toBeLessThan(0.05 * responseMs);
  });
});

const sum = (parts: object) =>
  Object.values(parts as Record<string, number>).reduce((total, ms) => total + ms, 0);
