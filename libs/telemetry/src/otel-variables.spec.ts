import type { Logger } from '@weir/base';
import { describe, expect, it, vi } from 'vitest';
import { exportersOf, tidyVariables } from './otel-variables.ts';

const endpoint = 'http://127.0.0.1:4317';

function tidied(env: Record<string, string>) {
  const warn = vi.fn();
  const logger: Logger = { debug() {}, info() {}, warn, error() {} };
  const tidy: Record<string, string | undefined> = { ...env };
  tidyVariables(tidy, logger);
  return { env: tidy, told: warn.mock.calls.map(([, text]) => text as string) };
}
const valueOf = (name: string, value: string) => tidied({ [name]: value }).env[name];

describe('the OTEL_* variables', () => {
  it.each([
    'OTEL_TRACES_EXPORTER',
    'OTEL_EXPORTER_OTLP_ENDPOINT',
    'OTEL_TRACES_SAMPLER_ARG',
    'OTEL_BSP_SCHEDULE_DELAY',
    'OTEL_SERVICE_NAME',
  ])('are unset where they are blank: %s', (name) => {
    for (const blank of ['', ' ', '\t ']) expect(tidied({ [name]: blank })).toMatchObject({ told: [] });
    expect(valueOf(name, ' ')).toBeUndefined();
  });

  it.each([
    ['OTEL_SDK_DISABLED', 'TRUE', 'true'],
    ['OTEL_TRACES_EXPORTER', ' OTLP, Console ', 'otlp,console'],
    ['OTEL_EXPORTER_OTLP_PROTOCOL', 'HTTP/Protobuf', 'http/protobuf'],
    ['OTEL_EXPORTER_OTLP_TRACES_COMPRESSION', 'GZIP', 'gzip'],
    ['OTEL_TRACES_SAMPLER', 'ParentBased_TraceIdRatio', 'parentbased_traceidratio'],
    ['OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE', 'Delta', 'delta'],
    ['OTEL_EXPORTER_OTLP_ENDPOINT', 'collector:4317', 'collector:4317'],
    ['OTEL_SERVICE_NAME', 'My Service', 'My Service'],
  ])('are read without regard to case and blanks: %s=%s', (name, text, value) => {
    expect(valueOf(name, text)).toBe(value);
  });

  it.each([
    ['OTEL_SDK_DISABLED', 'yes'],
    ['OTEL_TRACES_EXPORTER', 'jaeger'],
    ['OTEL_METRICS_EXPORTER', 'statsd'],
    ['OTEL_EXPORTER_OTLP_TRACES_PROTOCOL', 'thrift'],
    ['OTEL_EXPORTER_OTLP_COMPRESSION', 'zip'],
    ['OTEL_TRACES_SAMPLER', 'sometimes'],
    ['OTEL_TRACES_SAMPLER_ARG', '7'],
    ['OTEL_TRACES_SAMPLER_ARG', 'half'],
    ['OTEL_BSP_MAX_QUEUE_SIZE', '0'],
    ['OTEL_BSP_SCHEDULE_DELAY', '-1'],
    ['OTEL_METRIC_EXPORT_INTERVAL', 'often'],
    ['OTEL_ATTRIBUTE_COUNT_LIMIT', 'NaN'],
    ['OTEL_SPAN_EVENT_COUNT_LIMIT', 'many'],
    ['OTEL_EXPORTER_OTLP_TIMEOUT', 'never'],
    ['OTEL_EXPORTER_OTLP_METRICS_ENDPOINT', 'http://'],
    ['OTEL_EXPORTER_OTLP_ENDPOINT', 'ftp://collector'],
    ['OTEL_RESOURCE_ATTRIBUTES', 'site'],
    ['OTEL_RESOURCE_ATTRIBUTES', 'site=%E0%A4%A'],
    ['OTEL_LOG_LEVEL', 'loud'],
  ])('take their default, and say so once, where they mean nothing: %s=%s', (name, text) => {
    const { env, told } = tidied({ [name]: text });
    expect(env[name]).toBeUndefined();
    expect(told).toEqual([expect.stringMatching(new RegExp(`^${name} .*the default holds$`))]);
    const again = vi.fn();
    tidyVariables(env, { debug() {}, info() {}, warn: again, error() {} });
    expect(again).not.toHaveBeenCalled();
  });

  it('keep of a list what means something', () => {
    const { env, told } = tidied({
      OTEL_TRACES_EXPORTER: 'zipkin,otlp',
      OTEL_RESOURCE_ATTRIBUTES: 'site=north, oops ,rack=7',
    });
    expect(env).toMatchObject({
      OTEL_TRACES_EXPORTER: 'otlp',
      OTEL_RESOURCE_ATTRIBUTES: 'site=north,rack=7',
    });
    expect(told).toHaveLength(2);
  });

  it('name gRPC where they name no protocol, and are otherwise left alone', () => {
    expect(tidied({ PATH: '', WEIR_LISTEN: ' ' }).env).toEqual({
      PATH: '',
      WEIR_LISTEN: ' ',
      OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc',
    });
  });
});

