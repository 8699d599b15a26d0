import type { ComputeNode } from './cell.ts';
import type { Tier } from './placement.ts';

/** Load of a node that runs models, as it reports itself. */
export interface NodeLoad {
  readonly nodeId: string;
  /** c. */
  readonly slots: number;
  readonly inService: number;
  readonly queued: number;
  /** Expected wait of an inference that arrives now, ms. */
  readonly backlogMs: number;
  /** W̄: mean of `backlogMs` over the last 5 s, ms. */
  readonly meanBacklogMs: number;
  /** Congestion price κ = λ / (1 − min(0.95, ρ)), inferences per ms; decays to 0 when idle. */
  readonly congestionPerMs: number;
  /** ρ: share of slot time in use over the last 5 s, 0..1. */
  readonly utilization: number;
}

/** What one variant costs on one node. */
export interface ServiceFigure {
  readonly variant: string;
  /** Decode and compute without waiting, ms. */
  readonly serviceMs: number;
  /** J; 0 when unknown. */
  readonly energyJ: number;
}

/** A node as somebody reports it. */
export interface NodeReport {
  readonly node: ComputeNode;
  readonly load: NodeLoad;
  /** Service times by the node's own benchmark, ms per variant. */
  readonly services: ReadonlyMap<string, number>;
  /** Energy of one inference on this node, J per variant; absent where it is unknown. */
  readonly energyJ?: ReadonlyMap<string, number> | undefined;
  /** True while it takes no new work. */
  readonly draining: boolean;
  /** This run of the node; tells two nodes of one name apart. Absent when unknown. */
  readonly instanceId?: string | undefined;
  /** Of the model family that it serves. Absent when unknown. */
  readonly familyVersion?: string | undefined;
}

/** A remote node and the link to it, as one agent sees them. */
export interface TargetReport {
  readonly report: NodeReport;
  /** Round trip of a small message, ms; 0 when not yet measured. */
  readonly roundTripMs: number;
  readonly reachable: boolean;
}

/** What a node that measures its variants reports of itself. */
export function nodeReport(
  { nodeId, tier }: { readonly nodeId: string; readonly tier: Tier },
  load: Omit<NodeLoad, 'nodeId'>,
  {
    figures,
    draining = false,
    instanceId,
    familyVersion,
  }: {
    readonly figures: readonly ServiceFigure[];
    readonly draining?: boolean;
    readonly instanceId?: string | undefined;
    readonly familyVersion?: string | undefined;
  },
): NodeReport {
  const variants = figures.map(({ variant }) => variant);
  // None is left when all threads have died for good; a node that others know of has one.
  const slots = Math.max(1, load.slots);
  return {
    node: { id: nodeId, tier, slots, variants },
    load: { ...load, nodeId, slots },
    services: new Map(figures.map(({ variant, serviceMs }) => [variant, serviceMs])),
    energyJ: new Map(figures.map(({ variant, energyJ }) => [variant, energyJ])),
    draining,
    instanceId,
    familyVersion,
  };
}

/** The report of the same node as if it did not serve these variants. */
export function withoutVariants(report: NodeReport, left: ReadonlySet<string>): NodeReport {
  if (left.size === 0) return report;
  const kept = (figures: ReadonlyMap<string, number>) =>
    new Map([...figures].filter(([variant]) => !left.has(variant)));
  const { node, services, energyJ } = report;
  return {
    ...report,
    node: { ...node, variants: node.variants.filter((variant) => !left.has(variant)) },
    services: kept(services),
    energyJ: energyJ && kept(energyJ),
  };
}

/** The same, variant by variant. */
export const figuresOf = ({ services, energyJ }: NodeReport): readonly ServiceFigure[] =>
  [...services].map(([variant, serviceMs]) => ({ variant, serviceMs, energyJ: energyJ?.get(variant) ?? 0 }));
