import { Violations } from '@weir/base';

/** Throws InvalidInput, naming the faults of the ids, by field, and of whatever else is checked. */
export function checkIds(ids: Readonly<Record<string, string>>): void;
export function checkIds<T>(ids: Readonly<Record<string, string>>, more: (violations: Violations) => T): T;
export function checkIds<T>(ids: Readonly<Record<string, string>>, more?: (violations: Violations) => T) {
  const violations = new Violations();
  for (const [field, id] of Object.entries(ids)) violations.id(id, field);
  const result = more?.(violations);
  violations.throwIfAny();
  return result;
}
