import { type FieldViolation, InvalidInput, jsonInSteps, type Steps } from '@weir/base';
import { z } from 'zod';
import type { Learner, LearnerSnapshot } from './learner.ts';

/** Wraps a learner's state. */
export const snapshotOf = (learner: string, version: number, state: unknown): LearnerSnapshot => ({
  format: 'weir.learner',
  version,
  learner,
  // A deep copy: what is learned afterwards must not change it.
  state: structuredClone(state),
});

/** What a learner has learned, as JSON; until the last step nothing is observed, learned or planned by it. */
export function* snapshotText(learner: Learner): Steps<string> {
  return yield* jsonInSteps(learner.snapshotInSteps ? yield* learner.snapshotInSteps() : learner.snapshot());
}

/** Most faults of a snapshot that are told at once. */
const mostFaults = 8;

/**
 * The state inside a snapshot that `learner` wrote in this `version`, a copy, as `schema` reads it. Throws InvalidInput
 * that names the fields, e.g. "snapshot.state.nets.values.layers[0]: expected 128 numbers".
 */
export function stateOf<State>(
  snapshot: unknown,
  { learner, version, schema }: { learner: string; version: number; schema: z.ZodType<State> },
): State {
  const envelope = z.object({
    format: z.literal('weir.learner'),
    learner: z.literal(learner),
    version: z.literal(version),
    state: z.unknown().optional(),
  });
  const { state } = valid(snapshot, envelope, 'snapshot');
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
