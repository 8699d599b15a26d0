import { type Clock, finish, mapInSteps, type Steps, systemClock } from '@weir/base';
import type {
  Cell,
  ComputeNode,
  Device,
  DeviceHello,
  DeviceState,
  FamilyIdentity,
  LookCurves,
  NodeReport,
  Objective,
  Outcome,
  TargetReport,
  Tier,
  Variant,
} from '@weir/domain';
import { type CellObservation, type DeviceObservation, idleFramesPerSecond } from '@weir/learning';
import type { StoredDevice } from '@weir/storage';
import { byName } from './by-name.ts';
import { linkClass } from './link-class.ts';
import type { KnownFamilies } from './known-families.ts';
import { LookSets } from './look-sets.ts';
import { NodeReports, type SharedName } from './node-reports.ts';
import { sharing } from './sharing.ts';
import { ShownDemand } from './shown-demand.ts';
import { type ClaimRanks, type DeviantClaim, VariantFacts } from './variant-facts.ts';

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
  /** When what it says of its variants was first said in this cell. */
  readonly variantRanks: ClaimRanks;
}

/** Models of one device that cannot be planned together with a cell's. */
export interface FamilyConflict {
  /** The cell's family; absent when no device tells it. */
  readonly family?: FamilyIdentity;
  /** Variants that are other models under the same name; none where only the families' names differ. */
  readonly variants: readonly string[];
}

/** Faults of what devices say together; each is told once. */
export interface MemberFaults {
  /** What this device says of a variant counts for nobody, itself included. */
  onDeviantClaim(claim: DeviantClaim): void;
  /** Two workers are one node to the cell. */
  onSharedName(shared: SharedName): void;
  /** A device has the name of a node: no frame is sent to that node. */
  onDeviceNamedLikeNode(deviceId: string): void;
}

export interface MembersOptions {
  /** @default the system's */
  readonly clock?: Clock;
  /** @default told to nobody */
  readonly faults?: MemberFaults;
  /** What is known of model families: members redefine none of it. @default nothing, and the majority of them is believed */
  readonly families?: KnownFamilies | undefined;
}

/** Remote nodes of one cell, and variants; beyond, those that the most devices name are kept. */
const mostNodes = 1_024;
const mostVariants = 1_024;
/** Squared coefficient of variation of arrivals that is believed. */
const mostVariability = 16;

/** What a cell knows of its models. */
export interface MemberFamily {
  readonly variants: readonly Variant[];
  readonly looks: LookCurves | undefined;
  /** Of the variants, by name. */
  readonly accuracies: ReadonlyMap<string, number>;
}

/** Devices of a cell and the remote nodes that they name: what the learner is told. */
export class Members {
  readonly #clock: Clock;
  readonly #faults: MemberFaults | undefined;
  readonly #members = new Map<string, Member>();
  readonly #nodes: NodeReports;
  readonly #facts: VariantFacts;
  readonly #looks: LookSets;
  readonly #demand = new ShownDemand();
  readonly #namedLikeNode = new Set<string>();
  /** Changes whenever a device, a node or a variant comes or goes. */
  #cell: (MemberFamily & { readonly nodes: readonly ComputeNode[] }) | undefined;
  /** Of the cell. Changes with it, and with the slots of a device. */
  #devices: readonly Device[] | undefined;

  constructor({ clock = systemClock, faults, families }: MembersOptions = {}) {
    this.#clock = clock;
    this.#faults = faults;
    this.#nodes = new NodeReports((shared) => faults?.onSharedName(shared));
    this.#facts = new VariantFacts((claim) => faults?.onDeviantClaim(claim), families);
    this.#looks = new LookSets(families);
  }

  get size(): number {
    return this.#members.size;
  }

