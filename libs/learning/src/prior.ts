/** For a thread that makes priors and nothing else: without the learners it starts in half the time. */
export { type BeliefPrior, type Immutable, priorSchema } from './beliefs/prior.ts';
export { priorOf } from './beliefs/fleet-prior.ts';
export { type CellWitness, siteWitness } from './beliefs/witness.ts';
export { cellWitness } from './planner/planner-state.ts';
