import { mutantsOf } from '../mutant.ts';

export const fleet = mutantsOf('apps/policy-service/src', [
  {
    title: 'a process that starts does not take the stored prior of the fleet',
    file: 'fleet/fleet-prior.ts',
    find: '      this.#current = prior;\n      return',
    replace: '      void prior;\n      return',
  },
  {
    title: 'the prior of the fleet is never made anew',
    file: 'fleet/fleet-prior.ts',
    find: 'const youngShare = 0.5;',
    replace: 'const youngShare = 1e9;',
  },
  {
    title: 'a damaged snapshot keeps the prior of the fleet from being made',
    file: 'fleet/prior-worker.ts',
    find: 'return { refused: (error as Error).message };',
    replace: 'throw error;',
    specs: ['fleet/fleet-prior.spec.ts'],
  },
  {
    title: 'a new cell begins without the prior of the fleet',
    file: 'journal/recovery.ts',
    find: 'const learner = learners.create(name, cellId, prior);',
    replace: 'const learner = learners.create(name, cellId);',
    specs: ['fleet/fleet-prior.spec.ts'],
  },
]);
