import type { ActionCost, LookCurves } from '@weir/domain';

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
  const alone = actions.filter(({ accuracy }) => accuracy >= leastAccuracy).map(({ serviceMs }) => serviceMs);
  if (alone.length > 0) return Math.min(...alone);
  const byVariant = new Map(actions.map((action) => [action.placement.variant, action]));
  const twice = (looks?.curves ?? []).flatMap(({ first, second, steps }) => {
    const [a, b] = [byVariant.get(first), byVariant.get(second)];
    const gain = steps.at(-1)?.gain ?? 0;
    return a && b && a.accuracy + gain >= leastAccuracy ? a.serviceMs + b.serviceMs : [];
  });
  return Math.min(...twice);
}