describe('exporters of traces', () => {
  const cases: [string[], Record<string, string>][] = [
    [[], {}],
    [['otlp'], { OTEL_EXPORTER_OTLP_ENDPOINT: endpoint }],
    [['otlp'], { OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: endpoint }],
    [['otlp'], { OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: ' ', OTEL_EXPORTER_OTLP_ENDPOINT: endpoint }],
    [[], { OTEL_EXPORTER_OTLP_ENDPOINT: ' ' }],
    [['otlp'], { OTEL_TRACES_EXPORTER: 'otlp' }],
    [['console', 'otlp'], { OTEL_TRACES_EXPORTER: 'Console, OTLP' }],
    [[], { OTEL_TRACES_EXPORTER: 'none', OTEL_EXPORTER_OTLP_ENDPOINT: endpoint }],
    [['otlp'], { OTEL_TRACES_EXPORTER: '', OTEL_EXPORTER_OTLP_ENDPOINT: endpoint }],
    [['otlp'], { OTEL_TRACES_EXPORTER: 'zipkin', OTEL_EXPORTER_OTLP_ENDPOINT: endpoint }],
    [[], { OTEL_SDK_DISABLED: 'TRUE', OTEL_TRACES_EXPORTER: 'otlp' }],
    [['otlp'], { OTEL_SDK_DISABLED: 'false', OTEL_EXPORTER_OTLP_ENDPOINT: endpoint }],
    [[], { OTEL_SERVICE_NAME: 'x', OTEL_TRACES_SAMPLER: 'always_on' }],
  ];
  it.each(cases)('are %j for %o', (expected, env) =>
    expect(exportersOf(tidied(env).env, 'TRACES')).toEqual(expected),
  );
});

describe('exporters of metrics', () => {
  const cases: [string[], Record<string, string>][] = [
    [[], {}],
    [['otlp'], { OTEL_EXPORTER_OTLP_METRICS_ENDPOINT: endpoint }],
    [[], { OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: endpoint }],
    [['otlp', 'console'], { OTEL_METRICS_EXPORTER: 'otlp,console' }],
    [[], { OTEL_METRICS_EXPORTER: 'none', OTEL_EXPORTER_OTLP_ENDPOINT: endpoint }],
    [[], { OTEL_METRICS_EXPORTER: 'prometheus', OTEL_EXPORTER_OTLP_ENDPOINT: endpoint }],
    [['otlp'], { OTEL_METRICS_EXPORTER: 'prometheus,otlp' }],
  ];
  it.each(cases)('are %j for %o', (expected, env) =>
    expect(exportersOf(tidied(env).env, 'METRICS')).toEqual(expected),
  );
});
