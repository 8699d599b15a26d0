import { type agent, common } from '@weir/proto';
import { hopsToWire, placementToWire, reasonToWire } from '@weir/wire';
import type { FrameAnswer, Look } from './frame.ts';

/** `balance`: of the device, now, frames × accuracy. */
export function answerToWire(
  answer: FrameAnswer,
  { requestId, balance, trace }: Pick<agent.InferResponse, 'requestId' | 'trace'> & { balance: number },
): agent.InferResponse {
  const { decision } = answer;
  return {
    requestId,
    classification: answer.classification,
    placement: placementToWire(answer.placement),
    hops: hopsToWire(answer.hops),
    responseMs: answer.responseMs,
    decision: {
      reason: reasonToWire(answer.reason),
      directiveVersion: BigInt(decision.directiveVersion),
      predictedMs: answer.predictedMs,
      costMs: decision.costMs,
      plannedCostMs: decision.plannedCostMs,
      balance,
      failedAttempts: [...answer.failedAttempts],
      learner: decision.learner,
      leaseExpired: decision.leaseExpired,
      propensity: decision.propensity,
      concurrency: answer.concurrency,
      lookAgainBelow: decision.lookAgain?.marginBelow ?? 0,
      secondVariant: decision.lookAgain?.variant ?? '',
      savedMs: decision.savedMs,
    },
    expectedAccuracy: decision.accuracy,
    energyJ: answer.energyJ,
    trace,
    looks: answer.looks.map(lookToWire),
    outputs: [...answer.outputs],
  };
}

const lookToWire = ({ variant, placement, classification, hops, failure = '' }: Look): agent.Look => ({
  placement: placement ? placementToWire(placement) : { tier: common.Tier.UNSPECIFIED, nodeId: '', variant },
  classification,
  hops: hopsToWire(hops),
  failure,
});
