import { silentLogger } from '@weir/base';
import { connectAgent, describeCell, type RunningCell, startCell } from '@weir/cell';
import { agent, common } from '@weir/proto';
import { callUnary, connect } from '@weir/rpc';
import { hopNames } from '@weir/telemetry';
import { spawn, spawnSync } from 'node:child_process';
import { randomBytes, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { plannedAtTheEdge } from '../support/planned-at-the-edge.ts';
import { eventually } from './support/eventually.ts';
import { type Jaeger, type JaegerSpan, startCollector, startJaeger } from './support/jaeger.ts';

const binary = process.env.WEIR_JAEGER;
const python = process.env.WEIR_PYTHON;
const samples = fileURLToPath(new URL('../../libs/inference/models/samples/', import.meta.url));
const pathOf = (file: string) => fileURLToPath(new URL(file, import.meta.url));
const spanNames = ['weir.infer', 'weir.look', ...hopNames].sort();
const rootOf = (spans: readonly JaegerSpan[]) =>
  spans.find(({ operationName }) => operationName === 'weir.infer')!;

describe.skipIf(!binary)('traces in Jaeger', () => {
  let jaeger: Jaeger;
  let cell: RunningCell;

  beforeAll(async () => {
    jaeger = await startJaeger(binary!);
    vi.stubEnv('OTEL_EXPORTER_OTLP_ENDPOINT', jaeger.endpoint);
    vi.stubEnv('OTEL_BSP_SCHEDULE_DELAY', '100');
    const description = describeCell({
      learner: 'edge-only',
      nodes: [{ id: 'edge-1', tier: 'edge', slots: 2, dilationFactor: 0 }],
      devices: [{ id: 'device-1', dilationFactor: 0 }],
    });
    cell = await startCell(description, { logger: silentLogger });
    await using device = connectAgent(cell.devices[0]!.address);
    await plannedAtTheEdge(device);
    await onlyAtTheEdge();
  }, 180_000);

  afterAll(async () => {
    await cell?.[Symbol.asyncDispose]();
    await jaeger?.[Symbol.asyncDispose]();
    vi.unstubAllEnvs();
  });

  async function onlyAtTheEdge(): Promise<void> {
    await using connection = connect(cell.devices[0]!.address);
    const client = connection.client(agent.DeviceAgentClient);
    const { objective } = await callUnary(client, client.getObjective, {}, { timeoutMs: 5_000 });
    const asked = { ...objective!, allowedTiers: [common.Tier.EDGE] };
    await callUnary(client, client.setObjective, { objective: asked }, { timeoutMs: 5_000 });
  }

  /** One frame by the unary RPC, under an id of the caller's choice. */
  async function infer(requestId: string, encodedImage: Buffer): Promise<agent.InferResponse> {
    await using connection = connect(cell.devices[0]!.address);
    const client = connection.client(agent.DeviceAgentClient);
    const request = {
      requestId,
      input: { content: { $case: 'encodedImage' as const, value: encodedImage } },
      timeoutMs: 10_000,
      trace: undefined,
      wantOutputs: false,
    };
    return await callUnary(client, client.infer, request, { timeoutMs: 10_000 });
  }

  /** The one trace of a request, by its id. */
  const traceOfRequest = (requestId: string, spans: number) =>
    eventually(`a trace of request ${requestId}`, async () => {
      const traces = await jaeger.find('device-agent', { 'weir.request.id': requestId });
      expect(traces.length).toBeLessThanOrEqual(1);
      return traces[0] && traces[0].length >= spans ? traces[0] : undefined;
    });

  it('are found by the id of the request, and hold its hops across processes and tiers', async () => {
    const requestId = `request-${randomUUID()}`;
    const answer = await infer(requestId, readFileSync(`${samples}scene-0000.png`));
    const spans = await traceOfRequest(requestId, spanNames.length);
    expect(spans.map(({ operationName }) => operationName).sort()).toEqual(spanNames);
    const root = rootOf(spans);
    expect(root.references).toEqual([]);
    const look = spans.find(({ operationName }) => operationName === 'weir.look')!;
    const hops = spans.filter((span) => span !== root && span !== look);
    expect(look.references).toMatchObject([{ refType: 'CHILD_OF', spanID: root.spanID }]);
    for (const hop of hops)
      expect(hop.references).toMatchObject([{ refType: 'CHILD_OF', spanID: look.spanID }]);
    const services = new Map(spans.map(({ operationName, service }) => [operationName, service]));
    for (const name of ['weir.infer', 'weir.look', 'agent', 'uplink', 'downlink'])
      expect(services.get(name)).toBe('device-agent');
    for (const name of ['queue', 'decode', 'compute']) expect(services.get(name)).toBe('inference-worker');
    const sumMs = hops.reduce((sum, { duration }) => sum + duration / 1_000, 0);
    expect(Math.abs(sumMs - answer.responseMs)).toBeLessThan(0.05 * answer.responseMs);
    expect(Math.abs(root.duration / 1_000 - answer.responseMs)).toBeLessThan(0.05 * answer.responseMs);
  });

  it('say why: reason, prediction against the actual time, floor, and the RPC', async () => {
    const requestId = `request-${randomUUID()}`;
    const { decision, responseMs, expectedAccuracy, placement } = await infer(
      requestId,
      readFileSync(`${samples}scene-0001.png`),
    );
    const root = rootOf(await traceOfRequest(requestId, spanNames.length));
    expect(root.tags).toMatchObject({
      'span.kind': 'server',
      'rpc.system.name': 'grpc',
      'rpc.method': 'weir.agent.v1.DeviceAgent/Infer',
      'rpc.response.status_code': 'OK',
      'weir.device.id': 'device-1',
      'weir.node.id': 'edge-1',
      'weir.tier': 'edge',
      'weir.variant': placement!.variant,
      'weir.directive.version': Number(decision!.directiveVersion),
      'weir.decision': 'exploited',
      'weir.propensity': expect.any(Number) as number,
      'weir.lease_expired': decision!.leaseExpired,
      'weir.predicted_ms': decision!.predictedMs,
      'weir.response_ms': responseMs,
      'weir.accuracy.expected': expectedAccuracy,
      'weir.accuracy.floor': 0,
      'weir.floor.slack': expectedAccuracy,
    });
    expect(root.tags['weir.prediction_error_ms']).toBeCloseTo(responseMs - decision!.predictedMs, 6);
    expect(root.process).toMatchObject({ 'weir.cell.id': 'cell-1', 'weir.node.id': 'device-1' });
  });

  it('show a request that failed as an error', async () => {
    const requestId = `request-${randomUUID()}`;
    await expect(infer(requestId, Buffer.from('not a picture'))).rejects.toThrow();
    const root = rootOf(await traceOfRequest(requestId, 1));
    expect(root.tags).toMatchObject({
      error: true,
      'error.type': 'INVALID_ARGUMENT',
      'rpc.response.status_code': 'INVALID_ARGUMENT',
    });
  });

  it.skipIf(!python)('of the Python client continue its own', async () => {
    const [traceId, spanId] = [randomBytes(16).toString('hex'), randomBytes(8).toString('hex')];
    const client = pathOf('../../clients/python/client.py');
    const traceparent = `00-${traceId}-${spanId}-01`;
    const { status, stderr } = spawnSync(
      python!,
      [client, cell.devices[0]!.address, `${samples}scene-0002.png`, '--traceparent', traceparent],
      { encoding: 'utf8', env: { ...process.env, PYTHONDONTWRITEBYTECODE: '1' } },
    );
    expect(stderr).toBe('');
    expect(status).toBe(0);
    const spans = await jaeger.traceOf(traceId, spanNames.length);
    expect(spans.map(({ operationName }) => operationName).sort()).toEqual(spanNames);
    const root = rootOf(spans);
    expect(root.references).toEqual([expect.objectContaining({ traceID: traceId, spanID: spanId })]);
    expect(root.tags).toMatchObject({
      'weir.request.id': 'scene-0002.png',
      'rpc.method': 'weir.agent.v1.DeviceAgent/StreamInfer',
    });
  });

  it('are kept by the collector where they are errors, slow or turned elsewhere', async () => {
    await using collector = await startCollector(binary!, {
      to: jaeger,
      env: { WEIR_DECISION_WAIT: '1s', WEIR_SLOW_MS: '500', WEIR_SAMPLED_PERCENT: '0' },
    });
    const [fast, slow, fallback, failed] = Array.from({ length: 4 }, () => randomBytes(16).toString('hex'));
    const emitting = spawn(
      process.execPath,
      [
        pathOf('support/emit-traces.ts'),
        `${fast}=fast`,
        `${slow}=slow`,
        `${fallback}=fallback`,
        `${failed}=failed`,
      ],
      { env: { ...process.env, OTEL_EXPORTER_OTLP_ENDPOINT: collector.endpoint }, stdio: 'inherit' },
    );
    expect(await once(emitting, 'exit')).toEqual([0, null]);
    expect(await jaeger.traceOf(slow!, 6)).toHaveLength(6);
    expect(await jaeger.traceOf(fallback!, 6)).toHaveLength(6);
    expect(await jaeger.traceOf(failed!, 1)).toHaveLength(1);
    // It came first, with the others, and so was decided about no later than they.
    expect(await jaeger.trace(fast!)).toEqual([]);
  });
});
