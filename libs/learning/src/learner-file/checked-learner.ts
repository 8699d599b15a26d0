import { InvalidInput, WeirError } from '@weir/base';
import type { Placement, PlannedLook } from '@weir/domain';
import { basename } from 'node:path';
import { z } from 'zod';
import { countSchema } from '../learner-counts.ts';
import type { CellObservation, Learner } from '../learner.ts';
import { valid } from '../snapshot.ts';
import { placementFault, secondLookFault } from './placement-fault.ts';

const methods = ['observe', 'propose', 'learn', 'best', 'status', 'snapshot', 'restore'] as const;
type Method = (typeof methods)[number] | 'propensities';

const plan = z.looseObject({
  placements: z.instanceof(Map, { error: 'expected a Map from device ids to placements' }),
  secondLooks: z.instanceof(Map, { error: 'expected a Map from device ids to second looks' }).optional(),
  // Infinity stands for a plan to be obeyed.
  thresholdMs: z.custom<number>((ms) => typeof ms === 'number' && ms >= 0, 'expected ms >= 0, or Infinity'),
  explored: z.boolean(),
  propensity: z.number().min(0).max(1),
  actions: z.instanceof(Map, { error: 'expected a Map; an empty one without a cost model' }),
  accuracyPriceMs: z.number().min(0),
  predictedMs: z.instanceof(Map, { error: 'expected a Map; an empty one without a cost model' }),
});
const propensities = z.custom<ReadonlyMap<string, number>>(
  (map) =>
    map instanceof Map &&
    [...map.values()].every((each) => typeof each === 'number' && each > 0 && each <= 1),
  'expected a Map from device ids to probabilities, more than 0 and at most 1',
);
const status = z.looseObject({
  outcomes: countSchema,
  plans: countSchema,
  exploringPlans: countSchema,
  explorationShare: z.number().min(0).max(1),
  driftAlarms: countSchema,
});
const snapshot = z.looseObject({
  format: z.literal('weir.learner'),
  version: z.number(),
  state: z.unknown(),
});

/**
 * A learner that somebody else wrote, under the `name` of its file: what it says is checked before anybody acts on it, and
 * what it throws tells where. Throws InvalidInput when it lacks a method.
 */
export function checkedLearner(made: unknown, { file, name }: { file: string; name: string }): Learner {
  const learner = (made ?? {}) as Learner;
  const lacking = methods.filter((method) => typeof learner[method] !== 'function');
  if (lacking.length > 0) {
    const description = `what its factory returns lacks ${lacking.map((method) => `${method}()`).join(', ')}; a learner has ${methods.join(', ')}`;
    throw new InvalidInput([{ field: file, description }], { reason: 'NO_LEARNER' });
  }
  const ownName = typeof learner.name === 'string' ? learner.name : name;
  let observation: CellObservation | undefined;

  function call<T>(method: Method, use: () => T): T {
    try {
      return use();
    } catch (cause) {
      // What is expected of a learner: no plan meets the constraints, a snapshot is not its own.
      if (cause instanceof WeirError) throw cause;
      throw new Error(`${file}: ${method}() failed: ${String(cause)}${placeIn(file, cause)}`, { cause });
    }
  }
  /** Checks what a method answers; a wrong answer is a fault of the file's code, whoever asked. */
  function answer<T>(method: Method, value: unknown, schema: z.ZodType<T>): void {
    try {
      valid(value, schema, method);
    } catch (cause) {
      throw new Error(`${file}: ${method}() answers wrongly: ${(cause as Error).message}`, { cause });
    }
  }
  function checkPlacements(
    method: Method,
    placements: ReadonlyMap<string, Placement>,
    looks: ReadonlyMap<string, PlannedLook> = new Map(),
  ): void {
    const wrong =
      observation &&
      (placementFault(placements, observation) ?? secondLookFault(looks, { observation, placements }));
    if (wrong !== undefined)
      throw new Error(
        `${file}: ${method}() does not fit the observation: ${wrong}; openActions(observation, 'full') lists what each device may do`,
      );
  }

  return {
    name,
    observe(next) {
      observation = next;
      call('observe', () => learner.observe(next));
    },
    propose() {
      const proposed = call('propose', () => learner.propose());
      answer('propose', proposed, plan);
      checkPlacements('propose', proposed.placements, proposed.secondLooks);
      return proposed;
    },
    ...(typeof learner.propensities === 'function' && {
      propensities() {
        const said = call('propensities', () => learner.propensities!());
        answer('propensities', said, propensities);
        return said;
      },
    }),
    learn: (outcomes) => call('learn', () => learner.learn(outcomes)),
    best() {
      const best = call('best', () => learner.best());
      answer('best', best, z.instanceof(Map, { error: 'expected a Map from device ids to placements' }));
      checkPlacements('best', best);
      return best;
    },
    status() {
      const said = call('status', () => learner.status());
      answer('status', said, status);
      return said;
    },
    snapshot() {
      const saved = call('snapshot', () => learner.snapshot());
      answer('snapshot', saved, snapshot);
      return { ...saved, learner: name };
    },
    restore: (saved) => call('restore', () => learner.restore({ ...saved, learner: ownName })),
  };
}

/** ` (mine.ts:12:5)` where an error comes from the file, else nothing. */
export function placeIn(file: string, error: unknown): string {
  const stack = error instanceof Error ? (error.stack ?? '') : '';
  const at = stack.indexOf(file);
  const place = at < 0 ? undefined : /^:\d+(:\d+)?/.exec(stack.slice(at + file.length))?.[0];
  return place ? ` (${basename(file)}${place})` : '';
}
