import { FailedPrecondition } from '@weir/base';
import type { Objective, Tier } from '@weir/domain';
import type { DispatchAction } from './dispatch-action.ts';
import type { Frame } from './cost.ts';
import type { TierTracker } from './tier-tracker.ts';

/** Why an action is not allowed. */
export type Constraint = 'variant' | 'tier' | 'excluded' | 'unreachable' | 'foreign' | 'ejected' | 'floor';

/** What constraints ask of a frame. */
export type Constrained = Pick<Frame, 'exclude' | 'ejectedToo' | 'leastAccuracy' | 'overdue' | 'variant'>;

/**
 * What makes up for an accuracy that the balance does not cover: the second look that has been chosen for the frame, any
 * that may yet be, or the plan, when it is obeyed: then the planner answers for the floor.
 */
export type Lift = 'chosen' | 'possible' | 'obeyed';

/** The constraint that forbids an action now, if any. */
export function constraintOn(action: DispatchAction, frame: Constrained, lift: Lift): Constraint | undefined {
  const { tierAllowed, tracker, cost } = action;
  if (frame.variant !== undefined && cost.placement.variant !== frame.variant) return 'variant';
  if (!tierAllowed) return 'tier';
  const barred = barredBy(cost.placement.nodeId, tracker, frame);
  if (barred) return barred;
  if (tracker?.foreign.has(cost.placement.variant)) return 'foreign';
  if (tracker && !frame.ejectedToo && tracker.outliers.leavesOut(cost.placement.variant)) return 'ejected';
  return coversFloor(action, frame, lift) ? undefined : 'floor';
}

/** The constraint that forbids a node now, if any. */
export function barredBy(
  nodeId: string,
  tracker: TierTracker | undefined,
  { exclude }: Constrained,
): Constraint | undefined {
  if (exclude.size > 0 && exclude.has(nodeId)) return 'excluded';
  return tracker && !tracker.usable ? 'unreachable' : undefined;
}

/** Whether the balance covers the action, by itself or by what makes up for it. */
export function coversFloor(
  { cost: { accuracy }, after }: DispatchAction,
  { leastAccuracy, overdue }: Constrained,
  lift: Lift,
): boolean {
  if (accuracy >= leastAccuracy || lift === 'obeyed') return true;
  if (!after || overdue) return false;
  const gain = lift === 'chosen' ? (after.step?.gain ?? 0) : after.mostGain;
  return accuracy + gain >= leastAccuracy;
}

/** Names every constraint with the actions it forbids. */
export function refusal(
  actions: readonly DispatchAction[],
  blockedBy: (action: DispatchAction) => Constraint | undefined,
  {
    objective: { accuracyFloor, allowedTiers: asked },
    allowedTiers,
    balance,
    frame,
  }: { objective: Objective; allowedTiers: readonly Tier[]; balance: number; frame: Constrained },
): FailedPrecondition {
  const undirected = asked.some((tier) => !allowedTiers.includes(tier));
  const who = undirected ? 'until a policy has told the objective, frames may use' : 'the objective allows';
  const ofFrame = frame.leastAccuracy > accuracyFloor;
  const say: Readonly<Record<Constraint, string>> = {
    variant: `the frame asks for ${frame.variant}`,
    tier: `${who} only ${allowedTiers.join(', ')}`,
    excluded: 'a target has already failed this frame',
    unreachable: 'a target is unreachable',
    foreign: 'a target serves another model by this name',
    ejected: 'a target keeps failing',
    floor: ofFrame
      ? `the frame asks for an accuracy of ${frame.leastAccuracy}`
      : `the accuracy floor is ${accuracyFloor} and the balance ${balance.toFixed(4)}`,
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
