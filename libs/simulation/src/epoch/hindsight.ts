import type { LookStep, Placement, PlannedLook } from '@weir/domain';
import { type ActionSpace, type OpenActions, openActions } from '@weir/learning';
import { bestJoint } from '../hindsight/joint-search.ts';
import type { EpochCell } from './epoch-cell.ts';

/** A joint placement with second looks that nobody could have known beforehand. */
export interface HindsightPlan {
  readonly placements: ReadonlyMap<string, Placement>;
  readonly secondLooks: ReadonlyMap<string, PlannedLook>;
  /** Without noise. */
  readonly meanMs: number;
  readonly accuracy: number;
  /** True: nothing can be quicker. Otherwise a search found nothing quicker. */
  readonly exact: boolean;
}

/** What a device may do with its frames. */
interface Choice {
  readonly placement: Placement;
  readonly again?: { readonly placement: Placement; readonly step: LookStep };
  /** As the curves promise it. */
  readonly accuracy: number;
}

/**
 * The oracle of two looks: the quickest joint placement at or above the floor by the true costs, with a second look of its
 * own for each device: variant, place and threshold.
 */
export const twoLookOptimum = (cell: EpochCell, space: ActionSpace = 'paper'): HindsightPlan | undefined =>
  planOf(
    cell,
    openActions(cell.observation(), space).map((open) => worthwhile(cell, open)),
  );

/**
 * One threshold for all devices: each looks first by itself with v, and again with w where the margin is below a step of
 * their curve, wherever that is quickest. Of all (v, w, step), and of v alone, the quickest at or above the floor. `again`:
 * only those that look again; `share`: of these only the steps nearest to this share of second looks. Undefined when none
 * meets the floor.
 */
export function fixedThreshold(
  cell: EpochCell,
  {
    share,
    again = share !== undefined,
    space = 'paper',
  }: { readonly share?: number; readonly again?: boolean; readonly space?: ActionSpace } = {},
): HindsightPlan | undefined {
  const { variants, looks, objective } = cell.cell;
  const devices = openActions(cell.observation(), space);
  const nearest = (steps: readonly LookStep[]) =>
    steps.reduce((a, b) => (Math.abs(b.share - share!) < Math.abs(a.share - share!) ? b : a));
  const twice = (looks?.curves ?? []).flatMap(({ first, second, steps }) =>
    (share === undefined ? steps : [nearest(steps)]).map((step) => ({ first, then: { second, step } })),
  );
  const once = again ? [] : variants.map(({ name }) => ({ first: name, then: undefined }));
  let best: HindsightPlan | undefined;
  for (const rule of [...once, ...twice]) {
    const same = ({ placement, again: look }: Choice) =>
      placement.tier === 'device' &&
      placement.variant === rule.first &&
      look?.placement.variant === rule.then?.second &&
      look?.step.share === rule.then?.step.share;
    const choices = devices.map((open) => choicesOf(cell, open).filter(same));
    if (choices.some(({ length }) => length === 0)) continue;
    if (choices[0]![0]!.accuracy < objective.accuracyFloor - 1e-9) continue;
    const found = planOf(cell, choices);
    if (found && found.meanMs < (best?.meanMs ?? Infinity)) best = found;
  }
  return best;
}

function planOf(cell: EpochCell, choices: readonly (readonly Choice[])[]): HindsightPlan | undefined {
  const { devices, objective, looks } = cell.cell;
  const mapsOf = (joint: readonly Choice[]) => {
    const placements = new Map(devices.map(({ id }, at) => [id, joint[at]!.placement]));
    const secondLooks = new Map(
      devices.flatMap(({ id }, at): [string, PlannedLook][] => {
        const { again } = joint[at]!;
        if (!again) return [];
        const { placement, step } = again;
        return [[id, { placement, marginBelow: step.marginBelow, curves: looks!.version }]];
      }),
    );
    return [placements, secondLooks] as const;
  };
  const found = bestJoint({
    choices,
    meanMs: (joint) => cell.expectedMs(...mapsOf(joint)),
    surplusOf: ({ accuracy }) => accuracy - objective.accuracyFloor,
  });
  if (!found) return undefined;
  const [placements, secondLooks] = mapsOf(found.joint);
  const { meanMs, exact } = found;
  return { placements, secondLooks, meanMs, accuracy: cell.accuracy(placements, secondLooks), exact };
}

/** First looks wherever they may be, and second looks after those on the device itself. */
function choicesOf({ cell }: EpochCell, { device, local, remote, firstLooks }: OpenActions): Choice[] {
  const accuracyOf = new Map(cell.variants.map(({ name, accuracy }) => [name, accuracy]));
  const own = (variant: string): Placement => ({ tier: 'device', nodeId: device.id, variant });
  const away = remote.flatMap(({ node, variants }) =>
    variants.map(({ name }): Placement => ({ tier: node.tier, nodeId: node.id, variant: name })),
  );
  const placesOf = (variant: string) => [
    ...(local.some(({ name }) => name === variant) ? [own(variant)] : []),
    ...away.filter((place) => place.variant === variant),
  ];
  const once = [...local.map(({ name }) => own(name)), ...away].map((placement): Choice => ({
    placement,
    accuracy: accuracyOf.get(placement.variant)!,
  }));
  const twice = (cell.looks?.curves ?? [])
    .filter(({ first }) => firstLooks.some(({ name }) => name === first))
    .flatMap(({ first, second, steps }) =>
      placesOf(second).flatMap((placement) =>
        steps.map((step): Choice => ({
          placement: own(first),
          again: { placement, step },
          accuracy: accuracyOf.get(first)! + step.gain,
        })),
      ),
    );
  return [...once, ...twice];
}

/** Without those that another one beats at the same node, however many others are there. */
function worthwhile(cell: EpochCell, open: OpenActions): Choice[] {
  const index = cell.cell.devices.findIndex(({ id }) => id === open.device.id);
  const count = cell.cell.devices.length;
  const nodeOf = ({ placement, again }: Choice) =>
    placement.tier === 'device' ? (again?.placement.nodeId ?? placement.nodeId) : `first ${placement.nodeId}`;
  const rated = choicesOf(cell, open).map((choice) => {
    const { placement, again, accuracy } = choice;
    const among = (others: number) =>
      cell.responseMs(index, placement, others) +
      (again ? again.step.share * cell.responseMs(index, again.placement, others) : 0);
    // Nobody meets the looks of others on a device.
    const crowd = again && again.placement.tier !== 'device' ? again.step.share : 0;
    return { choice, node: nodeOf(choice), alone: among(1), crowded: among(count), crowd, accuracy };
  });
  const beats = (a: (typeof rated)[number], b: (typeof rated)[number]) =>
    a.node === b.node &&
    a.alone <= b.alone &&
    a.crowded <= b.crowded &&
    a.crowd <= b.crowd &&
    a.accuracy >= b.accuracy;
  return rated
    .filter(
      (one, at) =>
        !rated.some(
          (other, before) => other !== one && beats(other, one) && (before < at || !beats(one, other)),
        ),
    )
    .map(({ choice }) => choice);
}
