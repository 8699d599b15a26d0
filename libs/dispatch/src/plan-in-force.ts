import {
  type AccuracyCorrection,
  type ActionCost,
  type Canary,
  type ComputeNode,
  correctedAccuracies,
  correctedCurves,
  type Directive,
  type LookCurves,
  type Objective,
  type Placement,
  type Tier,
  tightenObjective,
  type Variant,
} from '@weir/domain';
import { type ActionTable, actionTable, emptyTable, plannedCost, uncalibrated } from './action-table.ts';
import type { DispatchAction, PricedAction } from './dispatch-action.ts';
import type { DispatchFamily } from './dispatcher.ts';
import type { TierTracker } from './tier-tracker.ts';

export interface PlanOptions {
  readonly localNode: ComputeNode;
  readonly variants: readonly Variant[];
  readonly looks: LookCurves | undefined;
  readonly objective: Objective;
  /** As in DispatcherOptions. */
  readonly undirectedTiers: readonly Tier[] | undefined;
  readonly trackerOf: (nodeId: string) => TierTracker;
}

/** What a device goes by: the newest directive, the objective that follows from it, and the actions that these leave. */
export class PlanInForce {
  #accuracyOf: ReadonlyMap<string, number>;
  #looks: LookCurves | undefined;
  /** By the variant that each stands in for; undefined: none. */
  #canaries: ReadonlyMap<string, Canary> | undefined;
  /** Variants that are not to be chosen: canaries, and retired ones. */
  #hidden: ReadonlySet<string> = new Set();
  readonly #trackerOf: (nodeId: string) => TierTracker;
  #cellObjective: Objective;
  #ownObjective: Partial<Objective> | undefined;
  #objective: Objective;
  readonly #undirectedTiers: readonly Tier[] | undefined;
  #directive: Directive | undefined;
  #leaseEndsAt = -Infinity;
  #fallbackCosts: readonly ActionCost[];
  /** As corrected by the directive. */
  #curves: LookCurves | undefined;
  #planned: PricedAction | undefined;
  #table: ActionTable = emptyTable;
  #fallbackTable: ActionTable = emptyTable;
  #canaryTable: ActionTable = emptyTable;

  constructor({ localNode, variants, looks, objective, undirectedTiers, trackerOf }: PlanOptions) {
    this.#accuracyOf = new Map(variants.map(({ name, accuracy }) => [name, accuracy]));
    this.#looks = looks;
    this.#curves = looks;
    this.#trackerOf = trackerOf;
    this.#cellObjective = objective;
    this.#objective = objective;
    this.#undirectedTiers = undirectedTiers;
    this.#fallbackCosts = uncalibrated(localNode, variants);
    this.#rebuild();
  }

  get directive(): Directive | undefined {
    return this.#directive;
  }

  /** False while the cell's floor is still to be told. */
  get knowsFloor(): boolean {
    return this.#directive !== undefined || this.#undirectedTiers === undefined;
  }

  get objective(): Objective {
    return this.#objective;
  }

