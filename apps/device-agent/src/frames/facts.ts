import type { InferenceFacts } from '@weir/telemetry';
import type { Answered } from './attempt.ts';
import type { FrameAnswer } from './frame.ts';
import { marginOf } from './sureness.ts';

/** What the span of a look tells once it has answered. */
export function lookFacts({ decision, at, end, answer }: Answered): InferenceFacts {
  const { placement, predictedMs } = decision;
  const responseMs = end - at;
  return {
    ...placement,
    predictedMs,
    responseMs,
    predictionErrorMs: responseMs - predictedMs,
    margin: marginOf(answer),
    energyJ: answer.energyJ,
    concurrency: answer.concurrency,
  };
}

/** What the span of the whole inference tells. */
export function frameFacts({
  decision,
  reason,
  looks,
  responseMs,
  predictedMs,
  ...answer
}: FrameAnswer): InferenceFacts {
  return {
    ...answer.placement,
    directiveVersion: decision.directiveVersion,
    learner: decision.learner,
    reason,
    decision: reason === 'explored' ? 'explored' : 'exploited',
    propensity: decision.propensity,
    leaseExpired: decision.leaseExpired,
    costMs: decision.costMs,
    plannedCostMs: decision.plannedCostMs,
    predictedMs,
    predictionErrorMs: responseMs - predictedMs,
    responseMs,
    expectedAccuracy: decision.accuracy,
    energyJ: answer.energyJ,
    concurrency: answer.concurrency,
    looks: looks.filter(({ failure }) => failure === undefined).length,
    lookAgainBelow: decision.lookAgain?.marginBelow,
  };
}
