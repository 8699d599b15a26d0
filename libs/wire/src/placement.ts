import type { Violations } from '@weir/base';
import type { Placement } from '@weir/domain';
import type { common } from '@weir/proto';
import { isTier, tierFromWire, tierToWire } from './tier.ts';

export const placementToWire = ({ tier, nodeId, variant }: Placement): common.Placement => ({
  tier: tierToWire(tier),
  nodeId,
  variant,
});

/** `deviceId`: whose placement it is, where that is known; a placement on the device carries its id. */
export function placementFromWire(
  placement: common.Placement | undefined,
  field: string,
  violations: Violations,
  deviceId?: string,
): Placement {
  if (!placement) {
    violations.check(false, field, 'missing');
    return { tier: 'device', nodeId: '', variant: '' };
  }
  const { nodeId, variant } = placement;
  const tier = tierFromWire(placement.tier, `${field}.tier`, violations);
  violations.id(nodeId, `${field}.node_id`);
  violations.id(variant, `${field}.variant`);
  if (deviceId !== undefined && isTier(placement.tier))
    violations.check(
      (tier === 'device') === (nodeId === deviceId),
      `${field}.node_id`,
      tier === 'device' ? 'expected the id of the device' : 'expected a remote node, got the device itself',
    );
  return { tier, nodeId, variant };
}
