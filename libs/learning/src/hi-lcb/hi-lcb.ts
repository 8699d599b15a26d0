import type { Random } from '@weir/base';
import type { Cell, LookCurve, Placement, PlannedLook } from '@weir/domain';
import { z } from 'zod';
import { bestVariant } from '../actions.ts';
import { countsSchema, countSchema, type LearnerCounts, statusOf } from '../learner-counts.ts';
import { option, type OptionRules } from '../learner-options.ts';
import type { CellObservation, Learner } from '../learner.ts';
import { obeyedPlan } from '../obeyed-plan.ts';
import { snapshotOf, stateOf } from '../snapshot.ts';
import { emptyBins, escalatedBins, type MarginBins, withSecondLook } from './margin-bins.ts';

export interface HiLcbOptions {
  /** Looks first, on every device by itself. @default the smallest that has a curve with `second` */
  readonly first: string;
  /** Looks again. @default the most accurate one */
  readonly second: string;
  /** Node of a device's second looks, by device id. @default its own processor */
  readonly nodeOf: Readonly<Record<string, string>>;
  /** What a wrong answer costs, ms. @default 2000 */
  readonly priceMs: number;
  /** α. @default 0.52 — just above 1/2, from where on the bounds fail ever more rarely (Hoeffding) */
  readonly confidence: number;
}

export const hiLcbDefaults: HiLcbOptions = {
  first: '',
  second: '',
  nodeOf: {},
  priceMs: 2_000,
  confidence: 0.52,
};

export const hiLcbRules: OptionRules<HiLcbOptions> = {
  first: z.string(),
  second: z.string(),
  nodeOf: z.record(z.string(), z.string()),
  priceMs: option.positive,
  confidence: option.notNegative,
};

const name = 'hi-lcb';
const version = 1;

const amount = z.number().min(0);
const stateSchema = z.strictObject({
  counts: countsSchema,
  options: z.strictObject(hiLcbRules),
  thresholds: z.array(amount).max(1_000),
  seen: z.array(countSchema).max(1_000),
  agreed: z.array(countSchema).max(1_000),
  frames: countSchema,
  cost: amount,
});
const sameLengths = stateSchema.refine(
  ({ thresholds, seen, agreed }) => seen.length === thresholds.length && agreed.length === thresholds.length,
  'expected one entry of seen and agreed for each threshold',
);

/**
 * A baseline: every device looks first by itself, and a bandit over the margin decides which frames another variant looks
 * at again, whose answer counts as the truth. It knows a price of wrong answers instead of a floor, learns from second
 * looks only, and for all devices together. Its bins are the steps of the family's curve: beyond the last one, where a
 * second look gains nothing, it need not explore. Source: HI-LCB of Chattopadhyay, Sutar, Champati & Moharir 2025
 * (arXiv 2508.08985), after its description: its bounds never fall as confidence rises, so they are a threshold.
 */
export function createHiLcb({ random: _, ...given }: { random: Random } & Partial<HiLcbOptions>): Learner {
  let options: HiLcbOptions = { ...hiLcbDefaults, ...given };
  let observation: CellObservation | undefined;
  let bins: MarginBins = emptyBins([]);
  let counts: LearnerCounts = { outcomes: 0, plans: 0, exploringPlans: 0 };

  const required = (): Cell => {
    if (!observation) throw new Error('observe() comes before propose()');
    return observation.cell;
  };
  const placements = (): ReadonlyMap<string, Placement> => {
    const cell = required();
    const curve = curveOf(cell, options);
    return new Map(
      cell.devices.map(({ id, local }): [string, Placement] => {
        const [best] = bestVariant(cell.variants.filter((each) => local.variants.includes(each.name)));
        const variant = curve && local.variants.includes(curve.first) ? curve.first : (best?.name ?? '');
        return [id, { tier: 'device', nodeId: id, variant }];
      }),
    );
  };
  const secondLooks = (escalated: number): ReadonlyMap<string, PlannedLook> => {
    const cell = required();
    const curve = curveOf(cell, options);
    const marginBelow = bins.thresholds[escalated - 1];
    if (!curve || marginBelow === undefined || cell.objective.maxLooks < 2) return new Map();
    return new Map(
      cell.devices
        .filter(({ local, curves }) => local.variants.includes(curve.first) && curves === cell.looks!.version)
        .flatMap(({ id, local }): [string, PlannedLook][] => {
          const node = cell.nodes.find((each) => each.id === options.nodeOf[id]);
          const there = node?.variants.includes(curve.second) ? node : undefined;
          if (!there && !local.variants.includes(curve.second)) return [];
          const placement: Placement = {
            ...(there ? { tier: there.tier, nodeId: there.id } : { tier: 'device', nodeId: id }),
            variant: curve.second,
          };
          return [[id, { placement, marginBelow, curves: cell.looks!.version }]];
        }),
    );
  };

  return {
    name,
    observe(next) {
      observation = next;
      const thresholds = curveOf(next.cell, options)?.steps.map(({ marginBelow }) => marginBelow) ?? [];
      // Counts of other margins say nothing of these.
      if (thresholds.join() !== bins.thresholds.join()) bins = emptyBins(thresholds);
    },
    propose() {
      const escalated = escalatedBins(bins, options.confidence);
      const looks = secondLooks(escalated);
      const explored = looks.size > 0 && escalated > escalatedBins(bins, 0);
      counts = {
        ...counts,
        plans: counts.plans + 1,
        exploringPlans: counts.exploringPlans + Number(explored),
      };
      const plan = obeyedPlan(placements(), { explored });
      return looks.size > 0 ? { ...plan, secondLooks: looks } : plan;
    },
    best: placements,
    bestSecondLooks: () => secondLooks(escalatedBins(bins, 0)),
    learn(outcomes) {
      for (const { firstLook, failure, shadow, auditProbability, responseMs } of outcomes) {
        if (failure || shadow || auditProbability !== undefined) continue;
        counts = { ...counts, outcomes: counts.outcomes + 1 };
        if (!firstLook) bins = { ...bins, frames: bins.frames + 1 };
        else bins = withSecondLook(bins, { ...firstLook, cost: responseMs / options.priceMs });
      }
    },
    status: () => statusOf(counts),
    snapshot: () => snapshotOf(name, version, { counts, options, ...bins }),
    restore(snapshot) {
      const state = stateOf(snapshot, { learner: name, version, schema: sameLengths });
      ({ counts, options, ...bins } = state);
    },
  };
}

/** The curve of both variants; undefined where the cell knows none of them. */
function curveOf(
  { looks, variants }: Cell,
  { first, second }: Pick<HiLcbOptions, 'first' | 'second'>,
): LookCurve | undefined {
  const [best] = bestVariant(variants);
  const last = second || best?.name;
  const size = ({ first: each }: LookCurve) =>
    variants.find((variant) => variant.name === each)?.macs ?? Infinity;
  return looks?.curves
    .filter((curve) => curve.second === last && (first === '' || curve.first === first))
    .toSorted((a, b) => size(a) - size(b))[0];
}
