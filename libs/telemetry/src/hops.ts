/** Where one inference's time went, ms, each >= 0; the hops add up to the response time. */
export interface Hops {
  readonly agentMs: number;
  readonly uplinkMs: number;
  readonly queueMs: number;
  readonly decodeMs: number;
  readonly computeMs: number;
  readonly downlinkMs: number;
}

/** The worker's part as it reports it, ms: `workerMs` from arrival to answer, at least the sum of the others. */
export interface WorkerTimes {
  readonly queueMs: number;
  readonly decodeMs: number;
  readonly computeMs: number;
  readonly workerMs: number;
}

/** Time on the worker that was neither decoding nor computing: waiting for a slot and handing over, ms. */
export const queueOf = ({ queueMs, decodeMs, computeMs, workerMs }: WorkerTimes): number =>
  Math.max(queueMs, workerMs - decodeMs - computeMs);

/** Sum of the hops, ms. */
export const sumOfHops = (hops: Hops): number =>
  hops.agentMs + hops.uplinkMs + hops.queueMs + hops.decodeMs + hops.computeMs + hops.downlinkMs;
