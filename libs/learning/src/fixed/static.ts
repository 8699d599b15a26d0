import type { Placement } from '@weir/domain';
import { bestVariant } from '../actions.ts';
import type { CellObservation, Learner, LearnerSnapshot, LearnerStatus } from '../learner.ts';
import { obeyedPlan } from '../obeyed-plan.ts';
import { mismatch, snapshotOf, stateOf } from '../snapshot.ts';

const name = 'static';
const version = 1;

interface StaticState {
  readonly placements: readonly (readonly [deviceId: string, placement: Placement])[];
  readonly outcomes: number;
  readonly plans: number;
}

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
    status: (): LearnerStatus => ({
      outcomes,
      plans,
      exploringPlans: 0,
      explorationShare: 0,
      driftAlarms: 0,
    }),
    snapshot: () =>
      snapshotOf(name, version, { placements: [...given], outcomes, plans } satisfies StaticState),
    restore(snapshot: LearnerSnapshot) {
      const state = stateOf<StaticState>(snapshot, { learner: name, version, fault });
      given = new Map(state.placements);
      ({ outcomes, plans } = state);
    },
  };
}

/** The snapshot from which `static` runs this joint placement. */
export const staticSnapshot = (placements: ReadonlyMap<string, Placement>): LearnerSnapshot =>
  snapshotOf(name, version, { placements: [...placements], outcomes: 0, plans: 0 } satisfies StaticState);

function fault(state: unknown): string | undefined {
  const placement = { tier: '', nodeId: '', variant: '' };
  const wrong = mismatch(state, { placements: [['', placement]], outcomes: 0, plans: 0 });
  if (wrong) return wrong;
  const { placements } = state as StaticState;
  const at = placements.findIndex(([, { tier }]) => !['device', 'edge', 'cloud'].includes(tier));
  return at < 0 ? undefined : `state.placements[${at}][1].tier must be device, edge or cloud`;
}
