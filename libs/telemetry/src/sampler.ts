import {
  AlwaysOffSampler,
  AlwaysOnSampler,
  ParentBasedSampler,
  type Sampler,
  TraceIdRatioBasedSampler,
} from '@opentelemetry/sdk-trace';
import type { Environment } from './wants-export.ts';

/**
 * The sampler that OTEL_TRACES_SAMPLER and OTEL_TRACES_SAMPLER_ARG name; parentbased_always_on by default.
 * The SDK keeps its own private; this one decides before anything is allocated for a frame.
 */
export function samplerOf(env: Environment): Sampler {
  const [, parentBased, root] =
    /^(parentbased_)?(always_on|always_off|traceidratio)$/.exec(env.OTEL_TRACES_SAMPLER?.trim() ?? '') ??
    fallback;
  const sampler =
    root === 'always_off'
      ? new AlwaysOffSampler()
      : root === 'traceidratio'
        ? new TraceIdRatioBasedSampler(ratioOf(env.OTEL_TRACES_SAMPLER_ARG))
        : new AlwaysOnSampler();
  return parentBased ? new ParentBasedSampler({ root: sampler }) : sampler;
}

const fallback = ['', 'parentbased_', 'always_on'] as const;

/** 1 where it is absent or invalid, as the specification says. */
function ratioOf(text = ''): number {
  const ratio = Number(text);
  return text.trim() !== '' && ratio >= 0 && ratio <= 1 ? ratio : 1;
}
