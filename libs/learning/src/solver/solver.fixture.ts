import type { Random } from '@weir/base';
import type { AssignmentProblem, LocalOption, RemoteAccess } from './problem.ts';

/** A random heterogeneous cell: unequal devices, masks, links, weights, deadlines, learned-looking node tables. */
export function randomProblem(
  random: Random,
  {
    n,
    nodes = 1 + random.integer(3),
    remoteVariants = random.integer(2) === 0 ? 1 : 1 + random.integer(3),
    localVariants = 1 + random.integer(4),
    equalWeights = false,
  }: { n: number; nodes?: number; remoteVariants?: number; localVariants?: number; equalWeights?: boolean },
): AssignmentProblem {
  const accuracies = Array.from(
    { length: Math.max(remoteVariants, localVariants) },
    () => 0.7 + 0.25 * random.uniform(),
  );
  accuracies.sort((a, b) => b - a);
  const floor = 0.68 + 0.28 * random.uniform();
  const weights = Array.from({ length: n }, () => (equalWeights ? 1 : 0.5 + random.uniform()));
  const tables = Array.from({ length: nodes }, () => {
    const base = 20 + 300 * random.uniform();
    const slots = 0.5 + (3 * random.uniform() * Math.max(n, 5)) / 5;
    const ms = new Float64Array(remoteVariants * (n + 1));
    for (let v = 0; v < remoteVariants; v++) {
      const factor = 1 / (1 + v * random.uniform());
      for (let k = 0; k <= n; k++)
        ms[v * (n + 1) + k] = base * factor * Math.max(1, k / slots) * (0.95 + 0.1 * random.uniform());
    }
    return { capacity: n, ms };
  });
  const local = weights.map((weight): LocalOption[] => {
    if (random.uniform() < 0.1) return [];
    const speed = 50 + 500 * random.uniform();
    return Array.from({ length: localVariants }, (_, variant) => ({
      variant,
      cost: weight * (12 + speed * (0.05 + 0.95 * random.uniform() ** (variant + 1))),
      surplus: weight * (accuracies[variant]! - floor),
    }));
  });
  const remote = weights.map((weight) =>
    tables.map((): RemoteAccess | undefined =>
      random.uniform() < 0.1
        ? undefined
        : {
            offset: weight * (10 + 140 * random.uniform()),
            weight,
            limitMs: random.uniform() < 0.2 ? 400 : Infinity,
            options: Array.from({ length: remoteVariants }, (_, variant) => ({
              variant,
              surplus: weight * (accuracies[variant]! - floor),
              extra: 20 * random.uniform(),
            })),
          },
    ),
  );
  return { local, nodes: tables, remote };
}

/**
 * A fleet as one expects it: unequal devices, two link classes, an edge and a cloud whose cores grow with the fleet,
 * floor 0.85 to 0.89. With `accuracyStep`, accuracies and floor are multiples of it, and there are fewer variants.
 */
export function fleetProblem(
  random: Random,
  n: number,
  { accuracyStep }: { accuracyStep?: number } = {},
): AssignmentProblem {
  const accuracies = accuracyStep
    ? [0.9, 0.88, 0.85, 0.74]
    : [0.899, 0.882, 0.849, 0.742, 0.889, 0.87, 0.832, 0.728];
  const works = [1, 0.56, 0.26, 0.07, 0.53, 0.29, 0.14, 0.04];
  const floor = accuracyStep ? 0.85 + accuracyStep * random.integer(5) : 0.85 + 0.04 * random.uniform();
  const options = [{ variant: 0, surplus: accuracies[0]! - floor, extra: 0 }];
  const nodes = [0, 1].map(() => {
    const computeMs = 120 + 130 * random.uniform();
    const cores = Math.max(1, n * (0.1 + 0.25 * random.uniform()));
    const ms = new Float64Array(n + 1);
    for (let k = 1; k <= n; k++) ms[k] = computeMs * Math.max(1, k / cores);
    return { capacity: n, ms };
  });
  const local: LocalOption[][] = [];
  const remote: RemoteAccess[][] = [];
  for (let device = 0; device < n; device++) {
    const slowness = 0.6 * 3 ** random.uniform();
    const weakMs = random.uniform() < 0.4 ? 80 : 0;
    local.push(
      accuracies.map((accuracy, variant) => ({
        variant,
        cost: slowness * (12 + 478 * works[variant]!),
        surplus: accuracy - floor,
      })),
    );
    remote.push(
      [30, 80].map((networkMs) => ({ offset: networkMs + weakMs, weight: 1, limitMs: Infinity, options })),
    );
  }
  return { local, nodes, remote };
}
