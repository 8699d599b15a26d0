import { lowerMedian } from '@weir/base';
import type { ComputeNode, NodeReport, TargetReport } from '@weir/domain';
import { byName } from './by-name.ts';

/** Two workers answer to one name: devices that reach the one, and a device that reaches the other. */
export interface SharedName {
  readonly nodeId: string;
  readonly devices: readonly [string, string];
}

interface Told {
  readonly deviceId: string;
  readonly report: NodeReport;
  readonly at: number;
  readonly weight: Weight;
  /** What plans know of such a node, as text. */
  readonly shape: string;
}

/**
 * How much a report knows. 0: of a node that the device has not heard of yet, made up without services; 1: an old one of
 * a node that is cut off from the device; 2: of a node that it reaches. Less never speaks for a cell that knows more.
 */
type Weight = 0 | 1 | 2;

interface Node {
  readonly told: Map<string, Told>;
  /** The reports that speak for the node. */
  speaking: readonly Told[];
  /** What they agree on, once somebody has asked. */
  agreed: NodeReport | undefined;
  /** Of the variants that somebody has asked about since the last report, ms; NaN where nobody knows. */
  readonly services: Map<string, number>;
  shape: string;
  backlogMs: number;
  weight: Weight;
  /** When each run of a worker of this name was first heard of, ms. */
  readonly runs: Map<string, number>;
  sharedTold: boolean;
}

/**
 * Longest pause of a device that has nothing new to tell, ms: longer ones would save little, and what a silent device said would
 * count for longer.
 */
export const statePauseMs = 5_000;
/** Age beyond which a device no longer speaks for a node, ms: two pauses, and time on the way. */
const freshMs = 12_000;
/** Devices that speak for a node: enough to outvote a few, few enough for a thousand reports a second. */
const maxReporters = 15;
/** How long two runs of one name may be reported side by side: a worker that restarts, ms. More than `freshMs`. */
const restartMs = 20_000;
/** Runs of one name that are remembered. */
const maxRuns = 8;

/**
 * What a cell holds to be true of its remote nodes. Several devices report each of them; the median and the majority of
 * their newest reports count, so that no single device can make a node look busy, slow or capable to others.
 */
export class NodeReports {
  readonly #tell: (shared: SharedName) => void;
  readonly #nodes = new Map<string, Node>();

  /** `tell` hears once of each name that two workers share. */
  constructor(tell: (shared: SharedName) => void) {
    this.#tell = tell;
  }

  get(nodeId: string): NodeReport | undefined {
    const node = this.#nodes.get(nodeId);
    return node && agreedOn(node);
  }

  /** The same as of the services in `get`, for one variant. */
  serviceMs(nodeId: string, variant: string): number | undefined {
    const node = this.#nodes.get(nodeId);
    if (!node || node.agreed) return node?.agreed?.services.get(variant);
    // Nobody has asked: all say that it has the same variants.
    let serviceMs = node.services.get(variant);
    if (serviceMs === undefined) {
      serviceMs = lowerMedian(node.speaking.flatMap(({ report }) => report.services.get(variant) ?? []));
      node.services.set(variant, serviceMs);
    }
    return Number.isNaN(serviceMs) ? undefined : serviceMs;
  }

  /** What some device says of the node. */
  anyOf(nodeId: string): NodeReport | undefined {
    return this.#nodes.get(nodeId)?.speaking[0]?.report;
  }

