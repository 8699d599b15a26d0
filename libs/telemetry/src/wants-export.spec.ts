import { describe, expect, it } from 'vitest';
import { wantsExport } from './wants-export.ts';

const endpoint = 'http://127.0.0.1:4317';

describe('wantsExport', () => {
  const cases: [boolean, Record<string, string>][] = [
    [false, {}],
    [true, { OTEL_EXPORTER_OTLP_ENDPOINT: endpoint }],
    [true, { OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: endpoint }],
    [false, { OTEL_EXPORTER_OTLP_ENDPOINT: ' ' }],
    [true, { OTEL_TRACES_EXPORTER: 'otlp' }],
    [true, { OTEL_TRACES_EXPORTER: 'console, otlp' }],
    [false, { OTEL_TRACES_EXPORTER: 'none' }],
    [false, { OTEL_TRACES_EXPORTER: 'none', OTEL_EXPORTER_OTLP_ENDPOINT: endpoint }],
    [true, { OTEL_TRACES_EXPORTER: '', OTEL_EXPORTER_OTLP_ENDPOINT: endpoint }],
    [false, { OTEL_SDK_DISABLED: 'true', OTEL_TRACES_EXPORTER: 'otlp' }],
    [false, { OTEL_SDK_DISABLED: 'TRUE', OTEL_EXPORTER_OTLP_ENDPOINT: endpoint }],
    [true, { OTEL_SDK_DISABLED: 'false', OTEL_EXPORTER_OTLP_ENDPOINT: endpoint }],
    [false, { OTEL_SERVICE_NAME: 'x', OTEL_TRACES_SAMPLER: 'always_on' }],
  ];
  it.each(cases)('is %s for %o', (expected, env) => expect(wantsExport(env)).toBe(expected));
});

describe('wantsExport of metrics', () => {
  const cases: [boolean, Record<string, string>][] = [
    [false, {}],
    [true, { OTEL_EXPORTER_OTLP_ENDPOINT: endpoint }],
    [true, { OTEL_EXPORTER_OTLP_METRICS_ENDPOINT: endpoint }],
    [false, { OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: endpoint }],
    [true, { OTEL_METRICS_EXPORTER: 'otlp' }],
    [false, { OTEL_METRICS_EXPORTER: 'none', OTEL_EXPORTER_OTLP_ENDPOINT: endpoint }],
    [false, { OTEL_METRICS_EXPORTER: 'prometheus', OTEL_EXPORTER_OTLP_ENDPOINT: endpoint }],
    [false, { OTEL_SDK_DISABLED: 'true', OTEL_METRICS_EXPORTER: 'otlp' }],
  ];
  it.each(cases)('is %s for %o', (expected, env) => expect(wantsExport(env, 'METRICS')).toBe(expected));
});