  /** Tiers that frames may use now. */
  get allowedTiers(): readonly Tier[] {
    const undirected = this.#directive ? undefined : this.#undirectedTiers;
    return tightenObjective(this.#objective, undirected && { allowedTiers: undirected }).allowedTiers;
  }

  /** Undefined without a plan. */
  get planned(): PricedAction | undefined {
    return this.#planned;
  }

  /** The directive's actions, or the device's own where it has none. */
  get table(): ActionTable {
    return this.#table;
  }

  /** Where to turn when `table` allows nothing; what was ejected is better than nothing. */
  get resorts(): readonly (readonly [table: ActionTable, ejectedToo: boolean])[] {
    return [
      [this.#fallbackTable, false],
      [this.#table, true],
      [this.#fallbackTable, true],
    ];
  }

  /** Network time of a frame to a node by the device's own measurements, ms; undefined where it has none. */
  measuredMs(nodeId: string): number | undefined {
    const known = this.#fallbackCosts.find(({ placement }) => placement.nodeId === nodeId);
    return known && known.networkMs > 0 ? known.networkMs : undefined;
  }

  get allActions(): readonly PricedAction[] {
    return [...this.#table.actions, ...this.#fallbackTable.actions];
  }

  /** What canaries may run at, in the place of the variants that they stand in for. */
  get canaryActions(): readonly PricedAction[] {
    return this.#canaryTable.actions;
  }

  /** The canary of an action's variant, at the same node; undefined where there is none. */
  canaryOf({ cost: { placement } }: DispatchAction): { canary: Canary; action: PricedAction } | undefined {
    const canary = this.#canaries?.get(placement.variant);
    if (!canary) return undefined;
    const action = this.#canaryTable.actions.find(
      ({ cost }) => cost.placement.nodeId === placement.nodeId && cost.placement.variant === canary.variant,
    );
    return action && { canary, action };
  }

  /** Version of the device's own curves. */
  get curves(): string | undefined {
    return this.#looks?.version;
  }

  /** False for an older version of the same instance, which is ignored. */
  apply(directive: Directive, now: number): boolean {
    const current = this.#directive;
    if (current?.instanceId === directive.instanceId && directive.version < current.version) return false;
    this.#directive = directive;
    this.#leaseEndsAt = now + directive.leaseMs;
    const { objective, cellTiers = objective.allowedTiers } = directive;
    this.#cellObjective = { ...objective, allowedTiers: cellTiers };
    this.#correctCurves();
    this.#rebuild();
    return true;
  }

  renewLease(version: number, now: number): void {
    if (this.#directive?.version === version) this.#leaseEndsAt = now + this.#directive.leaseMs;
  }

  setFallbackActions(actions: readonly ActionCost[]): void {
    this.#fallbackCosts = actions;
    this.#rebuild();
  }

  setOwnObjective(objective: Partial<Objective> | undefined): void {
    this.#ownObjective = objective;
    this.#rebuild();
  }

  setFamily({ variants, looks, canaries = [], retired = new Set() }: DispatchFamily): void {
    this.#accuracyOf = new Map(variants.map(({ name, accuracy }) => [name, accuracy]));
    this.#looks = looks;
    this.#canaries = canaries.length > 0 ? new Map(canaries.map((canary) => [canary.of, canary])) : undefined;
    this.#hidden = new Set([...retired, ...canaries.map(({ variant }) => variant)]);
    this.#correctCurves();
    this.#rebuild();
  }

  leaseExpired(now: number): boolean {
    return this.#directive !== undefined && now > this.#leaseEndsAt;
  }

  #correctCurves(): void {
    const correction = this.#directive?.correction;
    this.#curves =
      this.#looks && correction ? correctedCurves(this.#looks, correction, this.#accuracyOf) : this.#looks;
  }

  #rebuild(): void {
    const directive = this.#directive;
    this.#objective = tightenObjective(this.#cellObjective, this.#ownObjective);
    const objective = { ...this.#objective, allowedTiers: this.allowedTiers };
    const tableOf = (costs: readonly ActionCost[]) =>
      actionTable(costs, objective, this.#trackerOf, this.#curves);
    const { accuracyOf, own: all } = corrected(this.#accuracyOf, this.#fallbackCosts, directive?.correction);
    const isOpen = ({ placement }: { placement: Placement }) => !this.#hidden.has(placement.variant);
    const own = all.filter(isOpen);
    this.#fallbackTable = tableOf(own);
    const standsIn = new Set([...(this.#canaries?.values() ?? [])].map(({ variant }) => variant));
    this.#canaryTable = tableOf(all.filter(({ placement }) => standsIn.has(placement.variant)));
    // A directive may be older than the family.
    const directed = directive?.actions.filter(isOpen) ?? [];
    const known = directed.length > 0 ? directed : own;
    const planned =
      directive && isOpen({ placement: directive.planned })
        ? plannedCost(directive, known, own, accuracyOf)
        : undefined;
    this.#table = tableOf(planned && !known.includes(planned) ? [...known, planned] : known);
    this.#planned = this.#table.actions.find(({ cost }) => cost === planned);
  }
}

/** What the device knows by itself, as its cell's pictures have it. `accuracyOf`: of its family. */
function corrected(
  accuracyOf: ReadonlyMap<string, number>,
  own: readonly ActionCost[],
  correction: AccuracyCorrection | undefined,
): { readonly accuracyOf: ReadonlyMap<string, number>; readonly own: readonly ActionCost[] } {
  if (!correction) return { accuracyOf, own };
  // A worker may serve variants that the device's own family lacks.
  const listed = own.map(({ placement, accuracy }) => [placement.variant, accuracy] as const);
  const known = correctedAccuracies(new Map([...listed, ...accuracyOf]), correction);
  return {
    accuracyOf: known,
    own: own.map((cost) => ({ ...cost, accuracy: known.get(cost.placement.variant)! })),
  };
}