  /** By name. */
  nodes(): readonly ComputeNode[] {
    return [...this.#nodes.values()].map((node) => agreedOn(node).node).sort((a, b) => byName(a.id, b.id));
  }

  /** `changed`: the node is new, or not what it was; `jumped`: its wait has changed by much. */
  take(
    deviceId: string,
    { report, reachable }: TargetReport,
    now: number,
  ): { changed: boolean; jumped: boolean } {
    const { id } = report.node;
    const weight: Weight = report.services.size === 0 ? 0 : reachable ? 2 : 1;
    const told: Told = { deviceId, report, at: now, weight, shape: shapeOf(report.node) };
    const node = this.#nodes.get(id);
    if (!node) {
      const { shape } = told;
      const { backlogMs } = report.load;
      const runs = new Map<string, number>();
      this.#nodes.set(id, {
        told: new Map([[deviceId, told]]),
        speaking: [told],
        agreed: undefined,
        services: new Map(),
        ...{ shape, backlogMs, weight, runs, sharedTold: false },
      });
      this.#checkRuns(id, told);
      return { changed: true, jumped: false };
    }
    node.told.set(deviceId, told);
    forgetOld(node.told, now);
    this.#checkRuns(id, told);
    let most: Weight = 0;
    for (const each of node.told.values()) if (each.weight > most) most = each.weight;
    if (most < node.weight) return { changed: false, jumped: false };
    node.weight = most;
    node.speaking = [...node.told.values()].filter((each) => each.weight === most);
    node.agreed = undefined;
    node.services.clear();
    const [shapeBefore, backlogBeforeMs] = [node.shape, node.backlogMs];
    // Where all say the same of it, that is what they agree on.
    if (node.speaking.some(({ shape }) => shape !== node.shape)) node.shape = shapeOf(agreedOn(node).node);
    node.backlogMs = lowerMedian(node.speaking.map((each) => each.report.load.backlogMs));
    const changed = node.shape !== shapeBefore;
    return { changed, jumped: !changed && loadJumped(backlogBeforeMs, node.backlogMs) };
  }

  /** Forgets the nodes that nobody names any more. */
  keep(named: ReadonlySet<string>): void {
    for (const id of this.#nodes.keys()) if (!named.has(id)) this.#nodes.delete(id);
  }

  /** Forgets what the device said, but not what was agreed. */
  forget(deviceId: string): void {
    for (const { told } of this.#nodes.values()) told.delete(deviceId);
  }

  #checkRuns(nodeId: string, { deviceId, report, at, weight }: Told): void {
    const node = this.#nodes.get(nodeId)!;
    const { runs, told } = node;
    const { instanceId } = report;
    if (weight < 2 || instanceId === undefined || node.sharedTold) return;
    if (!runs.has(instanceId)) {
      if (runs.size >= maxRuns) runs.delete(runs.keys().next().value!);
      runs.set(instanceId, at);
    }
    const lasting = (run: string) => at - (runs.get(run) ?? at) >= restartMs;
    const other = [...told.values()].find(
      (each) => each.weight === 2 && each.report.instanceId && each.report.instanceId !== instanceId,
    );
    if (!other || !lasting(instanceId) || !lasting(other.report.instanceId!)) return;
    node.sharedTold = true;
    this.#tell({ nodeId, devices: [deviceId, other.deviceId] });
  }
}

function forgetOld(told: Map<string, Told>, now: number): void {
  for (const [deviceId, { at }] of told) if (now - at > freshMs) told.delete(deviceId);
  if (told.size <= maxReporters) return;
  const oldest = [...told.values()].reduce((a, b) =>
    (a.weight - b.weight || a.at - b.at || byName(b.deviceId, a.deviceId)) <= 0 ? a : b,
  );
  told.delete(oldest.deviceId);
}

const agreedOn = (node: Node): NodeReport => (node.agreed ??= agree(node.speaking));

/** Of reports of one node. The order of `told` makes no difference. */
function agree(told: readonly Told[]): NodeReport {
  const reports = told.map(({ report }) => report);
  const { id } = reports[0]!.node;
  const load = (figure: (load: NodeReport['load']) => number) =>
    lowerMedian(reports.map((report) => figure(report.load)));
  const perVariant = (figures: (report: NodeReport) => ReadonlyMap<string, number> | undefined) =>
    new Map(
      variants.flatMap((variant) => {
        const known = reports.flatMap((report) => figures(report)?.get(variant) ?? []);
        return known.length > 0 ? [[variant, lowerMedian(known)] as const] : [];
      }),
    );
  const slots = majority(reports.map(({ node }) => node.slots));
  const variants = atLeastHalf(reports.map(({ node }) => node.variants));
  const energyJ = perVariant((report) => report.energyJ);
  return {
    node: { id, tier: majority(reports.map(({ node }) => node.tier)), slots, variants },
    load: {
      nodeId: id,
      slots,
      inService: Math.min(
        slots,
        load((l) => l.inService),
      ),
      queued: load((l) => l.queued),
      backlogMs: load((l) => l.backlogMs),
      meanBacklogMs: load((l) => l.meanBacklogMs),
      congestionPerMs: load((l) => l.congestionPerMs),
      utilization: load((l) => l.utilization),
    },
    services: perVariant((report) => report.services),
    ...(energyJ.size > 0 && { energyJ }),
    draining: majority(reports.map(({ draining }) => draining)),
  };
}

/** The most frequent value; of equally frequent ones the smallest. */
function majority<T extends string | number | boolean>(values: readonly T[]): T {
  const counts = new Map<T, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return [...counts].reduce((a, b) => (b[1] > a[1] || (b[1] === a[1] && b[0] < a[0]) ? b : a))[0];
}

/** Names that at least half of the lists hold, in order. */
function atLeastHalf(lists: readonly (readonly string[])[]): string[] {
  const counts = new Map<string, number>();
  for (const name of lists.flatMap((list) => [...new Set(list)]))
    counts.set(name, (counts.get(name) ?? 0) + 1);
  return [...counts].flatMap(([name, count]) => (2 * count >= lists.length ? [name] : [])).sort(byName);
}

/** A wait that has grown or shrunk by half, and by more than a frame is likely to notice. */
function loadJumped(beforeMs: number, nowMs: number): boolean {
  const change = Math.abs(nowMs - beforeMs);
  return change > 100 && change > Math.max(beforeMs, nowMs) / 2;
}

/** Of nodes with the same tier, slots and variants, in whatever order, the same. */
const shapeOf = ({ tier, slots, variants }: ComputeNode): string =>
  JSON.stringify([tier, slots, ...variants.toSorted(byName)]);
