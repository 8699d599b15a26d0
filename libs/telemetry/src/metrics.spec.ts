import { Unavailable } from '@weir/base';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { secondsBuckets, startMetrics } from './metrics.ts';

const loaded = vi.hoisted(() => vi.fn());
vi.mock('./metrics-sdk.ts', async (original) => {
  loaded();
  return original();
});

const scrape = async (address: string | undefined, path = '/metrics', method = 'GET') => {
  const response = await fetch(`http://${address}${path}`, { method });
  return { status: response.status, text: await response.text() };
};

afterEach(() => vi.unstubAllEnvs());

describe('startMetrics', () => {
  // First, while nothing has asked for the SDK yet.
  it('loads no SDK without an exporter; instruments then do nothing', async () => {
    await using metrics = await startMetrics({ service: 's', env: {} });
    expect(metrics.address).toBeUndefined();
    metrics.meter.createCounter('weir.frames').add(1);
    expect(loaded).not.toHaveBeenCalled();
  });

  it('serves names by the convention, with units, under the names of service, cell and node', async () => {
    await using metrics = await startMetrics({
      service: 'device-agent',
      cell: 'cell-1',
      node: 'device-1',
      listen: '127.0.0.1:0',
      env: {},
    });
    const { meter, address } = metrics;
    const unit = 's';
    const advice = { explicitBucketBoundaries: secondsBuckets };
    meter.createHistogram('weir.response.duration', { unit, advice }).record(0.03, { 'weir.tier': 'edge' });
    meter.createCounter('weir.frames', { unit: '{frame}' }).add(2);
    meter.createObservableGauge('weir.queue.depth').addCallback((result) => result.observe(7));
    const { status, text } = await scrape(address);
    expect(status).toBe(200);
    const process = 'service_name="device-agent",weir_cell_id="cell-1",weir_node_id="device-1"';
    expect(text).toContain(`weir_frames_total{${process}} 2\n`);
    expect(text).toContain(`weir_queue_depth{${process}} 7\n`);
    expect(text).toContain(
      `weir_response_duration_seconds_bucket{weir_tier="edge",${process},le="0.025"} 0\n`,
    );
    expect(text).toContain(
      `weir_response_duration_seconds_bucket{weir_tier="edge",${process},le="0.05"} 1\n`,
    );
    expect(text).toMatch(/^process_cpu_time_seconds_total\{cpu_mode="user",.*\} [\d.]+$/m);
    expect(text).toMatch(/^process_memory_usage_bytes\{.*\} \d{7,}$/m);
    expect(text).toMatch(/^nodejs_eventloop_utilization_ratio\{/m);
  });

  it('serves nothing else', async () => {
    await using metrics = await startMetrics({ service: 's', listen: '127.0.0.1:0', env: {} });
    expect((await scrape(metrics.address, '/')).status).toBe(404);
    expect((await scrape(metrics.address, '/metrics', 'POST')).status).toBe(405);
  });

  it('counts overflowing series as one', async () => {
    await using metrics = await startMetrics({ service: 's', listen: '127.0.0.1:0', env: {} });
    const counter = metrics.meter.createCounter('weir.frames');
    for (let index = 0; index < 3_000; index++) counter.add(1, { id: index });
    const { text } = await scrape(metrics.address);
    const series = text.split('\n').filter((line) => line.startsWith('weir_frames_total'));
    expect(series.length).toBeLessThanOrEqual(1_000);
    expect(series.join('\n')).toMatch(/otel_metric_overflow="true".*\} 2\d{3}$/m);
  });

  it('follows OTEL_RESOURCE_ATTRIBUTES and OTEL_SERVICE_NAME', async () => {
    vi.stubEnv('OTEL_RESOURCE_ATTRIBUTES', 'weir.node.id=camera-7');
    vi.stubEnv('OTEL_SERVICE_NAME', 'camera');
    await using metrics = await startMetrics({ service: 's', node: 'n', listen: '127.0.0.1:0' });
    metrics.meter.createCounter('weir.frames').add(1);
    const { text } = await scrape(metrics.address);
    expect(text).toMatch(/^weir_frames_total\{weir_node_id="camera-7",service_name="camera"\} 1$/m);
  });

  it('is scraped whatever the attributes of the resource are called', async () => {
    const names = '2nd=a,site.name=b,site_name=c,site..name=d,__name__=e,le=f,größe=g,a"b=h';
    vi.stubEnv('OTEL_RESOURCE_ATTRIBUTES', names);
    await using metrics = await startMetrics({ service: 's', listen: '127.0.0.1:0' });
    const { text } = await scrape(metrics.address);
    const [, line] = /^target_info\{(.*)\} 1$/m.exec(text)!;
    const labels = [...line!.matchAll(/([^,=]+)="([^"]*)"/g)].map(
      ([, name, value]) => [name!, value!] as const,
    );
    const found = new Map(labels);
    // Prometheus refuses the whole scrape for a name twice, or one that is none.
    expect(found.size).toBe(labels.length);
    for (const name of found.keys()) expect(name).toMatch(/^[a-zA-Z_][a-zA-Z0-9_]*$/);
    expect(found.has('__name__')).toBe(false);
    expect(Object.fromEntries(found)).toMatchObject({
      _2nd: 'a',
      site_name: 'd;b;c',
      _name_: 'e',
      gr_e: 'g',
    });
  });

  it('says which address is taken', async () => {
    await using metrics = await startMetrics({ service: 's', listen: '127.0.0.1:0', env: {} });
    const again = startMetrics({ service: 's', listen: metrics.address, env: {} });
    await expect(again).rejects.toThrow(Unavailable);
    await expect(again).rejects.toThrow(metrics.address);
  });

  it('frees its address when it ends', async () => {
    const metrics = await startMetrics({ service: 's', listen: '127.0.0.1:0', env: {} });
    await scrape(metrics.address);
    await metrics[Symbol.asyncDispose]();
    await expect(scrape(metrics.address)).rejects.toThrow();
  });
});

describe('metrics over OTLP', () => {
  it('are sent, the last of them at the end', async () => {
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
    vi.stubEnv('OTEL_EXPORTER_OTLP_METRICS_ENDPOINT', `http://127.0.0.1:${port}/v1/metrics`);
    vi.stubEnv('OTEL_EXPORTER_OTLP_PROTOCOL', 'http/json');
    {
      await using metrics = await startMetrics({ service: 'policy-service' });
      expect(metrics.address).toBeUndefined();
      metrics.meter.createCounter('weir.learner.interactions').add(3);
    }
    collector.close();
    expect(bodies).toHaveLength(1);
    expect(bodies[0]).toMatch(/^POST \/v1\/metrics .*"policy-service".*"weir.learner.interactions"/);
  });
});
