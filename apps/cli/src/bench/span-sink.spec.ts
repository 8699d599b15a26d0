import { extractTraceContext } from '@weir/rpc';
import { startInference, startTracing } from '@weir/telemetry';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { startSpanSink } from './span-sink.ts';

describe('span sink', () => {
  afterEach(() => vi.unstubAllEnvs());

  it('takes what the SDK sends', async () => {
    await using sink = await startSpanSink();
    vi.stubEnv('OTEL_EXPORTER_OTLP_ENDPOINT', sink.endpoint);
    const warn = vi.fn();
    {
      await using _tracing = await startTracing({
        service: 's',
        logger: { debug() {}, info() {}, warn, error: warn },
      });
      startInference({ parent: extractTraceContext(undefined), at: 0 }).failed({
        at: 1,
        status: 'CANCELLED',
      });
    }
    expect(sink.bytes).toBeGreaterThan(100);
    expect(warn).not.toHaveBeenCalled();
  });
});
