import type { ActionCost, LookCurves } from '@weir/domain';

/** Time that a device keeps of a frame, to answer it by itself should its target be silent, ms. */
export interface Rescue {
  /** With what may be used now: with less there is no point in keeping any. */
  readonly leastMs: number;
  /** Whatever becomes of the balance until then. */
  readonly ms: number;
  /** What it takes of the processor as a rule. */
  readonly answerMs: number;
}

/** The device cannot, or may not, answer by itself. */
export const noRescue: Rescue = { leastMs: 0, ms: 0, answerMs: 0 };

export interface RescueOptions {
  /** The device's own. */
  readonly actions: readonly ActionCost[];
  /** Undefined where a frame gets one look. */
  readonly looks: LookCurves | undefined;
  /** Least accuracy that a frame must have now, and without any balance: frames in between may use it up. */
  readonly leastAccuracy: { readonly now: number; readonly later: number };
  /** Work before it, ms. */
  readonly backlogMs: number;
}

export function rescueOf({
  actions,
  looks,
  leastAccuracy: { now, later },
  backlogMs,
}: RescueOptions): Rescue {
  if (actions.length === 0) return noRescue;
  const quickestMs = ownAnswerMs(actions, { leastAccuracy: now, looks });
  if (quickestMs === Infinity) return noRescue;
  const laterMs = later === now ? quickestMs : ownAnswerMs(actions, { leastAccuracy: later, looks });
  const answerMs = laterMs === Infinity ? quickestMs : laterMs;
  // Twice the median plus a few ms to switch: being late here means no answer at all.
  const keptFor = (ms: number) => backlogMs + 2 * ms + 10;
  return { leastMs: keptFor(quickestMs), ms: keptFor(answerMs), answerMs };
}

/** What a device's own answer to a frame takes at least, ms, alone or with a second look; Infinity where neither suffices. */
export function ownAnswerMs(
  /** The device's own. */
  actions: readonly ActionCost[],
  {
    leastAccuracy,
    looks,
  }: {
    readonly leastAccuracy: number;
    /** Undefined where a frame gets one look. */
    readonly looks: LookCurves | undefined;
  },
): number {
  let aloneMs = Infinity;
  for (const { accuracy, serviceMs } of actions)
    if (accuracy >= leastAccuracy && serviceMs < aloneMs) aloneMs = serviceMs;
  if (aloneMs < Infinity) return aloneMs;
  const byVariant = new Map(actions.map((action) => [action.placement.variant, action]));
  const twice = (looks?.curves ?? []).flatMap(({ first, second, steps }) => {
    const [a, b] = [byVariant.get(first), byVariant.get(second)];
    const gain = steps.at(-1)?.gain ?? 0;
    return a && b && a.accuracy + gain >= leastAccuracy ? a.serviceMs + b.serviceMs : [];
  });
  return Math.min(...twice);
}
