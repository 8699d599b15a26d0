import type { Steps } from '@weir/base';
import { asCorrected, type Objective, tightenObjective } from '@weir/domain';
import type { CellCorrection, Plan } from '@weir/learning';
import type { CellDevices } from '../cell/devices.ts';
import type { Undated } from '../sessions/directive-change.ts';

export interface DirectiveTerms {
  /** Of the plan, by device; absent: the plan's own holds for all. */
  readonly propensities?: ReadonlyMap<string, number> | undefined;
  /** Of the cell; a device's own tightens it. */
  readonly objective: Objective;
  readonly learner: string;
  readonly leaseMs: number;
  /** The joint placement is tried as a whole: no device deviates from it. */
  readonly obey: boolean;
  /** With whose `plan` the plan was made. */
  readonly correction: CellCorrection | undefined;
}

/** What each connected device is told of a plan; one that the plan does not cover is told nothing. */
export function* directivesOf(
  plan: Plan,
  { members, sessions, ledger }: CellDevices,
  { objective, learner, leaseMs, obey, correction, propensities }: DirectiveTerms,
): Steps<Map<string, Undated>> {
  const directives = new Map<string, Undated>();
  const { variants } = members.family();
  for (const [index, deviceId] of [...sessions.deviceIds()].entries()) {
    if (index > 0 && index % 256 === 0) yield;
    const planned = plan.placements.get(deviceId);
    const member = members.get(deviceId);
    if (!planned || !member) continue;
    const thresholdMs = obey ? Infinity : plan.thresholdMs;
    // Who may depart from the plan looks again as it finds best.
    const secondLook = thresholdMs === Infinity ? plan.secondLooks?.get(deviceId) : undefined;
    const own = correction?.of(deviceId);
    const actions = plan.actions.get(deviceId) ?? [];
    directives.set(deviceId, {
      leaseMs,
      learner,
      planned,
      ...(secondLook && { secondLook }),
      thresholdMs,
      explored: plan.explored,
      propensity: propensities ? (propensities.get(deviceId) ?? 0) : plan.propensity,
      actions: own === correction?.plan ? actions : asCorrected(actions, variants, own),
      accuracyPriceMs: plan.accuracyPriceMs,
      objective: tightenObjective(objective, member.hello.objective),
      cellTiers: objective.allowedTiers,
      ledger: ledger.ledgerOf(deviceId),
      predictedMs: plan.predictedMs.get(deviceId) ?? 0,
      ...(own && { correction: own }),
    });
  }
  return directives;
}
