import { type FieldViolation, nearest } from '@weir/base';
import { z } from 'zod';
import { expected, faultsOf } from './snapshot.ts';

/** What is allowed for each option of a learner, by its name. */
export type OptionRules<Options> = { readonly [Key in keyof Options]-?: z.ZodType<Options[Key]> };

/** Rules that tell only names and types, by an example of every option. */
export const rulesLike = (defaults: Readonly<Record<string, unknown>>): Record<string, z.ZodType> =>
  Object.fromEntries(Object.entries(defaults).map(([key, value]) => [key, typeLike(value)]));

function typeLike(value: unknown): z.ZodType {
  if (typeof value === 'number') return z.number();
  if (typeof value === 'string') return z.string();
  if (typeof value === 'boolean') return z.boolean();
  if (Array.isArray(value)) return z.array(value.length > 0 ? typeLike(value[0]) : z.unknown());
  return z.unknown();
}

/** Every fault of options that come from outside: unknown names, wrong types, numbers out of range. */
export function optionFaults(
  options: Readonly<Record<string, unknown>>,
  rules: Readonly<Record<string, z.ZodType>>,
): FieldViolation[] {
  const names = Object.keys(rules);
  const unknown = Object.keys(options)
    .filter((key) => !names.includes(key))
    .map((field) => ({ field, description: unknownOption(field, names) }));
  const parsed = z.object(rules).partial().safeParse(options, { error: expected });
  return [...unknown, ...(parsed.success ? [] : faultsOf(parsed.error, ''))];
}

/** Why there is no such option, and what was meant. */
export function unknownOption(given: string, names: readonly string[]): string {
  const meant = nearest(given, names);
  if (meant) return `unknown option; did you mean ${meant}?`;
  return names.length > 0
    ? `unknown option; there are ${names.join(', ')}`
    : 'unknown option; there are none';
}

/** Ranges that several learners share. */
export const option = {
  actionSpace: z.enum(['paper', 'full']),
  /** 0..1 */
  share: z.number().min(0).max(1),
  positive: z.number().positive().max(1e9),
  notNegative: z.number().min(0).max(1e9),
  count: (least: number, most: number) => z.int().min(least).max(most),
};
