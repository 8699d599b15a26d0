import type { Random } from '@weir/base';
import type { LookCurves, Outcome, Placement, Variant } from '@weir/domain';
import { type Stratum, strataOf } from './curve-strata.ts';

/** About what the embedded family's smallest and largest variants are to each other. */
export const guardedVariants: readonly Variant[] = [
  { name: 'best', macs: 500e6, precision: 'fp32', accuracy: 0.87 },
  { name: 'small', macs: 40e6, precision: 'int8', accuracy: 0.81 },
];
export const guardedLooks: LookCurves = {
  version: 'curves-1',
  pictures: 20_000,
  curves: [
    {
      first: 'small',
      second: 'best',
      changed: 0.143,
      steps: [
        { marginBelow: 0.08, share: 0.04, gain: 0.0104, standardError: 0.001, changed: 0.0221 },
        { marginBelow: 0.24, share: 0.12, gain: 0.027, standardError: 0.0017, changed: 0.0607 },
        { marginBelow: 0.5, share: 0.24, gain: 0.045, standardError: 0.0023, changed: 0.1 },
        { marginBelow: 0.8, share: 0.44, gain: 0.057, standardError: 0.0027, changed: 0.134 },
        { marginBelow: 0.97, share: 0.76, gain: 0.06, standardError: 0.0029, changed: 0.1425 },
      ],
    },
  ],
};
const strata = strataOf(guardedLooks.curves[0]!)!;
const small: Placement = { tier: 'device', nodeId: 'device-1', variant: 'small' };
const best: Placement = { tier: 'edge', nodeId: 'edge-1', variant: 'best' };

/** How a cell's pictures differ from those of the curves. */
export interface Pictures {
  /** Share of them that is as uncertain as the least certain `hardest` of the curves' pictures. @default 0 */
  readonly hard?: number;
  /** @default 0.2 */
  readonly hardest?: number;
  /** Share of them that the small variant answers differently besides, at whatever margin. @default 0 */
  readonly hidden?: number;
}

export interface Looking {
  readonly random: Random;
  /** Undefined: nothing is looked at twice. */
  readonly lookAgainBelow?: number | undefined;
  /** @default 0.02 */
  readonly auditShare?: number;
}

/** What frames show. */
export interface Subject {
  /** Share of the curves' pictures that are less certain, 0..1. */
  readonly certainty: number;
  /** As likely as any in 0..1; where it is below the probability of a change, answers differ. */
  readonly luck: number;
}

export const subject = ({ hard = 0, hardest = 0.2 }: Pictures, random: Random): Subject => ({
  certainty: random.uniform() * (random.uniform() < hard ? hardest : 1),
  luck: random.uniform(),
});

/** What comes of one frame: its first look, and a second or an audit where there is one. `of`: what it shows. */
export function frame(
  pictures: Pictures,
  { random, lookAgainBelow, auditShare = 0.02 }: Looking,
  of: Subject = subject(pictures, random),
): Outcome[] {
  const { hidden = 0 } = pictures;
  const { margin, stratum } = pictureOf(of.certainty);
  const agreed = of.luck >= stratum.changed + hidden * (1 - stratum.changed);
  const again = lookAgainBelow !== undefined && margin < lookAgainBelow;
  const first = outcome({
    placement: small,
    margin,
    ...(lookAgainBelow !== undefined && { lookAgainBelow }),
    ...(again && { lookedAgain: true }),
  });
  const firstLook = { placement: small, margin, agreed };
  if (again) return [first, outcome({ placement: best, reason: 'unsure', firstLook })];
  return random.uniform() < auditShare
    ? [
        first,
        outcome({
          placement: best,
          reason: 'audit',
          firstLook,
          auditProbability: auditShare,
          shadow: true,
        }),
      ]
    : [first];
}

/** Accuracy that the small variant lost against the best, over what the curves say. */
export function lostMore({ hard = 0, hardest = 0.2, hidden = 0 }: Pictures): number {
  const gainBelow = (share: number) => {
    let [sum, before] = [0, 0];
    for (const stratum of strata) {
      sum += stratum.gain * Math.max(0, Math.min(share, before + stratum.share) - before);
      before += stratum.share;
    }
    return sum;
  };
  return hard * (gainBelow(hardest) / hardest - gainBelow(1)) + hidden;
}

function pictureOf(certainty: number): { readonly margin: number; readonly stratum: Stratum } {
  let [share, margin] = [0, 0];
  for (const stratum of strata) {
    const top = Math.min(1, stratum.marginBelow);
    if (certainty < share + stratum.share || stratum === strata.at(-1))
      return {
        stratum,
        margin: Math.min(1, margin + ((certainty - share) / stratum.share) * (top - margin)),
      };
    share += stratum.share;
    margin = top;
  }
  throw new RangeError('a curve has strata');
}

export function outcome(of: Partial<Outcome>): Outcome {
  return {
    deviceId: 'device-1',
    placement: small,
    planVersion: 1,
    reason: 'planned',
    at: 0,
    hops: { agentMs: 0, uplinkMs: 0, queueMs: 0, decodeMs: 0, computeMs: 10, downlinkMs: 0 },
    responseMs: 10,
    predictedMs: 10,
    energyJ: 0,
    accuracy: 0.81,
    margin: 0.5,
    concurrency: 0,
    propensity: 1,
    ...of,
  };
}
