import { FailedPrecondition } from '@weir/base';
import type { Objective } from '@weir/domain';
import type { DispatchAction } from './dispatch-action.ts';
import type { Frame } from './cost.ts';

/** Why an action is not allowed. */
export type Constraint = 'tier' | 'excluded' | 'unreachable' | 'ejected' | 'floor';

/** What constraints ask of a frame. */
export type Constrained = Pick<Frame, 'exclude' | 'ejectedToo' | 'leastAccuracy' | 'overdue'>;

/**
 * What makes up for an accuracy that the balance does not cover: the second look that has been chosen for the frame, any
 * that may yet be, or the plan, when it is obeyed: then the planner answers for the floor.
 */
export type Lift = 'chosen' | 'possible' | 'obeyed';

/** The constraint that forbids an action now, if any. */
export function constraintOn(action: DispatchAction, frame: Constrained, lift: Lift): Constraint | undefined {
  if (!action.tierAllowed) return 'tier';
  if (frame.exclude.has(action.cost.placement.nodeId)) return 'excluded';
  const { tracker } = action;
  if (tracker && !tracker.usable) return 'unreachable';
  if (tracker && !frame.ejectedToo && tracker.outliers.leavesOut(action.cost.placement.variant))
    return 'ejected';
  if (action.cost.accuracy < frame.leastAccuracy && !lifts(lift, action, frame)) return 'floor';
  return undefined;
}

function lifts(
  lift: Lift,
  { cost, after }: DispatchAction,
  { leastAccuracy, overdue }: Constrained,
): boolean {
  if (lift === 'obeyed') return true;
  if (!after || overdue) return false;
  const gain = lift === 'chosen' ? (after.step?.gain ?? 0) : after.mostGain;
  return cost.accuracy + gain >= leastAccuracy;
}

/** Names every constraint with the actions it forbids. */
export function refusal(
  actions: readonly DispatchAction[],
  blockedBy: (action: DispatchAction) => Constraint | undefined,
  { objective, balance }: { objective: Objective; balance: number },
): FailedPrecondition {
  const say: Readonly<Record<Constraint, string>> = {
    tier: `the objective allows only ${objective.allowedTiers.join(', ')}`,
    excluded: 'a target has already failed this frame',
    unreachable: 'a target is unreachable',
    ejected: 'a target keeps failing',
    floor: `the accuracy floor is ${objective.accuracyFloor} and the balance ${balance.toFixed(4)}`,
  };
  const blocked = new Map<Constraint, Set<string>>();
  for (const action of actions) {
    const constraint = blockedBy(action);
    if (!constraint) continue;
    const { nodeId, variant } = action.cost.placement;
    blocked.set(constraint, (blocked.get(constraint) ?? new Set()).add(`${nodeId}/${variant}`));
  }
  const reasons = [...blocked].map(([constraint, ids]) => `${say[constraint]} (${[...ids].join(', ')})`);
  return new FailedPrecondition(`no placement is allowed: ${reasons.join('; ') || 'no target is known'}`, {
    reason: 'NO_PLACEMENT_ALLOWED',
  });
}
