import type { Logger } from '@weir/base';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { startTracing } from './tracing.ts';

const sdk = vi.hoisted(() => ({ loaded: vi.fn(), start: vi.fn(), shutdown: vi.fn(async () => {}) }));
vi.mock('./sdk.ts', () => {
  sdk.loaded();
  return {
    startSdk: (options: unknown) => {
      sdk.start(options);
      return { recorder: undefined, shutdown: sdk.shutdown };
    },
  };
});

describe('startTracing', () => {
  afterEach(() => vi.clearAllMocks());

  it('loads no SDK when nothing asks for traces', async () => {
    await using tracing = await startTracing({ service: 's', env: {} });
    expect(tracing.exporting).toBe(false);
    expect(sdk.loaded).not.toHaveBeenCalled();
  });

  it('names service, cell and node, and exports the last spans at its end', async () => {
    const env = { OTEL_TRACES_EXPORTER: 'otlp' };
    {
      await using tracing = await startTracing({ service: 'device-agent', cell: 'c', node: 'n', env });
      expect(tracing.exporting).toBe(true);
      expect(sdk.shutdown).not.toHaveBeenCalled();
    }
    expect(sdk.start.mock.lastCall).toEqual([
      {
        resource: {
          'service.name': 'device-agent',
          'service.namespace': 'weir',
          'weir.cell.id': 'c',
          'weir.node.id': 'n',
        },
        env,
      },
    ]);
    expect(sdk.shutdown).toHaveBeenCalledOnce();
  });

  it.each([
    ['does not answer', () => new Promise<void>(() => {})],
    ['refuses', async () => Promise.reject(new Error('refused'))],
  ])('ends in its time, and says so, when the collector %s', async (_, shutdown) => {
    sdk.shutdown.mockImplementationOnce(shutdown);
    const warn = vi.fn();
    const logger: Logger = { debug() {}, info() {}, warn, error() {} };
    const tracing = await startTracing({
      service: 's',
      flushMs: 5,
      logger,
      env: { OTEL_TRACES_EXPORTER: 'otlp' },
    });
    await tracing[Symbol.asyncDispose]();
    expect(warn).toHaveBeenCalledOnce();
  });
});
