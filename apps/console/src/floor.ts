import type { agent } from '@weir/proto';

/** Why answers are less accurate than the floor asks for now. */
export interface BelowFloor {
  readonly kind: 'refused' | 'pinned' | 'obeyed' | 'raised' | 'paid';
  readonly reason: string;
}

/** The floor holds all the same, over all frames: what is missing now was earned before. */
export const isPaid = ({ kind }: BelowFloor): boolean => kind === 'raised' || kind === 'paid';

/** How long a refusal counts as of now, ms. */
const refusedMs = 5_000;
/** What the agent's reasons begin with. */
const preamble = 'no placement is allowed: ';
/** Slack for what a screen rounds. */
const slack = 0.0005;

export const isBelow = (expected: number, floor: number): boolean => expected < floor - slack;

/**
 * Undefined: they are not, or it is not known. `expected`: mean accuracy promised of the device's last frames; `raised`: the
 * floor has been raised since some of them were answered.
 */
export function belowFloor(
  status: Pick<agent.GetStatusResponse, 'floor' | 'learner' | 'balance'>,
  { expected, raised }: { expected: number | null; raised: boolean },
): BelowFloor | undefined {
  const { floor, learner, balance } = status;
  if (!floor) return undefined;
  const { accuracyFloor, obeysPlan, pinnedVariant, refusal, refusalAgeMs } = floor;
  if (refusal && refusalAgeMs < refusedMs)
    return { kind: 'refused', reason: `frames are refused: ${refusal.replace(preamble, '')}` };
  if (expected === null || !isBelow(expected, accuracyFloor)) return undefined;
  if (pinnedVariant)
    return { kind: 'pinned', reason: `${pinnedVariant} is pinned and answers whatever the floor` };
  if (obeysPlan)
    return { kind: 'obeyed', reason: `the plan of ${learner} is obeyed as it is and places frames below it` };
  if (raised) return { kind: 'raised', reason: 'it was raised just now; answers from before still count' };
  return { kind: 'paid', reason: `balance earned before pays (${balance.toFixed(2)} left)` };
}
