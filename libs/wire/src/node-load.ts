import type { Violations } from '@weir/base';
import type { NodeReport, ServiceFigure } from '@weir/domain';
import { common } from '@weir/proto';
import { comparedFromWire } from './family.ts';
import { usable, usableEntries } from './left-out.ts';
import { limits } from './limits.ts';
import { tierFromWire, tierToWire } from './tier.ts';

/** What is wrong with a node goes to `faults`; what is wrong with a figure or a service to `told`. */
export interface NodeFaults {
  readonly faults: Violations;
  readonly told: Violations;
}

export function nodeToWire({
  node,
  load,
  services,
  energyJ,
  draining,
  instanceId = '',
  familyVersion = '',
}: NodeReport): common.NodeLoad {
  return {
    ...load,
    tier: tierToWire(node.tier),
    services: [...services].map(([variant, serviceMs]) => ({
      variant,
      serviceMs,
      energyJ: energyJ?.get(variant) ?? 0,
    })),
    draining,
    instanceId,
    familyVersion,
  };
}

/**
 * A node without a name, a tier or a slot is none. A figure of its load that is none counts as 0, and a service that
 * is none is left out; with `told` the same as `faults` these spoil the node too.
 */
export function nodeFromWire(
  wire: common.NodeLoad | undefined,
  field: string,
  { faults, told }: NodeFaults,
  readServices = servicesFromWire,
): NodeReport {
  faults.check(wire !== undefined, field, 'missing');
  const load = wire ?? common.NodeLoad.create();
  const { nodeId, slots, draining } = load;
  let tier = 'device' as NodeReport['node']['tier'];
  if (wire) {
    faults.id(nodeId, `${field}.node_id`);
    faults.number(slots, `${field}.slots`, { min: 1, max: limits.count });
    tier = tierFromWire(load.tier, `${field}.tier`, faults);
  }
  const figure = (name: string, value: number, max: number) =>
    told.number(value, `${field}.${name}`, { max }) ? value : 0;
  const atMostSlots = told.check(load.inService <= slots, `${field}.in_service`, 'more than slots');
  const { variants, services, energyJ } = readServices(load.services, `${field}.services`, told);
  const instanceId = comparedFromWire(load.instanceId, `${field}.instance_id`, told);
  const familyVersion = comparedFromWire(load.familyVersion, `${field}.family_version`, told);
  return {
    node: { id: nodeId, tier, slots, variants },
    load: {
      nodeId,
      slots,
      inService: atMostSlots ? load.inService : slots,
      queued: figure('queued', load.queued, limits.count),
      backlogMs: figure('backlog_ms', load.backlogMs, limits.ms),
      meanBacklogMs: figure('mean_backlog_ms', load.meanBacklogMs, limits.ms),
      congestionPerMs: figure('congestion_per_ms', load.congestionPerMs, limits.rate),
      utilization: figure('utilization', load.utilization, 1),
    },
    services,
    energyJ,
    draining,
    instanceId,
    familyVersion,
  };
}

/**
 * Reads what one node says of itself, again and again; undefined, and told, when it is none. A load comes with every answer,
 * and its services hardly ever differ from those before: these are then not read again.
 */
export function nodeReportReader(
  field: string,
): (wire: common.NodeLoad, told: Violations) => NodeReport | undefined {
  let last: { readonly wire: readonly common.VariantService[]; readonly read: Services } | undefined;
  const readServices: typeof servicesFromWire = (wire, at, told) => {
    if (!last || !isSame(last.wire, wire)) last = { wire, read: servicesFromWire(wire, at, told) };
    return last.read;
  };
  return (wire, told) => usable(told, (faults) => nodeFromWire(wire, field, { faults, told }, readServices));
}

const isSame = (a: readonly common.VariantService[], b: readonly common.VariantService[]): boolean =>
  a.length === b.length &&
  a.every(({ variant, serviceMs, energyJ }, index) => {
    const other = b[index]!;
    return variant === other.variant && serviceMs === other.serviceMs && energyJ === other.energyJ;
  });

interface Services extends Pick<NodeReport, 'services' | 'energyJ'> {
  readonly variants: readonly string[];
}

function servicesFromWire(wire: readonly common.VariantService[], field: string, told: Violations): Services {
  const figures = usableEntries<common.VariantService, ServiceFigure>(wire, field, {
    told,
    limit: limits.services,
    keyOf: ({ variant }) => variant,
    convert({ variant, serviceMs, energyJ }, at, faults) {
      faults.id(variant, `${at}.variant`);
      faults.number(serviceMs, `${at}.service_ms`, { above: true, max: limits.ms });
      faults.number(energyJ, `${at}.energy_j`, { max: limits.energyJ });
      return { variant, serviceMs, energyJ };
    },
  });
  const energies = figures.filter(({ energyJ }) => energyJ > 0);
  return {
    variants: figures.map(({ variant }) => variant),
    services: new Map(figures.map(({ variant, serviceMs }) => [variant, serviceMs])),
    energyJ:
      energies.length > 0 ? new Map(energies.map(({ variant, energyJ }) => [variant, energyJ])) : undefined,
  };
}
