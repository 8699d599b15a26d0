import { systemClock } from '@weir/base';
import { extractTraceContext, injectTraceContext } from '@weir/rpc';
import { hopNames, recordWorkerHops, startInference, startTracing } from '@weir/telemetry';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { durationsByName, startOtlpReceiver } from './support/otlp-receiver.ts';

const traceId = '0af7651916cd43dd8448eb211c80319c';
const callersSpanId = 'b7ad6b7169203331';
const tracedProcess = fileURLToPath(new URL('support/traced-process.ts', import.meta.url));

describe('traces over OTLP', () => {
  afterEach(() => vi.unstubAllEnvs());

  it('carry an inference from the caller over the agent to the worker and add up', async () => {
    await using receiver = await startOtlpReceiver();
    vi.stubEnv('OTEL_EXPORTER_OTLP_ENDPOINT', receiver.endpoint);
    vi.stubEnv('OTEL_RESOURCE_ATTRIBUTES', 'deployment.environment.name=test');
    {
      await using tracing = await startTracing({ service: 'device-agent', cell: 'cell-1', node: 'device-1' });
      expect(tracing.exporting).toBe(true);

      const at = systemClock.now();
      const fromCaller = { traceparent: `00-${traceId}-${callersSpanId}-01`, tracestate: 'vendor=x' };
      const inference = startInference({ parent: extractTraceContext(fromCaller), at });
      const look = inference.look({ number: 1, at });
      const toWorker = injectTraceContext(look.context);
      expect(toWorker.tracestate).toBe('vendor=x');
      recordWorkerHops({
        parent: extractTraceContext(toWorker),
        at: at - 60_000,
        times: { queueMs: 1, decodeMs: 2, computeMs: 30, workerMs: 34 },
        facts: { nodeId: 'edge-1', tier: 'edge', concurrency: 2 },
      });
      look.answered({
        at: at + 50,
        hops: { agentMs: 1, uplinkMs: 10, queueMs: 2, decodeMs: 2, computeMs: 30, downlinkMs: 5 },
        local: false,
      });
      inference.answered({
        at: at + 50,
        facts: () => ({ reason: 'planned', directiveVersion: 7, predictedMs: 48.5 }),
      });
    }

    // Disposing handed everything over: nothing is awaited here.
    const { spans } = receiver;
    const root = spans.find(({ name }) => name === 'weir.infer')!;
    expect(root.parentSpanId).toBe(callersSpanId);
    expect(root.attributes).toEqual({
      'weir.reason': 'planned',
      'weir.directive.version': 7,
      'weir.predicted_ms': 48.5,
      'rpc.system.name': 'grpc',
      'rpc.response.status_code': 'OK',
    });
    expect(root.resource).toMatchObject({
      'service.name': 'device-agent',
      'weir.cell.id': 'cell-1',
      'weir.node.id': 'device-1',
      'deployment.environment.name': 'test',
    });
    const look = spans.find(({ name }) => name === 'weir.look')!;
    expect(look).toMatchObject({ traceId, parentSpanId: root.spanId, attributes: { 'weir.look.number': 1 } });
    const hops = spans.filter((span) => span !== root && span !== look);
    expect(hops.map(({ name }) => name).sort()).toEqual([...hopNames].sort());
    for (const hop of hops) expect(hop).toMatchObject({ traceId, parentSpanId: look.spanId });
    const sum = Object.values(durationsByName(hops)).reduce((total, ms) => total + ms, 0);
    expect(sum).toBeCloseTo(root.durationMs, 2);
    expect(root.durationMs).toBeCloseTo(50, 2);
  });

  it.each([
    ['go to the endpoint', {}, 6, 'traced-process'],
    ['carry the name that OTEL_SERVICE_NAME gives', { OTEL_SERVICE_NAME: 'camera' }, 6, 'camera'],
    ['are left out by the sampler', { OTEL_TRACES_SAMPLER: 'always_off' }, 0, undefined],
    ['are not drawn without the SDK', { OTEL_SDK_DISABLED: 'true' }, 0, undefined],
    ['are not drawn without an exporter', { OTEL_TRACES_EXPORTER: 'none' }, 0, undefined],
  ])('%s (%o)', async (_, env, count, service) => {
    await using receiver = await startOtlpReceiver();
    const code = await runTraced({ OTEL_EXPORTER_OTLP_ENDPOINT: receiver.endpoint, ...env });
    expect(code).toBe(0);
    expect(receiver.spans).toHaveLength(count);
    expect(receiver.spans[0]?.resource['service.name']).toBe(service);
  });

  it('go by HTTP where the environment asks for that protocol', async () => {
    const bodies: string[] = [];
    const collector = createServer((request, response) => {
      let body = `${request.method} ${request.url} `;
      request.on('data', (chunk: Buffer) => (body += chunk.toString()));
      request.on('end', () => {
        bodies.push(body);
        response.setHeader('content-type', 'application/json').end('{}');
      });
    }).listen(0, '127.0.0.1');
    await once(collector, 'listening');
    const { port } = collector.address() as AddressInfo;
    const code = await runTraced({
      OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${port}`,
      OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
    });
    collector.close();
    expect(code).toBe(0);
    expect(bodies).toHaveLength(1);
    expect(bodies[0]).toMatch(/^POST \/v1\/traces .*"weir.infer"/);
  });

  it('do not hold up the end of a process whose collector is not there', async () => {
    const receiver = await startOtlpReceiver();
    await receiver[Symbol.asyncDispose]();
    // The exporter alone would try for longer than this test may take.
    const patience = { OTEL_EXPORTER_OTLP_TIMEOUT: '600000', OTEL_BSP_EXPORT_TIMEOUT: '600000' };
    expect(await runTraced({ OTEL_EXPORTER_OTLP_ENDPOINT: receiver.endpoint, ...patience })).toBe(0);
  });
});

async function runTraced(env: Record<string, string>): Promise<number | null> {
  const child = spawn(process.execPath, [tracedProcess], {
    env: { ...process.env, ...env },
    stdio: 'inherit',
  });
  const [code] = (await once(child, 'exit')) as [number | null];
  return code;
}
