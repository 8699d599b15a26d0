import type { LookCurves, Variant } from '@weir/domain';
import type { ReplayCell, ReplayNode } from '@weir/simulation';
import type { StoredDevice } from '@weir/storage';

/** The cell as its devices described it; of nodes and variants, the first device's word. */
export function replayCellOf(members: readonly StoredDevice[], looks: LookCurves | undefined): ReplayCell {
  const variants = new Map<string, Variant>();
  const nodes = new Map<string, ReplayNode>();
  for (const { variants: claimed, targets } of members) {
    for (const variant of claimed) if (!variants.has(variant.name)) variants.set(variant.name, variant);
    for (const { report } of targets)
      if (!nodes.has(report.node.id))
        nodes.set(report.node.id, { node: report.node, services: report.services });
  }
  const known = (name: string) => variants.has(name);
  const curves = looks?.curves.filter(({ first, second }) => known(first) && known(second)) ?? [];
  return {
    variants: [...variants.values()],
    ...(looks && curves.length > 0 && { looks: { ...looks, curves } }),
    devices: members.map(({ local, targets, objective }) => ({
      local: { ...local.node, variants: local.node.variants.filter(known) },
      services: local.services,
      roundTripsMs: new Map(targets.map(({ report, roundTripMs }) => [report.node.id, roundTripMs])),
      objective,
    })),
    nodes: [...nodes.values()].map(({ node, services }) => ({
      node: { ...node, variants: node.variants.filter(known) },
      services,
    })),
  };
}

/** Best average accuracy that its devices can reach at those tiers, 0..1. */
export function attainable(
  { devices, nodes, variants }: ReplayCell,
  allowedTiers: readonly string[],
): number {
  const accuracyOf = new Map(variants.map(({ name, accuracy }) => [name, accuracy]));
  const best = devices.map(({ local, roundTripsMs }) => {
    const open = [local, ...nodes.map(({ node }) => node).filter(({ id }) => roundTripsMs.has(id))];
    const served = open.filter(({ tier }) => allowedTiers.includes(tier)).flatMap((node) => node.variants);
    return Math.max(0, ...served.map((name) => accuracyOf.get(name) ?? 0));
  });
  return best.reduce((sum, each) => sum + each, 0) / best.length;
}
