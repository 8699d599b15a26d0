import type {
  Cell,
  ComputeNode,
  DeviceHello,
  DeviceState,
  NodeReport,
  Objective,
  TargetReport,
  Variant,
} from '@weir/domain';
import { type CellObservation, type DeviceObservation, idleFramesPerSecond } from '@weir/learning';
import { linkClass } from './link-class.ts';

/** One device of the cell and what is known of it. */
export interface Member {
  readonly hello: DeviceHello;
  readonly local: NodeReport;
  readonly targets: readonly TargetReport[];
  readonly framesPerSecond: number;
  /** Squared coefficient of variation of the times between frames. */
  readonly arrivalVariability: number;
  readonly balance: number;
  /** Since when no session stands, ms; undefined while one does. */
  readonly disconnectedAt?: number | undefined;
}

/** Devices of a cell and the remote nodes that they name: what the learner is told. */
export class Members {
  readonly #members = new Map<string, Member>();
  /** Newest report of each remote node, whichever device that knows it brought it. */
  readonly #nodes = new Map<string, NodeReport>();
  /** Changes whenever a device, a node or a variant comes or goes. */
  #cell: { variants: readonly Variant[]; nodes: readonly ComputeNode[] } | undefined;

  get size(): number {
    return this.#members.size;
  }

  get(deviceId: string): Member | undefined {
    return this.#members.get(deviceId);
  }

  entries(): IterableIterator<[string, Member]> {
    return this.#members.entries();
  }

