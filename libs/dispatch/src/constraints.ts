import { FailedPrecondition } from '@weir/base';
import type { Objective } from '@weir/domain';
import type { DispatchAction } from './action-table.ts';

/** Why an action is not allowed. */
export type Constraint = 'tier' | 'excluded' | 'unreachable' | 'ejected' | 'floor';

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
