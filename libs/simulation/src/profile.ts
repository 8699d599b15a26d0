import type { Variant } from '@weir/domain';

/** True times of a simulated cell, ms, without noise. */
export interface CostProfile {
  readonly name: ProfileName;
  /** Description for people. */
  readonly summary: string;
  /** Work of the largest FP32 variant and overhead on a device of speed 1. */
  readonly local: { readonly overheadMs: number; readonly computeMs: number; readonly int8Speedup: number };
  readonly edge: RemoteProfile;
  readonly cloud: RemoteProfile;
  /** Extra network time of a weak link per remote request. */
  readonly weakMs: number;
}

export interface RemoteProfile {
  /** Time of the largest FP32 variant while the requests fit the cores. */
  readonly computeMs: number;
  readonly networkMs: number;
  /** Concurrent requests that do not slow each other down. */
  readonly cores: number;
}

export type ProfileName = 'uncontended' | 'contended';

/** Own choice, after the paper's setting. */
export const profiles: Readonly<Record<ProfileName, CostProfile>> = {
  uncontended: {
    name: 'uncontended',
    summary: 'edge with 2 and cloud with 4 cores; a request uses one',
    local: { overheadMs: 12, computeMs: 408, int8Speedup: 1.6 },
    edge: { computeMs: 210, networkMs: 30, cores: 2 },
    cloud: { computeMs: 168, networkMs: 80, cores: 4 },
    weakMs: 80,
  },
  contended: {
    name: 'contended',
    summary: 'one remote request uses all cores of its tier',
    local: { overheadMs: 12, computeMs: 478, int8Speedup: 1.9 },
    edge: { computeMs: 240, networkMs: 60, cores: 1 },
    cloud: { computeMs: 260, networkMs: 60, cores: 1 },
    weakMs: 80,
  },
};

export const profileNames = Object.keys(profiles) as ProfileName[];

/** MACs of the variant that the profiles' times are for. */
const referenceMacs = 569e6;

/** Computation of a variant relative to the largest FP32 one, as expected from its size and precision. */
function relativeWork({ local }: CostProfile, { macs, precision }: Variant): number {
  return macs / referenceMacs / (precision === 'int8' ? local.int8Speedup : 1);
}

/** Time of a variant on a device, ms; `slowness` 1 is the paper's device. */
export function localMs(
  profile: CostProfile,
  variant: Variant,
  slowness: number,
  work = relativeWork(profile, variant),
): number {
  return slowness * (profile.local.overheadMs + profile.local.computeMs * work);
}

/** Compute time at a remote tier, ms, with `together` requests there in all, those of others included. */
export function remoteMs(
  profile: CostProfile,
  tier: 'edge' | 'cloud',
  variant: Variant,
  together: number,
  work = relativeWork(profile, variant),
): number {
  const { computeMs, cores } = profile[tier];
  return computeMs * Math.max(1, together / cores) * work;
}
