import type { ExplainedAction } from '@weir/dispatch';
import type { agent, policy } from '@weir/proto';
import { limits, placementToWire, reasonToWire } from '@weir/wire';
import type { Look } from '../frames/frame.ts';
import type { Traced } from './traced.ts';

/** `now`: epoch ms. */
export function tracedToWire(
  { requestId, at, decision, explanation, answer, failure = '' }: Traced,
  now: number,
): policy.TracedDecision {
  const planned = explanation?.planned;
  const actions = (explanation?.actions() ?? []).toSorted(byFreedom).slice(0, limits.tracedActions);
  return {
    requestId,
    ageMs: Math.max(0, now - at),
    placement: decision && placementToWire(decision.placement),
    decision:
      decision &&
      ({
        reason: reasonToWire(answer?.reason ?? decision.reason),
        directiveVersion: BigInt(decision.directiveVersion),
        predictedMs: decision.predictedMs,
        costMs: decision.costMs,
        plannedCostMs: decision.plannedCostMs,
        balance: decision.balance,
        failedAttempts: [...(answer?.failedAttempts ?? [])],
        learner: decision.learner,
        leaseExpired: decision.leaseExpired,
        propensity: decision.propensity,
        concurrency: answer?.concurrency ?? 0,
        lookAgainBelow: decision.lookAgain?.marginBelow ?? 0,
        secondVariant: decision.lookAgain?.variant ?? '',
        savedMs: decision.savedMs,
      } satisfies agent.Decision),
    planned: planned && placementToWire(planned),
    thresholdMs: explanation?.thresholdMs ?? 0,
    accuracyPriceMs: explanation?.priceMs ?? 0,
    leastAccuracy: explanation?.leastAccuracy ?? 0,
    deadlineMs: explanation?.deadlineMs ?? 0,
    trial: decision?.trial ?? '',
    actions: actions.map(({ placement, boundBy = '', ...same }) => ({
      ...same,
      placement: placementToWire(placement),
      boundBy,
    })),
    looks: (answer?.looks ?? []).map(lookToWire),
    responseMs: answer?.responseMs ?? 0,
    failure,
  };
}

/** What was allowed comes first, then the cheapest. */
const byFreedom = (a: ExplainedAction, b: ExplainedAction): number =>
  Number(a.boundBy !== undefined) - Number(b.boundBy !== undefined) || a.costMs - b.costMs;

const lookToWire = ({ placement, failure = '' }: Pick<Look, 'placement' | 'failure'>): policy.TracedLook => ({
  placement: placement && placementToWire(placement),
  failure,
});
