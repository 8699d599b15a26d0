/** One resource under load. */
export interface QueueLoad {
  readonly slots: number;
  readonly serviceMs: number;
  /** Arrivals, per ms. */
  readonly ratePerMs: number;
  /** Squared coefficient of variation of the times between arrivals: 0 periodic, 1 Poisson. */
  readonly arrivalVariability: number;
}

/** Utilization up to which the stationary formula is used; beyond, the queue grows as long as the overload lasts. */
const stationary = 0.95;
/** How long an overload is assumed to last before the plan changes, ms. */
const overloadMs = 5_000;

/**
 * Mean wait of a first-come-first-served queue with constant service times, ms. Approximation of Sakasegawa 1977 for
 * many slots, with the variability factor of Kingman 1961; exact for one slot and Poisson arrivals.
 */
export function expectedWaitMs({ slots, serviceMs, ratePerMs, arrivalVariability }: QueueLoad): number {
  const utilization = (ratePerMs * serviceMs) / slots;
  const below = Math.min(utilization, stationary);
  const busy = below ** (Math.sqrt(2 * (slots + 1)) - 1) / (slots * (1 - below));
  const wait = (arrivalVariability / 2) * busy * serviceMs;
  return wait + (Math.max(0, utilization - stationary) * overloadMs) / 2;
}

/**
 * Mean wait when `count` inferences (or batches of them) arrive at once, ms: the first `slots` wait for nothing, the next for one service,
 * and so on.
 */
export function batchWaitMs({
  slots,
  serviceMs,
  count,
}: {
  slots: number;
  serviceMs: number;
  count: number;
}): number {
  const rounds = Math.floor(count / slots);
  const rest = count - rounds * slots;
  return count === 0 ? 0 : (serviceMs * ((slots * rounds * (rounds - 1)) / 2 + rest * rounds)) / count;
}

/** Share of the wait of frames that come at once that periodic arrivals are charged with: nobody knows their phases. */
const phaseShare = 0.5;

/** One node under the frames of `count` devices. */
export interface NodeQueue extends Omit<QueueLoad, 'serviceMs'> {
  /** Time of a batch of 1, 2, 3 …, ms; as many as the node computes together at most. */
  readonly serviceMs: readonly number[];
  readonly count: number;
}

/**
 * Mean wait of a frame, ms, and the batch that it is computed in: the one with which it is answered soonest, as a node
 * computes together what waits, and so batches grow until they are done in time. A batch gathers the arrivals of as many
 * frames, so that batches come more rarely and more evenly (Erlang's stages). Within 15 % of a simulation of such a node
 * up to 85 % of what its largest batches sustain (waiting.spec.ts).
 */
export function expectedQueue(queue: NodeQueue): { readonly waitMs: number; readonly batchSize: number } {
  const { slots, serviceMs: batches, ratePerMs, arrivalVariability, count } = queue;
  const periodic = Math.max(0, 1 - arrivalVariability);
  const together = Math.min(1, ratePerMs * batches[0]!);
  let soonest = { waitMs: 0, batchSize: 1 };
  let leastMs = Infinity;
  for (let batchSize = 1; batchSize <= batches.length; batchSize++) {
    const serviceMs = batches[batchSize - 1]!;
    const waitMs =
      expectedWaitMs({
        slots,
        serviceMs,
        ratePerMs: ratePerMs / batchSize,
        arrivalVariability: arrivalVariability / batchSize,
      }) +
      phaseShare *
        periodic *
        batchWaitMs({ slots, serviceMs, count: Math.ceil(count / batchSize) }) *
        together;
    if (waitMs + serviceMs >= leastMs) continue;
    leastMs = waitMs + serviceMs;
    soonest = { waitMs, batchSize };
  }
  return soonest;
}
