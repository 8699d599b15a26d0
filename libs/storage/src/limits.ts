/** Bounds of a store. */
export interface StoreLimits {
  /** Outcomes kept per cell; older ones are dropped. @default 200_000 */
  readonly retention: number;
  /** Agent instances remembered per cell for de-duplication; the least recently heard are forgotten. @default 10_000 */
  readonly maxStreams: number;
  /** Sequences of one instance that may be ahead of a gap before the gap is given up. @default 10_000 */
  readonly maxAhead: number;
  /** Versions of snapshots kept per cell; older ones are dropped. @default 24 */
  readonly versions: number;
  /** Operations waiting for the disk; beyond it they are refused with RESOURCE_EXHAUSTED. @default 10_000 */
  readonly maxPending: number;
}

export const defaultLimits: StoreLimits = {
  retention: 200_000,
  maxStreams: 10_000,
  maxAhead: 10_000,
  versions: 24,
  maxPending: 10_000,
};
