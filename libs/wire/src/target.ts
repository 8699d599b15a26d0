import type { Violations } from '@weir/base';
import type { TargetReport } from '@weir/domain';
import type { policy } from '@weir/proto';
import { usableEntries } from './left-out.ts';
import { limits } from './limits.ts';
import { nodeFromWire, nodeToWire } from './node-load.ts';

export const targetToWire = ({ report, roundTripMs, reachable }: TargetReport): policy.Target => ({
  load: nodeToWire(report),
  roundTripMs,
  reachable,
});

/** The usable targets of the device `deviceId`, with no more than `limits.choices` services together. */
export function targetsFromWire(
  targets: readonly policy.Target[],
  field: string,
  told: Violations,
  deviceId: string,
): TargetReport[] {
  let choices = 0;
  return usableEntries<policy.Target, TargetReport>(targets, field, {
    told,
    limit: limits.targets,
    keyOf: ({ report }) => report.node.id,
    convert({ load, roundTripMs, reachable }, at, faults) {
      const report = nodeFromWire(load, `${at}.load`, { faults, told });
      if (load) {
        faults.check(report.node.tier !== 'device', `${at}.load.tier`, 'expected TIER_EDGE or TIER_CLOUD');
        faults.check(report.node.id !== deviceId, `${at}.load.node_id`, 'is the device itself');
      }
      const known = told.number(roundTripMs, `${at}.round_trip_ms`, { max: limits.ms });
      return { report, roundTripMs: known ? roundTripMs : 0, reachable };
    },
  }).filter(({ report: { node, services } }) => {
    const fits = choices + services.size <= limits.choices;
    if (fits) choices += services.size;
    return told.check(
      fits,
      field,
      `${node.id} is one too many: all targets together may have ${limits.choices} services`,
    );
  });
}
