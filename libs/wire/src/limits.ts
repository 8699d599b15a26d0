import type { Violations } from '@weir/base';

/** Longest duration that makes sense in a message: a day, ms. Keeps one absurd figure from ruining a mean. */
export const maxMs = 86_400_000;

/** Notes a fault when a key appears twice. */
export function uniqueKeys(violations: Violations, keys: readonly string[], field: string): void {
  const twice = keys.find((key, index) => keys.indexOf(key) !== index);
  violations.check(twice === undefined, field, `${twice ?? ''} appears twice`);
}
