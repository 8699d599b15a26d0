import { z } from 'zod';
import { priorOf } from '../beliefs/fleet-prior.ts';
import type { BeliefPrior, Immutable } from '../beliefs/prior.ts';
import { beliefSchema } from '../beliefs/state.ts';
import { type CellWitness, witnessOf } from '../beliefs/witness.ts';
import type { LearnerSnapshot } from '../learner.ts';
import { stateOf } from '../snapshot.ts';

const version = 5;
const learner = 'planner';

const most = 1e12;
const name = z.string().max(1_000);
const counter = z.int().min(0).max(Number.MAX_SAFE_INTEGER);
const amount = z.number().min(0).max(most);
const members = z.object({ most: counter.max(1_000_000), recent: z.array(name).max(2_000_000) });

const schema = z
  .object({
    beliefs: beliefSchema,
    outcomes: counter,
    plans: counter,
    explorations: counter,
    explorationCost: amount,
    totalCost: amount,
    credit: amount.max(1e6),
    calibrations: z.array(z.tuple([name, z.number().min(-most).max(most)])).max(1_000_000),
    energy: z.array(z.tuple([name, z.array(z.tuple([name, amount])).max(100_000)])).max(1_000_000),
    /** Node, device, failures in a row, ms until the next chance. */
    failures: z.array(z.tuple([name, name, counter, z.number().min(0).max(60_000)])).max(1_000_000),
    members: z.object({ devices: members, nodes: members }),
  })
  .refine(({ plans, explorations }) => explorations <= plans, {
    error: 'expected at most as many as plans',
    path: ['explorations'],
  });

/** JSON form of a planner. */
export type PlannerState = Immutable<z.infer<typeof schema>>;

/** `state`: of its own, as what the parts of a planner tell of themselves is; a copy of a large cell's takes long. */
export const plannerSnapshot = (state: PlannerState): LearnerSnapshot => ({
  format: 'weir.learner',
  version,
  learner,
  state,
});

/** Throws InvalidInput, naming the field, when the snapshot is corrupt, of another learner or another version. */
export const plannerState = (snapshot: unknown): PlannerState =>
  stateOf<PlannerState>(snapshot, { learner, version, schema });

/**
 * What the planners of other cells have learned, as the prior of a new one's (`createLearner('planner', { prior })`): costs of
 * devices, tiers and links by role, so that names need not agree. Floors do not matter: costs do not depend on them. Undefined
 * where none has learned anything. Throws InvalidInput for a snapshot of another learner or a corrupt one.
 */
export const priorFrom = (snapshots: readonly LearnerSnapshot[]): BeliefPrior | undefined =>
  priorOf(snapshots.map(cellWitness));

/** What one of them has to say, which is little: `priorOf(witnesses)` is `priorFrom(snapshots)`. Throws likewise. */
export const cellWitness = (snapshot: unknown): CellWitness => witnessOf(plannerState(snapshot).beliefs);
