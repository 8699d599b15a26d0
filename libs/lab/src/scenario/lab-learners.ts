/** What runs beside learners in the lab, and is none. */

/** The planner, with one look a frame. */
export const oneLookPlanner = 'planner-one-look';
/** One fixed threshold on the first look's margin, tuned in hindsight. */
export const thresholdRule = 'threshold';

/** A bandit over second looks, whose variants, places and price of a wrong answer are tuned in hindsight. */
export const hiLcbRule = 'hi-lcb';
/** The quickest joint placement with a second look of its own for each device, in hindsight. */
export const twoLookOracle = 'oracle-two-looks';

/** Always looks again at the least certain frames, so many per cent of them. */
export const escalatePattern = /^escalate-([1-9]\d?)$/;

/** Of escalate-25, 0.25; undefined for others. */
export function escalatedShare(learner: string): number | undefined {
  const percent = escalatePattern.exec(learner)?.[1];
  return percent === undefined ? undefined : Number(percent) / 100;
}

/** Rules that are tuned by what the family answers to the pictures that are shown. */
export const isHindsight = (learner: string): boolean =>
  [thresholdRule, hiLcbRule, twoLookOracle].includes(learner) || escalatedShare(learner) !== undefined;

/** Names of rules for command lines and messages. */
export const isLabLearner = (learner: string): boolean => learner === oneLookPlanner || isHindsight(learner);
