import { ROOT_CONTEXT, SpanKind, trace, TraceFlags } from '@opentelemetry/api';
import { RandomIdGenerator, SamplingDecision } from '@opentelemetry/sdk-trace';
import { describe, expect, it } from 'vitest';
import { samplerOf } from './sampler.ts';

const ids = new RandomIdGenerator();

/** Share of 2000 traces that are sampled, whose callers sampled, did not, or are none. */
function shareOf(env: Record<string, string>, caller?: 'sampled' | 'not sampled'): number {
  const sampler = samplerOf(env);
  let sampled = 0;
  for (let drawn = 0; drawn < 2_000; drawn++) {
    const traceId = ids.generateTraceId();
    const traceFlags = caller === 'sampled' ? TraceFlags.SAMPLED : TraceFlags.NONE;
    const span = { traceId, spanId: ids.generateSpanId(), traceFlags, isRemote: true };
    const parent = caller ? trace.setSpanContext(ROOT_CONTEXT, span) : ROOT_CONTEXT;
    const { decision } = sampler.shouldSample(parent, traceId, 'weir.infer', SpanKind.SERVER, {}, []);
    if (decision === SamplingDecision.RECORD_AND_SAMPLED) sampled++;
  }
  return sampled / 2_000;
}

describe('sampler by the environment', () => {
  it.each([
    ['nothing named', {}, 1],
    ['always_on', { OTEL_TRACES_SAMPLER: 'always_on' }, 1],
    ['always_off', { OTEL_TRACES_SAMPLER: 'always_off' }, 0],
    ['parentbased_always_off', { OTEL_TRACES_SAMPLER: 'parentbased_always_off' }, 0],
    ['a share of 0', { OTEL_TRACES_SAMPLER: 'traceidratio', OTEL_TRACES_SAMPLER_ARG: '0' }, 0],
    ['no share', { OTEL_TRACES_SAMPLER: 'traceidratio' }, 1],
  ])('samples, with %s', (_, env, share) => {
    expect(shareOf(env)).toBe(share);
  });

  it('samples a share of the frames', () => {
    const env = { OTEL_TRACES_SAMPLER: 'parentbased_traceidratio', OTEL_TRACES_SAMPLER_ARG: '0.1' };
    expect(shareOf(env)).toBeGreaterThan(0.06);
    expect(shareOf(env)).toBeLessThan(0.14);
  });

  it("follows the caller's decision where it is based on it, and only there", () => {
    const env = { OTEL_TRACES_SAMPLER: 'parentbased_traceidratio', OTEL_TRACES_SAMPLER_ARG: '0.1' };
    expect(shareOf(env, 'sampled')).toBe(1);
    expect(shareOf(env, 'not sampled')).toBe(0);
    expect(shareOf({ OTEL_TRACES_SAMPLER: 'always_on' }, 'not sampled')).toBe(1);
  });
});
