import type { StoredDevice } from '@weir/storage';
import type { Member } from '../cell/members.ts';

/**
 * What is stored of a member, so that the journal can be learned from again before any device has come back. Its curves
 * are not: nothing is learned from them, and it brings them again.
 */
export function memberToJson({ hello, local, targets, variantRanks }: Member): string {
  const { looks: _, ...kept } = hello;
  return JSON.stringify(
    { ...kept, local, targets, variantRanks } satisfies StoredDevice,
    (_key, value: unknown) =>
      value instanceof Map ? Object.fromEntries(value as ReadonlyMap<string, number>) : value,
  );
}
