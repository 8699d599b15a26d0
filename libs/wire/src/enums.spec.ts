import { Violations } from '@weir/base';
import type { Liveness, Reason, Tier } from '@weir/domain';
import { agent, common, telemetry } from '@weir/proto';
import { describe, expect, it } from 'vitest';
import { livenessFromWire, livenessToWire } from './liveness.ts';
import { reasonFromWire, reasonName, reasonToWire } from './reason.ts';
import { tierFromWire, tierName, tierToWire } from './tier.ts';

const tiers: [Tier, common.Tier][] = [
  ['device', common.Tier.DEVICE],
  ['edge', common.Tier.EDGE],
  ['cloud', common.Tier.CLOUD],
];
const reasons: [Reason, agent.Reason][] = [
  ['planned', agent.Reason.PLANNED],
  ['explored', agent.Reason.EXPLORED],
  ['deviated', agent.Reason.DEVIATED],
  ['fallback', agent.Reason.FALLBACK],
  ['unsure', agent.Reason.UNSURE],
];
const livenesses: [Liveness, telemetry.Liveness][] = [
  ['live', telemetry.Liveness.LIVE],
  ['stale', telemetry.Liveness.STALE],
  ['gone', telemetry.Liveness.GONE],
];
const none = new Violations();

describe('enums', () => {
  it.each(tiers)('know the tier %s both ways', (name, value) => {
    expect(tierToWire(name)).toBe(value);
    expect(tierFromWire(value, 'tier', none)).toBe(name);
    expect(tierName(value)).toBe(name);
  });

  it.each(reasons)('know the reason %s both ways', (name, value) => {
    expect(reasonToWire(name)).toBe(value);
    expect(reasonFromWire(value, 'reason', none)).toBe(name);
    expect(reasonName(value)).toBe(name);
  });

  it.each(livenesses)('know the liveness %s both ways', (name, value) => {
    expect(livenessToWire(name)).toBe(value);
    expect(livenessFromWire(value)).toBe(name);
  });

  it('tell a value without a name', () => {
    expect(none.found).toEqual([]);
    const violations = new Violations();
    tierFromWire(common.Tier.UNSPECIFIED, 'tier', violations);
    tierFromWire(9 as common.Tier, 'tier', violations);
    reasonFromWire(agent.Reason.UNSPECIFIED, 'reason', violations);
    expect(violations.found.map(({ field }) => field)).toEqual(['tier', 'tier', 'reason']);
    expect([tierName(undefined), reasonName(agent.Reason.UNSPECIFIED)]).toEqual([
      'unspecified',
      'unspecified',
    ]);
    expect(livenessFromWire(telemetry.Liveness.UNSPECIFIED)).toBeUndefined();
  });
});