  /** Adds the device, or renews what is known of it. */
  add(hello: DeviceHello, disconnectedAt?: number): void {
    const { deviceId, local, targets } = hello;
    const before = this.#members.get(deviceId);
    this.#members.set(deviceId, {
      hello,
      local,
      targets,
      framesPerSecond: before?.framesPerSecond ?? 0,
      arrivalVariability: before?.arrivalVariability ?? 1,
      balance: 0,
      disconnectedAt,
    });
    this.#takeNodes(targets);
    this.#cell = undefined;
  }

  /**
   * `urgent`: something changed that cannot wait for the next regular plan; `renamed`: the device names other nodes or
   * variants than before.
   */
  update(
    deviceId: string,
    { balance, framesPerSecond, arrivalVariability, targets, local }: DeviceState,
  ): { urgent: boolean; renamed: boolean } {
    const before = this.#members.get(deviceId);
    if (!before) return { urgent: false, renamed: false };
    this.#members.set(deviceId, {
      ...before,
      framesPerSecond: framesPerSecond ?? before.framesPerSecond,
      arrivalVariability: arrivalVariability ?? before.arrivalVariability,
      targets,
      local: local ?? before.local,
      balance: balance?.balance ?? before.balance,
    });
    const loadJumped = this.#takeNodes(targets);
    const renamed = namesOf(before.local, before.targets) !== namesOf(local ?? before.local, targets);
    if (renamed) this.#cell = undefined;
    return { urgent: renamed || usable(before.targets) !== usable(targets) || loadJumped, renamed };
  }

  disconnect(deviceId: string, at: number): void {
    const member = this.#members.get(deviceId);
    if (member) this.#members.set(deviceId, { ...member, disconnectedAt: at });
  }

  /** Removes devices that have been without a session for longer than `graceMs`; says which. */
  expire(now: number, graceMs: number): string[] {
    const gone = [...this.#members]
      .filter(([, { disconnectedAt }]) => disconnectedAt !== undefined && now - disconnectedAt >= graceMs)
      .map(([deviceId]) => deviceId);
    for (const deviceId of gone) this.#members.delete(deviceId);
    if (gone.length > 0) this.#cell = undefined;
    return gone;
  }

  /** The cell with all its members. */
  cell(id: string, objective: Objective): Cell {
    const { variants, nodes } = (this.#cell ??= this.#derive());
    const known = new Set(variants.map(({ name }) => name));
    const devices = [...this.#members].map(([deviceId, { hello, local }]) => ({
      id: deviceId,
      local: { ...local.node, variants: local.node.variants.filter((variant) => known.has(variant)) },
      ...(hello.objective && { objective: hello.objective }),
    }));
    return { id, devices, nodes, variants, objective };
  }

  observation(at: number, cell: Cell): CellObservation {
    const devices = cell.devices.map(({ id }) => deviceObservation(id, this.#members.get(id)!));
    const local = cell.devices.map(({ id }) => this.#members.get(id)!.local.load);
    return { at, cell, devices, loads: [...cell.nodes.map(({ id }) => this.#nodes.get(id)!.load), ...local] };
  }

  /**
   * The same for a cell in synchronous epochs: frames do not come at a rate, and what a node reports as its utilization
   * was the last epoch's frames, which the plan counts by itself.
   */
  epochObservation(at: number, cell: Cell): CellObservation {
    const { devices, loads } = this.observation(at, cell);
    return {
      at,
      cell,
      devices: devices.map((device) => ({ ...device, framesPerSecond: 0 })),
      loads: loads.map((load) => ({ ...load, utilization: 0 })),
    };
  }

  #derive() {
    const variants = new Map<string, Variant>();
    const named = new Set<string>();
    for (const { hello, targets } of this.#members.values()) {
      for (const variant of hello.variants) variants.set(variant.name, variant);
      for (const { report } of targets) named.add(report.node.id);
    }
    for (const id of this.#nodes.keys()) if (!named.has(id)) this.#nodes.delete(id);
    const nodes = [...this.#nodes.values()].map(({ node }) => ({
      ...node,
      variants: node.variants.filter((variant) => variants.has(variant)),
    }));
    return { variants: [...variants.values()], nodes };
  }

  /** True when a node's wait has changed by much since it was last told. */
  #takeNodes(targets: readonly TargetReport[]): boolean {
    let jumped = false;
    for (const { report, reachable } of targets) {
      const before = this.#nodes.get(report.node.id);
      if (before && !isNews(report, { before, reachable })) continue;
      this.#nodes.set(report.node.id, report);
      if (!before || !sameNode(before.node, report.node)) this.#cell = undefined;
      else jumped ||= loadJumped(before.load.backlogMs, report.load.backlogMs);
    }
    return jumped;
  }
}

/**
 * A device that has not heard of a node yet makes up a report without services, and one that is cut off repeats an old
 * one: neither speaks for a cell that knows better.
 */
const isNews = (
  report: NodeReport,
  { before, reachable }: { before: NodeReport; reachable: boolean },
): boolean => report.services.size > 0 && (reachable || before.services.size === 0);

const namesOf = (local: NodeReport, targets: readonly TargetReport[]): string =>
  JSON.stringify([local, ...targets.map(({ report }) => report)].map(({ node }) => [node.id, node.variants]));

const usable = (targets: readonly TargetReport[]): string =>
  JSON.stringify(targets.map(({ report, reachable }) => [report.node.id, reachable && !report.draining]));

/** A wait that has grown or shrunk by half, and by more than a frame is likely to notice. */
function loadJumped(beforeMs: number, nowMs: number): boolean {
  const change = Math.abs(nowMs - beforeMs);
  return change > 100 && change > Math.max(beforeMs, nowMs) / 2;
}

const sameNode = (a: ComputeNode, b: ComputeNode): boolean =>
  a.tier === b.tier && a.slots === b.slots && a.variants.join() === b.variants.join();

function deviceObservation(deviceId: string, member: Member): DeviceObservation {
  return {
    deviceId,
    links: member.targets.map(({ report: { node, services, draining }, roundTripMs, reachable }) => ({
      nodeId: node.id,
      reachable: reachable && !draining,
      roundTripMs,
      class: linkClass(node.tier, roundTripMs),
      services,
    })),
    calibration: member.local.services,
    framesPerSecond: Math.max(idleFramesPerSecond, member.framesPerSecond),
    arrivalVariability: member.arrivalVariability,
    balance: member.balance,
  };
}