  get ids(): string[] {
    return [...this.#members.keys()];
  }

  get(deviceId: string): Member | undefined {
    return this.#members.get(deviceId);
  }

  entries(): IterableIterator<[string, Member]> {
    return this.#members.entries();
  }

  /** Why the device cannot be planned together with the others of the cell; undefined: it can. */
  conflict({ deviceId, family: own, variants }: DeviceHello): FamilyConflict | undefined {
    const conflicting = this.#facts.conflicting(deviceId, variants);
    const family = this.#familyOfOthers(deviceId);
    const named = own && family && own.name !== family.name;
    if (!named && conflicting.length === 0) return undefined;
    return { variants: conflicting, ...(family && { family }) };
  }

  /** Adds the device, or renews what is known of it. */
  add({ variantRanks, looks: claimed, ...hello }: StoredDevice, disconnectedAt?: number): void {
    const { deviceId, local } = hello;
    const variants = this.#facts.claim(deviceId, hello.variants, variantRanks);
    const looks = this.#looks.claim(deviceId, claimed);
    const before = this.#members.get(deviceId);
    const targets = this.#sharing(hello.targets, before);
    this.#members.set(deviceId, {
      hello: { ...hello, variants, targets, ...(looks && { looks }) },
      local,
      targets,
      framesPerSecond: before?.framesPerSecond ?? 0,
      arrivalVariability: before?.arrivalVariability ?? 1,
      balance: 0,
      disconnectedAt,
      variantRanks: this.#facts.ranksOf(deviceId),
    });
    this.#takeNodes(deviceId, targets);
    this.#changed();
  }

  /**
   * `urgent`: something changed that cannot wait for the next regular plan; `renamed`: the device names other nodes or
   * variants than before.
   */
  update(
    deviceId: string,
    { balance, framesPerSecond, arrivalVariability, ...reported }: DeviceState,
  ): { urgent: boolean; renamed: boolean } {
    const before = this.#members.get(deviceId);
    if (!before) return { urgent: false, renamed: false };
    const local = reported.local && sharing(reported.local, before.local);
    const targets = this.#sharing(reported.targets, before);
    this.#members.set(deviceId, {
      ...before,
      framesPerSecond: framesPerSecond ?? before.framesPerSecond,
      arrivalVariability: arrivalVariability ?? before.arrivalVariability,
      targets,
      local: local ?? before.local,
      balance: balance?.balance ?? before.balance,
    });
    const loadJumped = this.#takeNodes(deviceId, targets);
    const renamed =
      !sameNames(before.local, local ?? before.local) ||
      !sameLists(before.targets, targets, (a, b) => sameNames(a.report, b.report));
    if (renamed) this.#changed();
    if (local && local.node.slots !== before.local.node.slots) this.#devices = undefined;
    // Where names are the same, so is the order of the targets.
    const urgent = renamed || before.targets.some((target, at) => usable(target) !== usable(targets[at]!));
    return { urgent: urgent || loadJumped, renamed };
  }

  disconnect(deviceId: string, at: number): void {
    const member = this.#members.get(deviceId);
    if (!member) return;
    this.#members.set(deviceId, { ...member, disconnectedAt: at });
    // It does not hear of changes any more.
    this.#nodes.forget(deviceId);
  }

  /** Removes devices that have been without a session for longer than `graceMs`; says which. */
  expire(now: number, graceMs: number): string[] {
    const gone = [...this.#members]
      .filter(([, { disconnectedAt }]) => disconnectedAt !== undefined && now - disconnectedAt >= graceMs)
      .map(([deviceId]) => deviceId);
    for (const deviceId of gone) {
      this.#members.delete(deviceId);
      this.#nodes.forget(deviceId);
      this.#facts.withdraw(deviceId);
      this.#looks.withdraw(deviceId);
      this.#demand.forget(deviceId);
    }
    if (gone.length > 0) this.#changed();
    return gone;
  }

  /** By the benchmark of a remote node, as its members agree; undefined where they know of none. */
  serviceMs(nodeId: string, variant: string): number | undefined {
    return this.#nodes.serviceMs(nodeId, variant);
  }

  /** What came of the frames of members. */
  answered(outcomes: readonly Outcome[]): void {
    const now = this.#clock.now();
    for (const { deviceId, shadow } of outcomes)
      if (!shadow && this.#members.has(deviceId)) this.#demand.answered(deviceId, now);
  }

  /** The cell with all its members. Its lists are ordered by name, whatever the order of joining. */
  cell(id: string, objective: Objective): Cell {
    const { variants, nodes, looks } = (this.#cell ??= this.#derive());
    const devices = (this.#devices ??= this.#describe(this.#cell));
    return { id, devices, nodes, variants, ...(looks && { looks }), objective };
  }

  /** What its devices say of their models, as in the cell. */
  family(): MemberFamily {
    return (this.#cell ??= this.#derive());
  }

  observation(at: number, cell: Cell): CellObservation {
    return finish(this.observationInSteps(at, cell));
  }

  /** The same; what is reported between the steps is not in it. */
  *observationInSteps(at: number, cell: Cell): Steps<CellObservation> {
    const members = cell.devices.map(({ id }) => this.#members.get(id)!);
    const nodes = cell.nodes.map(({ id, tier }) => ({ id, tier, report: this.#nodes.get(id)! }));
    const now = this.#clock.now();
    const devices = yield* mapInSteps(members, (member) => this.#deviceObservation(member, nodes, now));
    const loads = [...nodes.map(({ report }) => report.load), ...members.map(({ local }) => local.load)];
    return { at, cell, devices, loads };
  }

  /** Frames per second of each device that counts as one of the cell. */
  *ratesInSteps({ devices }: Cell): Steps<Pick<DeviceObservation, 'deviceId' | 'framesPerSecond'>[]> {
    const members = devices.map(({ id }) => this.#members.get(id)!);
    const now = this.#clock.now();
    return yield* mapInSteps(members, (member) => ({
      deviceId: member.hello.deviceId,
      framesPerSecond: this.#framesPerSecond(member, now),
    }));
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

  #changed(): void {
    this.#cell = undefined;
    this.#devices = undefined;
  }

  #describe({ variants, looks }: MemberFamily): Device[] {
    const known = new Set(variants.map(({ name }) => name));
    return [...this.#members]
      .map(([deviceId, { hello, local }]) => ({
        id: deviceId,
        local: {
          ...local.node,
          variants: local.node.variants.filter((variant) => known.has(variant)).sort(byName),
        },
        // A version is a claim: only what is the same counts as that.
        ...(looks && hello.looks === looks && { curves: looks.version }),
        ...(hello.objective && { objective: hello.objective }),
      }))
      .sort((a, b) => byName(a.id, b.id));
  }

  #derive() {
    const naming = new Map<string, number>();
    for (const { targets } of this.#members.values())
      for (const { report } of targets) naming.set(report.node.id, (naming.get(report.node.id) ?? 0) + 1);
    this.#nodes.keep(mostNamed(naming, mostNodes));
    const variants = this.#facts.established(mostVariants);
    const known = new Set(variants.map(({ name }) => name));
    const nodes = this.#nodes
      .nodes()
      .filter(({ id }) => !this.#isDevice(id))
      .map((node) => ({ ...node, variants: node.variants.filter((variant) => known.has(variant)) }));
    const accuracies = new Map(variants.map(({ name, accuracy }) => [name, accuracy]));
    return { variants, nodes, looks: this.#looks.established(), accuracies };
  }

  /** A device speaks for itself under its name; that others call a node so is hearsay. */
  #isDevice(nodeId: string): boolean {
    if (!this.#members.has(nodeId)) return false;
    if (!this.#namedLikeNode.has(nodeId)) this.#faults?.onDeviceNamedLikeNode(nodeId);
    this.#namedLikeNode.add(nodeId);
    return true;
  }

  #familyOfOthers(deviceId: string): FamilyIdentity | undefined {
    for (const [id, { hello }] of this.#members) if (id !== deviceId && hello.family) return hello.family;
    return undefined;
  }

  #sharing(targets: readonly TargetReport[], before: Member | undefined): TargetReport[] {
    return targets.map((target, at) => {
      const { id } = target.report.node;
      const own = before?.targets[at]?.report;
      return { ...target, report: sharing(target.report, own?.node.id === id ? own : this.#nodes.anyOf(id)) };
    });
  }

  /** True when a node's wait has changed by much since it was last told. */
  #takeNodes(deviceId: string, targets: readonly TargetReport[]): boolean {
    let anyJumped = false;
    for (const target of targets) {
      const { changed, jumped } = this.#nodes.take(deviceId, target, this.#clock.now());
      if (changed) this.#changed();
      anyJumped ||= jumped;
    }
    return anyJumped;
  }

  #deviceObservation(
    member: Member,
    nodes: readonly { readonly id: string; readonly tier: Tier; readonly report: NodeReport }[],
    now: number,
  ): DeviceObservation {
    const targets = new Map(member.targets.map((target) => [target.report.node.id, target]));
    return {
      deviceId: member.hello.deviceId,
      links: nodes.flatMap(({ id: nodeId, tier, report: { services } }) => {
        const target = targets.get(nodeId);
        if (!target) return [];
        const { report, roundTripMs, reachable } = target;
        return {
          nodeId,
          reachable: reachable && !report.draining,
          roundTripMs,
          class: linkClass(tier, roundTripMs),
          services,
        };
      }),
      calibration: member.local.services,
      framesPerSecond: this.#framesPerSecond(member, now),
      arrivalVariability: Math.min(mostVariability, member.arrivalVariability),
      balance: member.balance,
    };
  }

  #framesPerSecond({ hello: { deviceId }, framesPerSecond }: Member, now: number): number {
    return Math.max(idleFramesPerSecond, Math.min(framesPerSecond, this.#demand.most(deviceId, now)));
  }
}

/** As many names as that; of more those that are named most often, then those that were named first. */
function mostNamed(naming: ReadonlyMap<string, number>, most: number): ReadonlySet<string> {
  if (naming.size <= most) return new Set(naming.keys());
  const names = [...naming].sort(([, a], [, b]) => b - a).map(([name]) => name);
  return new Set(names.slice(0, most));
}

const sameLists = <T>(a: readonly T[], b: readonly T[], same: (a: T, b: T) => boolean): boolean =>
  a.length === b.length && a.every((each, at) => same(each, b[at]!));

const sameNames = ({ node: a }: NodeReport, { node: b }: NodeReport): boolean =>
  a.id === b.id && sameLists(a.variants, b.variants, (one, other) => one === other);

const usable = ({ report, reachable }: TargetReport): boolean => reachable && !report.draining;
