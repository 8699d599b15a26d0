import { type CellDescription, describeCell } from '@weir/cell';
import type { Family } from '@weir/inference';

/** One device and one edge, neither emulated, with the smallest model, so that compute hides no other cost. */
export function oneEdgeCell({
  family,
  models,
  seed,
}: {
  family: Family;
  models: string | undefined;
  seed: number;
}): CellDescription {
  const variants = [family.variants.toSorted((a, b) => (a.macs ?? 0) - (b.macs ?? 0))[0]!.name];
  const fast = { delayMs: 0, bitsPerSecond: 10e9 };
  const links = { edge: fast, cloud: fast };
  return describeCell({
    learner: 'edge-only',
    nodes: [{ id: 'edge-1', tier: 'edge', slots: 1, dilationFactor: 0, variants }],
    devices: [{ id: 'device-1', dilationFactor: 0, variants }],
    links: { regular: links, weak: links },
    models,
    seed,
  });
}
