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
 * Mean wait when `count` inferences arrive at once, ms: the first `slots` wait for nothing, the next for one service,
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
