import type { Violations } from '@weir/base';
import type { policy } from '@weir/proto';

/** What a learner knew at some time, without its state. */
export interface SnapshotVersion {
  /** 1, 2, 3 … */
  readonly number: number;
  readonly learner: string;
  /** Epoch ms. */
  readonly at: number;
  readonly outcomes: number;
  readonly why: string;
  readonly bytes: number;
}

export const snapshotVersionToWire = (
  { number, at, outcomes, bytes, learner, why }: SnapshotVersion,
  now: number,
): policy.SnapshotVersion => ({
  version: BigInt(number),
  learner,
  ageMs: Math.max(0, now - at),
  outcomes: BigInt(outcomes),
  why,
  bytes: BigInt(bytes),
});

/** A version's number; 0: none is named. */
export function versionFromWire(version: bigint, field: string, violations: Violations): number {
  const number = Number(version);
  violations.check(Number.isSafeInteger(number), field, 'expected the number of a version');
  return number;
}
