import type { Outcome, Placement } from '@weir/domain';

/** One look at a frame, as an outcome tells of it. Times in ms. */
export interface LoggedLook {
  readonly deviceId: string;
  readonly placement: Placement;
  /** Inferences that it found at its node. */
  readonly concurrency: number;
  readonly responseMs: number;
  /** Of the processor alone; of frames computed together, its share. */
  readonly serviceMs: number;
  /** Both ways; 0 on the device. */
  readonly networkMs: number;
  readonly energyJ: number;
  /** Of the choice of its place, 0..1; 0: not known. */
  readonly propensity: number;
  readonly together: boolean;
}

/** One frame from its arrival to its last answer, whole. Times in ms. */
export interface LoggedFrame {
  readonly deviceId: string;
  readonly cameAt: number;
  /** Of both looks together. */
  readonly responseMs: number;
  /** Promised, 0..1. */
  readonly accuracy: number;
  /** Margin of the first look, 0..1. */
  readonly margin: number;
  /** One, or two. */
  readonly looks: readonly LoggedLook[];
}

/** What a journal holds of frames. */
export interface LoggedFrames {
  /** In the order of their arrivals. */
  readonly frames: readonly LoggedFrame[];
  /** Looks that came to nothing. */
  readonly failures: number;
  /** Second looks without their first, or first looks without their second. */
  readonly incomplete: number;
}

/**
 * Puts the outcomes of each frame together: a first look that was looked at again, and the second look that names it by
 * place and margin. Shadow inferences, audits and failed looks are no frames; a frame whose second look failed ends with its first.
 */
export function loggedFrames(outcomes: readonly Outcome[]): LoggedFrames {
  const frames: LoggedFrame[] = [];
  const waiting = new Map<string, Outcome>();
  let failures = 0;
  let incomplete = 0;
  for (const outcome of outcomes.toSorted((a, b) => a.at - b.at)) {
    const { firstLook, lookedAgain, failure, shadow, auditProbability } = outcome;
    // Nobody waited for these.
    if (shadow || auditProbability !== undefined) continue;
    if (failure !== undefined) {
      failures++;
      continue;
    }
    if (lookedAgain) {
      waiting.set(keyOf(outcome.deviceId, outcome.placement, outcome.margin), outcome);
      continue;
    }
    if (!firstLook) {
      frames.push(frameOf([outcome]));
      continue;
    }
    const key = keyOf(outcome.deviceId, firstLook.placement, firstLook.margin);
    const first = waiting.get(key);
    waiting.delete(key);
    if (first) frames.push(frameOf([first, outcome]));
    else incomplete++;
  }
  return {
    frames: frames.sort((a, b) => a.cameAt - b.cameAt),
    failures,
    incomplete: incomplete + waiting.size,
  };
}

const keyOf = (deviceId: string, { nodeId, variant }: Placement, margin: number) =>
  [deviceId, nodeId, variant, margin].join('\n');

function frameOf(outcomes: readonly Outcome[]): LoggedFrame {
  const [first, last] = [outcomes[0]!, outcomes.at(-1)!];
  const cameAt = first.at - first.responseMs;
  return {
    deviceId: first.deviceId,
    cameAt,
    responseMs: outcomes.length > 1 ? last.at - cameAt : first.responseMs,
    accuracy: first.accuracy,
    margin: first.margin,
    looks: outcomes.map(lookOf),
  };
}

function lookOf(outcome: Outcome): LoggedLook {
  const { deviceId, placement, concurrency, responseMs, energyJ, propensity, hops, batchSize = 1 } = outcome;
  return {
    deviceId,
    placement,
    concurrency,
    responseMs,
    serviceMs: (hops.decodeMs + hops.computeMs) / batchSize,
    networkMs: hops.uplinkMs + hops.downlinkMs,
    energyJ,
    propensity,
    together: batchSize > 1,
  };
}
