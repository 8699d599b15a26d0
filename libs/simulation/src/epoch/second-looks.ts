import type { LookCurves, Placement, PlannedLook } from '@weir/domain';

/** What a planned second look means: how many frames get it, and what it gains. */
export interface LookWorth {
  /** 0..1 */
  readonly share: number;
  /** A fraction. */
  readonly gain: number;
}

/** By the curves of the cell; throws RangeError for a look that is no step of them. */
export function worthOf(looks: LookCurves | undefined, first: Placement, again: PlannedLook): LookWorth {
  const curve = looks?.curves.find(
    (each) => each.first === first.variant && each.second === again.placement.variant,
  );
  const step = curve?.steps.find(({ marginBelow }) => marginBelow === again.marginBelow);
  if (!step || looks?.version !== again.curves)
    throw new RangeError(`no curve of the cell has a step below ${again.marginBelow}`);
  return step;
}

/** Mean of `value` over how many of some independent events happen, each with its own probability. */
export function meanOverCount(probabilities: readonly number[], value: (happened: number) => number): number {
  let chances = [1];
  for (const probability of probabilities)
    chances = [...chances, 0].map(
      (chance, count) => chance * (1 - probability) + (count > 0 ? chances[count - 1]! * probability : 0),
    );
  return chances.reduce((sum, chance, count) => sum + (chance > 0 ? chance * value(count) : 0), 0);
}

/** A joint placement with its second looks and what they mean, by device. */
export interface PlacedLooks {
  readonly placements: ReadonlyMap<string, Placement>;
  readonly looks: ReadonlyMap<string, PlannedLook>;
  readonly worth: ReadonlyMap<string, LookWorth>;
}

/** Mean response time of the devices, ms, of frames that meet whichever second looks chance brings to their node. */
export function meanMsAmong(
  { placements, looks, worth }: PlacedLooks,
  responseMs: (deviceId: string, placement: Placement, count: number) => number,
): number {
  const counts = countsOf(placements);
  const amongMs = (id: string, placement: Placement, count: number): number => {
    const others = [...looks].filter(
      ([other, look]) => other !== id && look.placement.nodeId === placement.nodeId,
    );
    const shares = others.map(([other]) => worth.get(other)!.share);
    return meanOverCount(shares, (more) => responseMs(id, placement, count + more));
  };
  let sum = 0;
  for (const [id, placement] of placements) {
    sum += amongMs(id, placement, counts.get(placement.nodeId)!);
    const again = looks.get(id)?.placement;
    if (again) sum += worth.get(id)!.share * amongMs(id, again, 1 + (counts.get(again.nodeId) ?? 0));
  }
  return sum / placements.size;
}

/** Devices at each node. */
export function countsOf(placements: ReadonlyMap<string, Placement>): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { nodeId } of placements.values()) counts.set(nodeId, (counts.get(nodeId) ?? 0) + 1);
  return counts;
}
