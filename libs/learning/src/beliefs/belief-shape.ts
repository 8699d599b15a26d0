import { isObject, mismatch, type Shape } from '../snapshot.ts';

const block: Shape = {
  weights: { mean: [0], covariance: [0] },
  change: { up: 0, down: 0 },
  observations: 0,
  priorMs: 0,
};
const noise: Shape = { shape: 0, scale: 0 };

/** What is wrong with the state of a snapshot's beliefs, or undefined. */
export function beliefFault(state: unknown, path: string): string | undefined {
  const wrong = mismatch(
    state,
    {
      local: [['', block]],
      nodes: [['', block, [['', 0]]]],
      links: [['', block]],
      pools: [['', 0, 0]],
      noise: { local: noise, nodes: noise, links: noise },
      localScale: [0, 0],
      alarms: 0,
    },
    path,
  );
  if (wrong || !isObject(state)) return wrong;
  for (const group of ['local', 'nodes', 'links'] as const) {
    for (const entry of state[group] as [string, { weights: { mean: number[]; covariance: number[] } }][]) {
      const { mean, covariance } = entry[1].weights;
      if (covariance.length !== mean.length ** 2)
        return `${path}.${group}: covariance of ${entry[0]} is not square`;
      if (mean.some((_, at) => covariance[at * (mean.length + 1)]! < -1e-6))
        return `${path}.${group}: variance of ${entry[0]} is negative`;
    }
  }
  return undefined;
}
