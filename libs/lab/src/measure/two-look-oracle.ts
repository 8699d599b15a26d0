import type { LookStep, Placement } from '@weir/domain';
import { bestJoint } from '@weir/simulation';
import {
  type FixedThreshold,
  type HindsightOptions,
  expectedMs,
  leastRightOf,
  rightShare,
} from './hindsight.ts';
import type { PlacedDevice } from './results.ts';

interface Choice {
  readonly placed: PlacedDevice;
  /** Share of right answers to the pictures. */
  readonly right: number;
}

/**
 * The oracle of two looks: of all joint placements, with variant, place and threshold of a second look for each device, the
 * quickest by the table whose answers to the very pictures that are shown lose no more against the best variant's than the
 * floor allows, as far as a search finds it. Undefined when there is none.
 */
export function tuneTwoLooks(options: HindsightOptions): FixedThreshold | undefined {
  const leastRight = leastRightOf(options);
  const found = bestJoint<Choice>({
    choices: options.table.shape.deviceIds.map((deviceId) =>
      worthwhile(choicesOf(deviceId, options), options),
    ),
    meanMs: (joint) =>
      expectedMs(
        joint.map(({ placed }) => placed),
        options,
      ),
    surplusOf: ({ right }) => right - leastRight,
  });
  if (!found) return undefined;
  const right = found.joint.reduce((sum, choice) => sum + choice.right, 0) / found.joint.length;
  return { placements: found.joint.map(({ placed }) => placed), meanMs: found.meanMs, right };
}

function choicesOf(deviceId: string, { table, answers }: HindsightOptions): Choice[] {
  const { nodes, localVariants, looks } = table.shape;
  const own = (variant: string): Placement => ({ tier: 'device', nodeId: deviceId, variant });
  const away = nodes.flatMap(({ id: nodeId, tier, variants }) =>
    variants.map((variant): Placement => ({ tier, nodeId, variant })),
  );
  const everywhere = [...localVariants.map(own), ...away];
  const rightOnce = new Map<string, number>();
  for (const { variant } of everywhere)
    if (!rightOnce.has(variant)) rightOnce.set(variant, rightShare(answers, { first: variant }));
  const once = everywhere.map((place): Choice => ({
    placed: { deviceId, ...place },
    right: rightOnce.get(place.variant)!,
  }));
  const twice = (looks?.curves ?? [])
    .filter(({ first }) => localVariants.includes(first))
    .flatMap(({ first, second, steps }) => {
      const places = everywhere.filter(({ variant }) => variant === second);
      const look = (step: LookStep, place: Placement): PlacedDevice => ({
        deviceId,
        ...own(first),
        secondLook: { ...place, marginBelow: step.marginBelow },
      });
      return steps.flatMap((step) => {
        const right = rightShare(answers, { first, again: { second, step } });
        return places.map((place): Choice => ({ placed: look(step, place), right }));
      });
    });
  return [...once, ...twice];
}

/** Without those that another one at the same nodes beats: quicker alone, no more second looks, no fewer right answers. */
function worthwhile(choices: readonly Choice[], options: HindsightOptions): Choice[] {
  const rated = choices.map((choice) => {
    const { placed } = choice;
    const { tier, nodeId, secondLook } = placed;
    const where = (place: Pick<Placement, 'tier' | 'nodeId'>) =>
      place.tier === 'device' ? 'device' : place.nodeId;
    return {
      choice,
      nodes: `${where({ tier, nodeId })} ${secondLook ? where(secondLook) : 'device'}`,
      ms: expectedMs([placed], options),
      share: secondLook && secondLook.tier !== 'device' ? options.table.stepOf(placed)!.share : 0,
    };
  });
  return rated
    .toSorted((a, b) => a.ms - b.ms || b.choice.right - a.choice.right)
    .filter(
      (one, at, sorted) =>
        !sorted
          .slice(0, at)
          .some(
            (other) =>
              other.nodes === one.nodes && other.share <= one.share && other.choice.right >= one.choice.right,
          ),
    )
    .map(({ choice }) => choice);
}
