import {
  type ActionCost,
  type ComputeNode,
  type Directive,
  type LookCurves,
  type Objective,
  tightenObjective,
  type Variant,
} from '@weir/domain';
import { type ActionTable, actionTable, emptyTable, plannedCost, uncalibrated } from './action-table.ts';
import type { DispatchAction } from './dispatch-action.ts';
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
  #planned: DispatchAction | undefined;
  #table: ActionTable = emptyTable;
  #fallbackTable: ActionTable = emptyTable;

  constructor({ localNode, variants, looks, objective, trackerOf }: PlanOptions) {
    this.#accuracyOf = new Map(variants.map(({ name, accuracy }) => [name, accuracy]));
    this.#looks = looks;
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
  get planned(): DispatchAction | undefined {
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

  get allActions(): readonly DispatchAction[] {
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
      actionTable(costs, this.#objective, this.#trackerOf, this.#looks);
    this.#fallbackTable = tableOf(this.#fallbackCosts);
    const known = directive && directive.actions.length > 0 ? directive.actions : this.#fallbackCosts;
    const planned = directive && plannedCost(directive, known, this.#fallbackCosts, this.#accuracyOf);
    this.#table = tableOf(planned && !known.includes(planned) ? [...known, planned] : known);
    this.#planned = this.#table.actions.find(({ cost }) => cost === planned);
  }
}
