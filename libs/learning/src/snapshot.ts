import { type FieldViolation, InvalidInput } from '@weir/base';
import { z } from 'zod';
import type { LearnerSnapshot } from './learner.ts';

/** Wraps a learner's state. */
export const snapshotOf = (learner: string, version: number, state: unknown): LearnerSnapshot => ({
  format: 'weir.learner',
  version,
  learner,
  // A deep copy: what is learned afterwards must not change it.
  state: structuredClone(state),
});

/** Most faults of a snapshot that are told at once. */
const mostFaults = 8;

/**
 * The state inside a snapshot that `learner` wrote in this `version`, a copy, as `schema` reads it. Throws InvalidInput
 * that names the fields, e.g. "snapshot.state.nets.values.layers[0]: expected 128 numbers".
 */
export function stateOf<State>(
  snapshot: unknown,
  {
    learner,
    version,
    schema = z.custom<State>(),
    fault,
  }: {
    learner: string;
    version: number;
    schema?: z.ZodType<State>;
    /** @deprecated until the planner has a schema */
    fault?: (state: unknown) => string | undefined;
  },
): State {
  const envelope = z.object({
    format: z.literal('weir.learner'),
    learner: z.literal(learner),
    version: z.literal(version),
    state: z.unknown().optional(),
  });
  const { state } = valid(snapshot, envelope, 'snapshot');
  const wrong = fault?.(state);
  if (wrong !== undefined)
    throw new InvalidInput([{ field: 'snapshot.state', description: wrong }], { reason: 'BAD_SNAPSHOT' });
  return valid(state, schema, 'snapshot.state');
}

/** What `schema` reads from `value`, which stands at `path`. Throws InvalidInput with the first faults and their paths. */
export function valid<T>(value: unknown, schema: z.ZodType<T>, path: string): T {
  const parsed = schema.safeParse(value, { error: expected });
  if (parsed.success) return parsed.data;
  throw new InvalidInput(faultsOf(parsed.error, path).slice(0, mostFaults), { reason: 'BAD_SNAPSHOT' });
}

/** The faults as people read them: `path.to[0].field`, what would be good. */
export const faultsOf = ({ issues }: z.ZodError, path: string): FieldViolation[] =>
  issues.map((issue) => ({
    field: issue.path.reduce<string>(
      (field, key) =>
        typeof key === 'number' ? `${field}[${key}]` : field ? `${field}.${String(key)}` : String(key),
      path,
    ),
    description: issue.message,
  }));

/** "expected a number, got a string": in words, for every fault that a schema gives no message of its own. */
export function expected(issue: z.core.$ZodRawIssue): string | undefined {
  const { input } = issue;
  switch (issue.code) {
    case 'invalid_type':
      return `expected ${nouns[issue.expected] ?? issue.expected}, got ${nameOf(input)}`;
    case 'invalid_value':
      return `expected ${issue.values.map((value) => JSON.stringify(value)).join(' or ')}, got ${nameOf(input)}`;
    case 'too_small':
      return bound(issue, issue.exact ? '' : issue.inclusive ? 'at least ' : 'more than ', issue.minimum);
    case 'too_big':
      return bound(issue, issue.exact ? '' : issue.inclusive ? 'at most ' : 'less than ', issue.maximum);
    case 'unrecognized_keys':
      return `unknown: ${issue.keys.join(', ')}`;
    default:
      return undefined;
  }
}

const nouns: Readonly<Record<string, string>> = {
  number: 'a finite number',
  int: 'a whole number',
  string: 'a text',
  boolean: 'true or false',
  array: 'a list',
  tuple: 'a list',
  object: 'an object',
};

function nameOf(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (typeof value === 'function') return 'a function';
  if (Array.isArray(value)) return `a list of ${value.length}`;
  if (typeof value === 'object' && value !== null) return 'an object';
  const text = typeof value === 'string' ? JSON.stringify(value) : `${value as number | boolean | null}`;
  return text.length > 40 ? `${text.slice(0, 40)}…` : text;
}

function bound(
  { input, origin }: { input?: unknown; origin: string },
  relation: string,
  limit: number | bigint,
) {
  const unit = { array: ' entry', string: ' character' }[origin] ?? '';
  const what = limit === 1 ? unit : unit.replace('entry', 'entries').replace('character', 'characters');
  return `expected ${relation}${limit}${what}, got ${nameOf(input)}`;
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
