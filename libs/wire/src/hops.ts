import type { Violations } from '@weir/base';
import type { HopTimes } from '@weir/domain';
import type { common } from '@weir/proto';
import { fieldName } from './field-name.ts';
import { limits } from './limits.ts';

/** Of what did not run. */
export const noHops: HopTimes = {
  agentMs: 0,
  uplinkMs: 0,
  queueMs: 0,
  decodeMs: 0,
  computeMs: 0,
  downlinkMs: 0,
};

export const hopsToWire = (hops: HopTimes): common.HopTimings => ({ ...hops });

export function hopsFromWire(
  hops: common.HopTimings | undefined,
  field: string,
  violations: Violations,
): HopTimes {
  if (!hops) {
    violations.check(false, field, 'missing');
    return noHops;
  }
  const { agentMs, uplinkMs, queueMs, decodeMs, computeMs, downlinkMs } = hops;
  const times = { agentMs, uplinkMs, queueMs, decodeMs, computeMs, downlinkMs };
  for (const [key, name] of names) violations.number(times[key], `${field}.${name}`, { max: limits.ms });
  return times;
}

const names = (Object.keys(noHops) as (keyof HopTimes)[]).map((key) => [key, fieldName(key)] as const);
