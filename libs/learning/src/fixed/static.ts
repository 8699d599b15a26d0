import type { Placement, PlannedLook } from '@weir/domain';
import { z } from 'zod';
import { bestVariant } from '../actions.ts';
import type { CellObservation, Learner, LearnerSnapshot } from '../learner.ts';
import { obeyedPlan } from '../obeyed-plan.ts';
import { countSchema, statusOf } from '../learner-counts.ts';
import { snapshotOf, stateOf } from '../snapshot.ts';

const name = 'static';
const version = 1;

const placement = z.strictObject({
  tier: z.enum(['device', 'edge', 'cloud']),
  nodeId: z.string().min(1),
  variant: z.string().min(1),
});
const secondLook = z.strictObject({
  placement,
  marginBelow: z.number().positive(),
  curves: z.string().min(1),
});
const stateSchema = z.strictObject({
  placements: z.array(z.tuple([z.string(), placement])),
  secondLooks: z.array(z.tuple([z.string(), secondLook])).default([]),
  outcomes: countSchema,
  plans: countSchema,
});
type StaticState = z.output<typeof stateSchema>;
type SecondLooks = ReadonlyMap<string, PlannedLook>;

/**
 * One joint placement, given from outside and obeyed, as operators do by hand today: it comes as a snapshot
 * (`staticSnapshot`), perhaps with second looks. A device that it does not name runs its most accurate variant by itself.
 */
export function createStatic(): Learner {
  let observation: CellObservation | undefined;
  let given = new Map<string, Placement>();
  let secondLooks: SecondLooks = new Map();
  let outcomes = 0;
  let plans = 0;

  const best = (): ReadonlyMap<string, Placement> => {
    if (!observation) throw new Error('observe() comes before propose()');
    const { devices, variants } = observation.cell;
    return new Map(
      devices.map(({ id, local }): [string, Placement] => {
        const [variant] = bestVariant(variants.filter(({ name: each }) => local.variants.includes(each)));
        const own: Placement = { tier: 'device', nodeId: id, variant: variant?.name ?? '' };
        return [id, given.get(id) ?? own];
      }),
    );
  };

  return {
    name,
    observe: (next) => void (observation = next),
    propose() {
      plans++;
      return secondLooks.size > 0 ? { ...obeyedPlan(best()), secondLooks } : obeyedPlan(best());
    },
    best,
    bestSecondLooks: () => secondLooks,
    learn: (batch) => void (outcomes += batch.length),
    status: () => statusOf({ outcomes, plans, exploringPlans: 0 }),
    snapshot: () =>
      snapshotOf(name, version, {
        placements: [...given],
        secondLooks: [...secondLooks],
        outcomes,
        plans,
      } satisfies StaticState),
    restore(snapshot: LearnerSnapshot) {
      const state = stateOf(snapshot, { learner: name, version, schema: stateSchema });
      given = new Map(state.placements);
      secondLooks = new Map(state.secondLooks);
      ({ outcomes, plans } = state);
    },
  };
}

/** The snapshot from which `static` runs this joint placement. */
export const staticSnapshot = (
  placements: ReadonlyMap<string, Placement>,
  secondLooks: SecondLooks = new Map(),
): LearnerSnapshot =>
  snapshotOf(name, version, {
    placements: [...placements],
    secondLooks: [...secondLooks],
    outcomes: 0,
    plans: 0,
  } satisfies StaticState);
