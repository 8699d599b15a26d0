import {
  type AccuracyCorrection,
  type ActionCost,
  type ComputeNode,
  correctedAccuracies,
  correctedCurves,
  type Directive,
  type LookCurves,
  type Objective,
  tightenObjective,
  type Variant,
} from '@weir/domain';
import { type ActionTable, actionTable, emptyTable, plannedCost, uncalibrated } from './action-table.ts';
import type { PricedAction } from './dispatch-action.ts';
import type { TierTracker } from './tier-tracker.ts';

export interface PlanOptions {
  readonly localNode: ComputeNode;
  readonly variants: readonly Variant[];
  readonly looks: LookCurves | undefined;
  readonly objective: Objective;
  readonly trackerOf: (nodeId: string) => TierTracker;
}

/** What a device goes by: the newest directive, the objective that follows from it, and the actions that these leave. */
export class PlanInForce {
  readonly #accuracyOf: ReadonlyMap<string, number>;
  readonly #looks: LookCurves | undefined;
  readonly #trackerOf: (nodeId: string) => TierTracker;
  #cellObjective: Objective;
  #ownObjective: Partial<Objective> | undefined;
  #objective: Objective;
  #directive: Directive | undefined;
  #leaseEndsAt = -Infinity;
  #fallbackCosts: readonly ActionCost[];
  /** As corrected by the directive. */
  #curves: LookCurves | undefined;
  #planned: PricedAction | undefined;
  #table: ActionTable = emptyTable;
  #fallbackTable: ActionTable = emptyTable;

  constructor({ localNode, variants, looks, objective, trackerOf }: PlanOptions) {
    this.#accuracyOf = new Map(variants.map(({ name, accuracy }) => [name, accuracy]));
    this.#looks = looks;
    this.#curves = looks;
    this.#trackerOf = trackerOf;
    this.#cellObjective = objective;
    this.#objective = objective;
    this.#fallbackCosts = uncalibrated(localNode, variants);
    this.#rebuild();
  }

  get directive(): Directive | undefined {
    return this.#directive;
  }

  get objective(): Objective {
    return this.#objective;
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

  get allActions(): readonly PricedAction[] {
    return [...this.#table.actions, ...this.#fallbackTable.actions];
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
    this.#cellObjective = directive.objective;
    const { correction } = directive;
    this.#curves =
      this.#looks && correction ? correctedCurves(this.#looks, correction, this.#accuracyOf) : this.#looks;
    this.#rebuild();
    return true;
  }

  setFallbackActions(actions: readonly ActionCost[]): void {
    this.#fallbackCosts = actions;
    this.#rebuild();
  }

  setOwnObjective(objective: Partial<Objective> | undefined): void {
    this.#ownObjective = objective;
    this.#rebuild();
  }

  leaseExpired(now: number): boolean {
    return this.#directive !== undefined && now > this.#leaseEndsAt;
  }

  #rebuild(): void {
    const directive = this.#directive;
    this.#objective = tightenObjective(this.#cellObjective, this.#ownObjective);
    const tableOf = (costs: readonly ActionCost[]) =>
      actionTable(costs, this.#objective, this.#trackerOf, this.#curves);
    const { accuracyOf, own } = corrected(this.#accuracyOf, this.#fallbackCosts, directive?.correction);
    this.#fallbackTable = tableOf(own);
    const known = directive && directive.actions.length > 0 ? directive.actions : own;
    const planned = directive && plannedCost(directive, known, own, accuracyOf);
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
