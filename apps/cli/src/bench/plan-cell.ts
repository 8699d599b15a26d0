import type { Random } from '@weir/base';
import type { AssignmentProblem, LocalOption, RemoteAccess } from '@weir/learning';
import { paperFamily } from '@weir/simulation';

/**
 * A random cell of a fleet: devices of unequal speed with regular or weak links, the paper's eight variants on them and
 * the best one on an edge and a cloud whose cores grow with the fleet; floor 0.85 to 0.89. Times in ms.
 */
export function benchCell(users: number, random: Random): AssignmentProblem {
  const floor = 0.85 + 0.04 * random.uniform();
  const best = paperFamily[0]!;
  const options = [{ variant: 0, surplus: best.accuracy - floor, extra: 0 }];
  const nodes = [
    { computeMs: 150 + 100 * random.uniform(), cores: Math.max(1, users * (0.1 + 0.2 * random.uniform())) },
    { computeMs: 100 + 150 * random.uniform(), cores: Math.max(1, users * (0.1 + 0.3 * random.uniform())) },
  ].map(({ computeMs, cores }) => {
    // One row for each variant of the family, as a planner has them; only the best one runs here.
    const ms = new Float64Array(paperFamily.length * (users + 1));
    for (let k = 1; k <= users; k++) ms[k] = computeMs * Math.max(1, k / cores);
    return { capacity: users, ms };
  });
  const local: LocalOption[][] = [];
  const remote: RemoteAccess[][] = [];
  for (let device = 0; device < users; device++) {
    const slowness = 0.6 * 3 ** random.uniform();
    const weakMs = random.uniform() < 0.4 ? 80 : 0;
    local.push(
      paperFamily.map(({ macs, precision, accuracy }, variant) => ({
        variant,
        cost: slowness * (12 + (478 * (macs / best.macs)) / (precision === 'int8' ? 1.9 : 1)),
        surplus: accuracy - floor,
      })),
    );
    remote.push(
      [30, 80].map((networkMs) => ({
        offset: networkMs * (0.8 + 0.4 * random.uniform()) + weakMs,
        weight: 1,
        limitMs: Infinity,
        options,
      })),
    );
  }
  return { local, nodes, remote };
}
