import type { Results } from '../measure/results.ts';
import { type Claim, arrivalsClaims, gapsClaims, plannerClaims } from '../report/claims.ts';
import { arrivalsHeadline, beyondFivePercent, plannerHeadline } from '../report/headline.ts';

/** Whether the goals were reached, as the report's table of goals says. */
export interface Verdict {
  readonly claims: readonly Claim[];
  /** Of those that this reproduction ran; false where none was run. */
  readonly reproduced: boolean;
}

export function verdictOf(results: Results): Verdict {
  const [planner, arrivals] = [plannerHeadline(results), arrivalsHeadline(results)];
  const claims = [
    ...(planner ? plannerClaims(planner) : []),
    ...(arrivals ? arrivalsClaims(arrivals) : []),
    ...gapsClaims(beyondFivePercent(results)),
  ];
  return { claims, reproduced: claims.length > 0 && claims.every(({ held }) => !held.startsWith('✗')) };
}
