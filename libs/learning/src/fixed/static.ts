import type { Placement } from '@weir/domain';
import { z } from 'zod';
import { bestVariant } from '../actions.ts';
import type { CellObservation, Learner, LearnerSnapshot } from '../learner.ts';
import { obeyedPlan } from '../obeyed-plan.ts';
import { countSchema, statusOf } from '../learner-counts.ts';
import { snapshotOf, stateOf } from '../snapshot.ts';

const name = 'static';
const version = 1;

const stateSchema = z.strictObject({
  placements: z.array(
    z.tuple([
      z.string(),
      z.strictObject({
        tier: z.enum(['device', 'edge', 'cloud']),
        nodeId: z.string().min(1),
        variant: z.string().min(1),
      }),
    ]),
  ),
  outcomes: countSchema,
  plans: countSchema,
});
type StaticState = z.output<typeof stateSchema>;

/**
 * One joint placement, given from outside and obeyed, as operators do by hand today: it comes as a snapshot
 * (`staticSnapshot`). A device that it does not name runs its most accurate variant by itself.
 */
export function createStatic(): Learner {
  let observation: CellObservation | undefined;
  let given = new Map<string, Placement>();
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
      return obeyedPlan(best());
    },
    best,
    learn: (batch) => void (outcomes += batch.length),
    status: () => statusOf({ outcomes, plans, exploringPlans: 0 }),
    snapshot: () =>
      snapshotOf(name, version, { placements: [...given], outcomes, plans } satisfies StaticState),
    restore(snapshot: LearnerSnapshot) {
      const state = stateOf(snapshot, { learner: name, version, schema: stateSchema });
      given = new Map(state.placements);
      ({ outcomes, plans } = state);
    },
  };
}

/** The snapshot from which `static` runs this joint placement. */
export const staticSnapshot = (placements: ReadonlyMap<string, Placement>): LearnerSnapshot =>
  snapshotOf(name, version, { placements: [...placements], outcomes: 0, plans: 0 } satisfies StaticState);
