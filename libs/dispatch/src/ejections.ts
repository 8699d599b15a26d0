import type { Random } from '@weir/base';
import { cheapest } from './choice.ts';
import { predictedMs } from './cost.ts';
import type { DispatchAction } from './dispatch-action.ts';
import type { Frames } from './frames.ts';
import type { EjectionChange } from './node-outliers.ts';
import type { Verdict } from './outlier-circuit.ts';
import type { PlanInForce } from './plan-in-force.ts';
import type { TierTracker } from './tier-tracker.ts';

/** A look's end, as it speaks for or against its target. */
export interface Observed {
  readonly variant: string;
  readonly verdict: Verdict;
  readonly sentAt: number;
  /** Infinity without an answer. */
  readonly tookMs: number;
}

/** Which targets are left out for how they do (node-outliers.ts), as far as the others allow it. */
export class Ejections {
  readonly #plan: PlanInForce;
  readonly #frames: Frames;
  readonly #random: Random;
  readonly #onChange: (change: EjectionChange) => void;

  constructor(
    plan: PlanInForce,
    frames: Frames,
    random: Random,
    onChange: (change: EjectionChange) => void = () => {},
  ) {
    this.#plan = plan;
    this.#frames = frames;
    this.#random = random;
    this.#onChange = onChange;
  }

  judge(tracker: TierTracker, observed: Observed, now: number): void {
    const { table } = this.#plan;
    const { trackers, actions } = table;
    const limits = {
      node: () =>
        2 * (trackers.filter(({ outliers }) => outliers.ejection).length + 1) <= trackers.length + 1,
      variants: () => actions.filter((action) => action.tracker === tracker).length,
      somethingFaster: () => {
        const frame = this.#frames.choosing(table, now, { exclude: [tracker.nodeId] });
        const other = cheapest(table, frame, this.#random);
        return other !== undefined && predictedMs(other.action, frame) < observed.tookMs;
      },
    };
    const change = tracker.outliers.observe(observed, limits, now);
    if (change) this.#onChange(change);
  }

  /** The action that a probe is to try, if one is due. */
  suspectDue(targets: Iterable<TierTracker>, now: number): DispatchAction | undefined {
    for (const tracker of targets) {
      if (!tracker.outliers.any || !tracker.isUsable(now)) continue;
      const actions = [...this.#plan.allActions, ...this.#plan.canaryActions].filter(
        ({ tracker: on, tierAllowed, cost }) =>
          on === tracker && tierAllowed && !tracker.foreign.has(cost.placement.variant),
      );
      const variant = actions.length > 0 ? tracker.outliers.probeDue(now) : undefined;
      if (variant === undefined) continue;
      return actions.find(({ cost }) => cost.placement.variant === variant) ?? actions[0]!;
    }
    return undefined;
  }
}
