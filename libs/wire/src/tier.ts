import type { Violations } from '@weir/base';
import type { Tier } from '@weir/domain';
import { common } from '@weir/proto';
import { enumTable } from './enum-table.ts';
import { limits } from './limits.ts';

const tiers = enumTable<Tier, common.Tier>({
  device: common.Tier.DEVICE,
  edge: common.Tier.EDGE,
  cloud: common.Tier.CLOUD,
});

export const tierToWire = tiers.toWire;

export const isTier = (tier: common.Tier): boolean => tiers.fromWire(tier) !== undefined;

/** `device` stands in for a tier that is none, which is noted. */
export function tierFromWire(tier: common.Tier, field: string, violations: Violations): Tier {
  const name = tiers.fromWire(tier);
  violations.check(name !== undefined, field, 'expected TIER_DEVICE, TIER_EDGE or TIER_CLOUD');
  return name ?? 'device';
}

/** Each once. */
export function tiersFromWire(wire: readonly common.Tier[], field: string, violations: Violations): Tier[] {
  const named = violations.list(wire, field, limits.tiers);
  return [...new Set(named.map((tier, index) => tierFromWire(tier, `${field}[${index}]`, violations)))];
}

/** For people: `device`, `edge`, `cloud`, or `unspecified`. */
export const tierName = (tier: common.Tier | undefined): string => tiers.fromWire(tier) ?? 'unspecified';
