import { mean, seededRandom } from '@weir/base';
import { createLearner } from '@weir/learning';
import type { SimulatedFamily } from '../family.ts';
import { type AsyncRunResult, runAsync } from './run.ts';
import { type PictureDrift, noDrift } from './pictures.ts';
import { capacityPerMs, createWorld } from './world.ts';

export interface GuardedRunOptions {
  readonly family: SimulatedFamily;
  readonly accuracyFloor: number;
  readonly seed: number;
  readonly guarded: boolean;
  readonly auditShare: number;
  /** Of the pictures after the first half of the frames. @default none */
  readonly drift?: PictureDrift;
  /** Frames of the cell before the drift, and after. */
  readonly frames: { readonly before: number; readonly after: number };
  /** @default 0.6 */
  readonly load?: number;
}

export interface GuardedRun extends AsyncRunResult {
  /** Accuracies of the frames that came after the drift, in the order of their answers. */
  readonly afterDrift: readonly number[];
  /** Frames that came after the drift before a plan was corrected; Infinity: none was. */
  readonly noticedAfter: number;
}

/** A cell of five unlike devices, planned for by the planner, whose pictures may become harder. */
export function runGuarded(options: GuardedRunOptions): GuardedRun {
  const { family, accuracyFloor, seed, guarded, auditShare, drift, frames, load = 0.6 } = options;
  const world = createWorld(
    { profile: 'contended', devices: 5, accuracyFloor, family, unequal: true },
    seededRandom(seed),
  );
  const audited = { ...world, objective: { ...world.objective, auditShare } };
  const perMs = load * capacityPerMs(world);
  const driftsAt = 11_000 + frames.before / perMs;
  const result = runAsync({
    world: audited,
    planner: createLearner('planner', { random: seededRandom(seed).fork('learner') }),
    arrivals: 'poisson',
    load,
    durationMs: driftsAt + frames.after / perMs,
    warmupMs: 11_000,
    replanMs: 4_000,
    seed,
    guarded,
    drift: drift ? [{ atMs: driftsAt, change: (each) => void (each.pictures = drift) }] : [],
  });
  const afterDrift = result.answered
    .filter(({ cameAt }) => cameAt >= driftsAt)
    .map(({ accuracy }) => accuracy);
  const corrected = result.guard.find(({ at, correction }) => at > driftsAt && correction);
  const noticedAfter = corrected
    ? result.answered.filter(({ cameAt }) => cameAt >= driftsAt && cameAt <= corrected.at).length
    : Infinity;
  return { ...result, afterDrift, noticedAfter };
}

/**
 * Frames until the mean accuracy of the next `window` is at the floor and stays there, but for `slack`; Infinity: never, in
 * these frames.
 */
export function framesUntilBack(
  accuracies: readonly number[],
  floor: number,
  { window = 250, slack = 0.001 } = {},
): number {
  let last = 0;
  for (let from = 0; from + window <= accuracies.length; from += 10)
    if (mean(accuracies.slice(from, from + window)) < floor - slack) last = from + 10;
  return last + window > accuracies.length ? Infinity : last;
}

/** Frames, in the order of their answers, at which the bound of agreement was above the share that truly agreed until then. */
export function boundAbove({ guard, answered }: AsyncRunResult): boolean {
  const ends = answered.map(({ endedAt }) => endedAt);
  let [at, agreed] = [0, 0];
  return guard.some(({ at: now, audits }) => {
    while (at < ends.length && ends[at]! <= now) agreed += Number(answered[at++]!.agrees);
    return at > 0 && (audits?.lowerBound ?? 0) > agreed / at;
  });
}

/** A drift that costs the least accurate variant `lost`, of which `visible` shows in its margins. */
export function harderPictures(
  { variants, looks }: SimulatedFamily,
  lost: number,
  visible: number,
): PictureDrift {
  const hardest = 0.2;
  const worst = variants.reduce((a, b) => (b.accuracy < a.accuracy ? b : a));
  const curves = (looks?.curves ?? []).filter(({ first }) => first === worst.name);
  const most = curves.reduce((a, b) => (b.steps.at(-1)!.gain > a.steps.at(-1)!.gain ? b : a));
  const gain = most.steps.at(-1)!.gain;
  const atHard = most.steps.findLast(({ share }) => share <= hardest)!;
  const hard = (visible * lost) / (atHard.gain / atHard.share - gain);
  return hard > 0 ? { hard, hardest, hidden: (1 - visible) * lost } : { ...noDrift, hidden: lost };
}
