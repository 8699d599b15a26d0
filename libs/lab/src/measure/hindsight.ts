import { mean } from '@weir/base';
import type { LookStep, Placement } from '@weir/domain';
import { expectedWaitMs } from '@weir/learning';
import type { CostTable } from './cost-table.ts';
import { asMap } from './cost-table.ts';
import type { FamilyAnswers } from './family-answers.ts';
import type { PlacedDevice } from './results.ts';

export interface HindsightOptions {
  readonly table: CostTable;
  /** To the pictures that are shown. */
  readonly answers: FamilyAnswers;
  readonly floor: number;
  /** Of each device, under arrivals; absent: synchronous epochs. */
  readonly ratePerMs?: number;
  /** 0: periodic, 1: Poisson. @default 1 */
  readonly arrivalVariability?: number;
  /** Share of the frames that is always looked at again, as near as the curves have it. @default whatever is best */
  readonly share?: number;
  /** Only rules that look again. @default where a share is given */
  readonly again?: boolean;
}

/** What every device does with every frame. */
export interface FixedThreshold {
  readonly placements: readonly PlacedDevice[];
  /** As the table foretells it. */
  readonly meanMs: number;
  /** Share of right answers to the pictures. */
  readonly right: number;
}

export const slack = 1e-9;

/**
 * The strongest fixed threshold: every device looks first by itself with variant v, and again with w where the margin is
 * below a step of the curve of both, wherever that is quickest. Of all (v, w, step), and of single looks, the quickest by
 * the table whose answers to the very pictures that are shown lose no more against the best variant's than the floor
 * allows. Undefined when there is none.
 */
export function tuneThreshold(options: HindsightOptions): FixedThreshold | undefined {
  const { answers } = options;
  const leastRight = leastRightOf(options);
  let found: FixedThreshold | undefined;
  for (const rule of rulesOf(options)) {
    const right = rightShare(answers, rule);
    if (right < leastRight - slack) continue;
    const placements = placedBest(rule, options);
    if (!placements) continue;
    const meanMs = expectedMs(placements, options);
    if (!found || meanMs < found.meanMs) found = { placements, meanMs, right };
  }
  return found;
}

/** Share of the pictures that must be answered right: the best variant's, less what the floor allows to lose. */
export function leastRightOf({ table, answers, floor }: HindsightOptions): number {
  const best = table.shape.variants.reduce((a, b) => (a.accuracy >= b.accuracy ? a : b));
  return rightShare(answers, { first: best.name }) - (best.accuracy - floor);
}

/** What a device does with a picture. */
export interface Rule {
  readonly first: string;
  readonly again?: { readonly second: string; readonly step: LookStep };
}

function rulesOf({ table, share, again = share !== undefined }: HindsightOptions): Rule[] {
  const { localVariants, looks } = table.shape;
  const once = localVariants.map((first): Rule => ({ first }));
  const twice = (looks?.curves ?? [])
    .filter(({ first }) => localVariants.includes(first))
    .flatMap(({ first, second, steps }) =>
      (share === undefined ? steps : [nearest(steps, share)]).map((step): Rule => ({
        first,
        again: { second, step },
      })),
    );
  // Who always looks again does so, unless no pair of variants gains by it.
  return !again || twice.length === 0 ? [...once, ...twice] : twice;
}

const nearest = (steps: readonly LookStep[], share: number): LookStep =>
  steps.reduce((a, b) => (Math.abs(b.share - share) < Math.abs(a.share - share) ? b : a));

/** Of the answers to the pictures. */
export function rightShare(answers: FamilyAnswers, { first, again }: Rule): number {
  const { margins, right } = answers.get(first)!;
  const second = again && answers.get(again.second)!;
  return mean(
    right.map((firstRight, picture) =>
      Number(second && margins[picture]! < again.step.marginBelow ? second.right[picture] : firstRight),
    ),
  );
}

/** Moves one device's second look after the other to where the whole is quickest, until none moves. */
function placedBest({ first, again }: Rule, options: HindsightOptions): PlacedDevice[] | undefined {
  const { deviceIds, nodes, localVariants } = options.table.shape;
  const alone = deviceIds.map((deviceId): PlacedDevice => ({
    deviceId,
    tier: 'device',
    nodeId: deviceId,
    variant: first,
  }));
  if (!again) return alone;
  const { second, step } = again;
  const remote = nodes
    .filter(({ variants }) => variants.includes(second))
    .map(({ id: nodeId, tier }): Placement => ({ tier, nodeId, variant: second }));
  const placesOf = (deviceId: string): Placement[] => [
    ...(localVariants.includes(second)
      ? [{ tier: 'device' as const, nodeId: deviceId, variant: second }]
      : []),
    ...remote,
  ];
  if (placesOf('').length === 0) return undefined;
  const withLook = (device: PlacedDevice, place: Placement): PlacedDevice => ({
    ...device,
    secondLook: { ...place, marginBelow: step.marginBelow },
  });
  let placements = alone.map((device) => withLook(device, placesOf(device.deviceId)[0]!));
  let ms = expectedMs(placements, options);
  for (let moved = true; moved;) {
    moved = false;
    for (const [at, device] of placements.entries())
      for (const place of placesOf(device.deviceId)) {
        const other = placements.with(at, withLook(device, place));
        const otherMs = expectedMs(other, options);
        if (!(otherMs < ms - slack)) continue;
        [placements, ms, moved] = [other, otherMs, true];
      }
  }
  return placements;
}

/**
 * Mean response time, ms: in epochs as the table has it; under arrivals each look alone, and its wait by a queueing formula.
 */
export function expectedMs(
  placements: readonly PlacedDevice[],
  { table, ratePerMs, arrivalVariability = 1 }: HindsightOptions,
): number {
  if (ratePerMs === undefined) return table.responseMs(asMap(placements));
  const { nodes } = table.shape;
  const looks = placements.flatMap((device) => {
    const { deviceId, secondLook } = device;
    const share = table.stepOf(device)?.share ?? 0;
    return [
      { deviceId, place: device, share: 1 },
      ...(secondLook ? [{ deviceId, place: secondLook as Placement, share }] : []),
    ];
  });
  const serviceMs = ({ deviceId, place }: (typeof looks)[number]) =>
    place.tier === 'device'
      ? table.localMs(deviceId, place.variant)
      : table.remoteMs(place.nodeId, place.variant, 1);
  const waits = new Map(
    [...Map.groupBy(looks, ({ place }) => place.nodeId)].map(([nodeId, here]) => {
      const shares = here.reduce((sum, { share }) => sum + share, 0);
      const busyMs = here.reduce((sum, look) => sum + look.share * serviceMs(look), 0);
      return [
        nodeId,
        shares === 0
          ? 0
          : expectedWaitMs({
              slots: nodes.find(({ id }) => id === nodeId)?.slots ?? 1,
              serviceMs: busyMs / shares,
              ratePerMs: shares * ratePerMs,
              arrivalVariability,
            }),
      ];
    }),
  );
  const total = looks.reduce((sum, look) => {
    const { deviceId, place, share } = look;
    const networkMs = place.tier === 'device' ? 0 : table.networkMs(deviceId, place.nodeId);
    return sum + share * (waits.get(place.nodeId)! + serviceMs(look) + networkMs);
  }, 0);
  return total / placements.length;
}
