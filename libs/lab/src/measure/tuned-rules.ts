import type { HiLcbOptions } from '@weir/learning';
import { escalatedShare, hiLcbRule, twoLookOracle } from '../scenario/lab-learners.ts';
import { type FixedThreshold, type HindsightOptions, tuneThreshold } from './hindsight.ts';
import { tuneHiLcb } from './tune-hi-lcb.ts';
import { tuneTwoLooks } from './two-look-oracle.ts';

/** What a rule that is tuned in hindsight does: always the same, or what a bandit with these options learns. */
export type TunedRule = FixedThreshold | Pick<HiLcbOptions, 'first' | 'second' | 'nodeOf' | 'priceMs'>;

export interface TuningOptions extends Pick<
  HindsightOptions,
  'table' | 'answers' | 'floor' | 'ratePerMs' | 'arrivalVariability'
> {
  /** Frames that each rule will see, those that it learns from included. */
  readonly frames: number;
}

/** What is tuned of each of the rules; undefined: nothing that it can do meets the floor. */
export const tunedRules = (
  rules: readonly string[],
  options: TuningOptions,
): ReadonlyMap<string, TunedRule | undefined> => new Map(rules.map((rule) => [rule, tuned(rule, options)]));

function tuned(rule: string, { frames, ...options }: TuningOptions): TunedRule | undefined {
  if (rule === twoLookOracle) return tuneTwoLooks(options);
  if (rule === hiLcbRule) return tuneHiLcb({ ...options, frames });
  const share = escalatedShare(rule);
  return tuneThreshold({ ...options, ...(share !== undefined && { share }) });
}
