import { hostPort, splitHostPort, Violations } from '@weir/base';
import type { telemetry } from '@weir/proto';
import { type Received, usableEntries } from './left-out.ts';
import { limits } from './limits.ts';
import type { TargetAddress } from './target-address.ts';
import { tierFromWire, tierToWire } from './tier.ts';

/** Name of the cell whose workers serve the devices of every cell. */
export const everyCell = 'all';

/** What is wrong with an address that others are to reach a worker at, and the cure; undefined: nothing. */
export function advertisedAddressFault(address: string): string | undefined {
  if (address.length > limits.addressLength) return `expected at most ${limits.addressLength} characters`;
  if (!hostPort().safeParse(address).success) return 'expected HOST:PORT';
  const { host, port } = splitHostPort(address);
  if (port === 0) return 'expected HOST:PORT with a port of 1..65535';
  return isAnyHost(host) ? `${host} stands for every address of a machine and is none itself` : undefined;
}

/** Whether a host to listen on stands for all of a machine's addresses. */
export const isAnyHost = (host: string): boolean => /^(0+(\.0+){0,3}|[0:]+)$/.test(host);

export const discoveredTargetsToWire = (
  targets: readonly TargetAddress[],
): telemetry.WatchTargetsResponse => ({
  targets: targets.map(({ nodeId, tier, address }) => ({ nodeId, tier: tierToWire(tier), address })),
});

/** The usable ones: each with a name, a remote tier and an address, no more than `limits.targets`. */
export function discoveredTargetsFromWire({
  targets,
}: telemetry.WatchTargetsResponse): Received<readonly TargetAddress[]> {
  const told = new Violations();
  const value = usableEntries<telemetry.DiscoveredTarget, TargetAddress>(targets, 'targets', {
    told,
    limit: limits.targets,
    keyOf: ({ nodeId }) => nodeId,
    convert({ nodeId, tier: wireTier, address }, at, faults) {
      const named = /^[\w.:-]{1,128}$/.test(nodeId);
      faults.check(named, `${at}.node_id`, 'expected 1..128 letters, digits, ".", "_", ":" and "-"');
      const tier = tierFromWire(wireTier, `${at}.tier`, faults);
      faults.check(tier !== 'device', `${at}.tier`, 'expected TIER_EDGE or TIER_CLOUD');
      const fault = advertisedAddressFault(address);
      faults.check(fault === undefined, `${at}.address`, `${named ? `${nodeId}: ` : ''}${fault}`);
      return { nodeId, tier, address };
    },
  });
  return { value, leftOut: told.found };
}
