import { InvalidInput } from '@weir/base';
import type { LearnerSnapshot } from './learner.ts';

/** Wraps a learner's state. */
export const snapshotOf = (learner: string, version: number, state: unknown): LearnerSnapshot => ({
  format: 'weir.learner',
  version,
  learner,
  // A deep copy: what is learned afterwards must not change it.
  state: structuredClone(state),
});

/**
 * The state inside a snapshot that `learner` wrote in this `version`, after a check of its shape by `describe`, which
 * returns what is wrong or undefined. Throws InvalidInput with the reason.
 */
export function stateOf<State>(
  snapshot: unknown,
  {
    learner,
    version,
    fault,
  }: { learner: string; version: number; fault: (state: unknown) => string | undefined },
): State {
  const refuse = (field: string, description: string) => {
    throw new InvalidInput([{ field, description }], { reason: 'BAD_SNAPSHOT' });
  };
  const given = (
    isObject(snapshot) ? snapshot : refuse('snapshot', 'must be an object')
  ) as Partial<LearnerSnapshot>;
  if (given.format !== 'weir.learner') refuse('snapshot.format', "must be 'weir.learner'");
  if (given.learner !== learner)
    refuse('snapshot.learner', `belongs to ${JSON.stringify(given.learner)}, not to '${learner}'`);
  if (given.version !== version)
    refuse('snapshot.version', `is ${JSON.stringify(given.version)}, this learner reads ${version}`);
  const wrong = fault(given.state);
  if (wrong !== undefined) refuse('snapshot.state', wrong);
  return structuredClone(given.state) as State;
}

export const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** An example of a shape: numbers stand for finite numbers, `[x]` for a list of x, objects for their keys. */
export type Shape = number | string | boolean | readonly Shape[] | { readonly [key: string]: Shape };

/**
 * What is wrong with `value` against an example, with its path, or undefined. A list with several entries is a tuple;
 * with one, a list of any length of that entry.
 */
export function mismatch(value: unknown, shape: Shape, path = 'state'): string | undefined {
  if (typeof shape === 'number') {
    return typeof value === 'number' && Number.isFinite(value)
      ? undefined
      : `${path} must be a finite number`;
  }
  if (typeof shape !== 'object')
    return typeof value === typeof shape ? undefined : `${path} must be a ${typeof shape}`;
  if (Array.isArray(shape)) {
    if (!Array.isArray(value)) return `${path} must be a list`;
    const tuple = shape.length > 1;
    if (tuple && value.length !== shape.length) return `${path} must have ${shape.length} entries`;
    for (const [index, entry] of value.entries()) {
      const wrong = mismatch(entry, (shape as readonly Shape[])[tuple ? index : 0]!, `${path}[${index}]`);
      if (wrong) return wrong;
    }
    return undefined;
  }
  if (!isObject(value)) return `${path} must be an object`;
  for (const [key, entry] of Object.entries(shape)) {
    const wrong = mismatch(value[key], entry, `${path}.${key}`);
    if (wrong) return wrong;
  }
  return undefined;
}
