import type { Outcome } from '@weir/domain';

/**
 * The outcomes of one synchronous epoch as the learners take them: all frames of a node were there together, and the
 * place that each took in its queue was chance. So each is charged with the mean wait of its node (the same in sum, and
 * with less noise), and its concurrency is the number of the others. Failures stay as they are, and so do second looks:
 * they come when the first ones are over, each at a time of its own.
 */
export function epochOutcomes(outcomes: readonly Outcome[]): Outcome[] {
  const together = new Map<string, { count: number; queueMs: number }>();
  for (const { placement, hops, failure, firstLook } of outcomes) {
    if (failure || firstLook) continue;
    const node = together.get(placement.nodeId) ?? { count: 0, queueMs: 0 };
    together.set(placement.nodeId, { count: node.count + 1, queueMs: node.queueMs + hops.queueMs });
  }
  return outcomes.map((outcome) => {
    const { placement, hops, responseMs, failure, firstLook } = outcome;
    const node = together.get(placement.nodeId);
    if (failure || firstLook || !node || placement.tier === 'device') return outcome;
    const queueMs = node.queueMs / node.count;
    return {
      ...outcome,
      hops: { ...hops, queueMs },
      responseMs: responseMs + queueMs - hops.queueMs,
      concurrency: node.count - 1,
    };
  });
}
