import { InvalidInput } from '@weir/base';
import type { Dispatcher } from '@weir/dispatch';
import { type Directive, type Objective, mostLooks } from '@weir/domain';

type Newer = 'maxLooks' | 'auditShare';

/** A whole objective; an application that knows of no second looks, or of no audits, says nothing of them. */
export type AskedObjective = Omit<Objective, Newer> & Partial<Pick<Objective, Newer>>;

/** What this device asks beyond its cell, from its configuration or at run time. */
export class OwnObjective {
  readonly #dispatcher: Dispatcher;
  #own: Partial<Objective>;
  #cell: Objective;

  constructor(dispatcher: Dispatcher, { own, cell }: { own: Partial<Objective>; cell: Objective }) {
    this.#dispatcher = dispatcher;
    this.#own = own;
    this.#cell = cell;
    this.#apply();
  }

  /** Undefined when the device asks nothing beyond its cell; what it does not name is as the cell's. */
  get asked(): Partial<Objective> | undefined {
    return Object.keys(this.#own).length > 0 ? this.#own : undefined;
  }

  /** As it is in force: never below the cell's floor, never beyond its tiers and its deadline. */
  get inForce(): Objective {
    return this.#dispatcher.account().objective;
  }

  /** Looks and audits that are not said stay as they are. Throws InvalidInput when the cell allows none of the tiers. */
  ask(objective: AskedObjective): void {
    const { allowedTiers } = this.#cell;
    if (!objective.allowedTiers.some((tier) => allowedTiers.includes(tier)))
      throw new InvalidInput([
        {
          field: 'objective.allowed_tiers',
          description: `the cell allows only ${allowedTiers.join(', ')}`,
        },
      ]);
    const { maxLooks = this.#own.maxLooks ?? mostLooks, auditShare = this.#own.auditShare } = objective;
    this.#own = { ...objective, maxLooks, ...(auditShare !== undefined && { auditShare }) };
    this.#apply();
  }

  /** The objective of a directive holds the device's own already where the policy knows of one, its `cellTiers` do not. */
  directed({ objective, cellTiers }: Pick<Directive, 'objective' | 'cellTiers'>): void {
    if (!this.asked) this.#cell = objective;
    if (cellTiers) this.#cell = { ...this.#cell, allowedTiers: cellTiers };
  }

  #apply(): void {
    this.#dispatcher.setOwnObjective(this.asked);
  }
}
