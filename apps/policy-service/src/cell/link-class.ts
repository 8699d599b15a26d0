import type { Tier } from '@weir/domain';
import type { LinkObservation } from '@weir/learning';

/**
 * Round trips above these count as a weak link, ms: between the regular and the weak profile of libs/link, for each
 * tier (edge 10 and 50, cloud 40 and 90), because a regular way to the cloud is longer than a weak one to the edge.
 */
const weakAboveMs: Readonly<Record<Tier, number>> = { device: 0, edge: 30, cloud: 65 };

export const linkClass = (tier: Tier, roundTripMs: number): LinkObservation['class'] =>
  roundTripMs > weakAboveMs[tier] ? 'weak' : 'regular';
