import type { Placement } from '@weir/domain';
import type { ActionTable } from './action-table.ts';
import { choiceOf } from './choice.ts';
import { type Constraint, constraintOn, type Lift } from './constraints.ts';
import type { Frame } from './cost.ts';

/** What one frame's first look was chosen from. Times in ms. */
export interface Explanation {
  /** Undefined when no directive is in force. */
  readonly planned: Placement | undefined;
  /** θ; infinite where the plan is obeyed. */
  readonly thresholdMs: number;
  /** μ, ms per unit of accuracy. */
  readonly priceMs: number;
  /** Least accuracy that floor and balance allowed, 0..1. */
  readonly leastAccuracy: number;
  readonly deadlineMs: number;
  readonly actions: () => readonly ExplainedAction[];
}

/** An action as it was priced for the frame. */
export interface ExplainedAction {
  readonly placement: Placement;
  readonly predictedMs: number;
  /** With the second look that would have followed. */
  readonly costMs: number;
  readonly accuracy: number;
  /** What forbade it; undefined: nothing did. */
  readonly boundBy: Constraint | 'deadline' | undefined;
}

/** Reads off a table, before it is priced for another frame, no more than the list of its actions is made of. */
export function explain(
  { actions }: Pick<ActionTable, 'actions'>,
  frame: Frame,
  { planned, thresholdMs, lift }: Pick<Explanation, 'planned' | 'thresholdMs'> & { readonly lift: Lift },
): Explanation {
  const count = actions.length;
  const times = new Float64Array(2 * count);
  const bounds = actions.map((action, index) => {
    const { costMs, late } = choiceOf(action, frame);
    times[2 * index] = action.responseMs;
    times[2 * index + 1] = costMs;
    return constraintOn(action, frame, lift) ?? (late ? 'deadline' : undefined);
  });
  const { priceMs, leastAccuracy, deadlineMs } = frame;
  return {
    planned,
    thresholdMs,
    priceMs,
    leastAccuracy,
    deadlineMs,
    actions: () =>
      actions.map(({ cost: { placement, accuracy } }, index) => ({
        placement,
        predictedMs: times[2 * index]!,
        costMs: times[2 * index + 1]!,
        accuracy,
        boundBy: bounds[index],
      })),
  };
}
