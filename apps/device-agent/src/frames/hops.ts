import type { HopTimes } from '@weir/domain';

/** What an agent measures of a remote inference: durations only, so that clocks need not agree. */
export interface RemoteTimings {
  /** From writing to the stream to the arrival of the answer, on the agent, ms. */
  readonly roundTripMs: number;
  /** From the arrival of the request to the sending of the answer, on the worker, ms. */
  readonly workerMs: number;
  readonly queueMs: number;
  readonly decodeMs: number;
  readonly computeMs: number;
  /** Round trip of a small message over the same link, ms; 0 when not yet measured. */
  readonly linkRoundTripMs: number;
}

/**
 * Hops of a remote inference. The answer is small, so its way back takes half the link's round trip; whatever else
 * the network took was the uplink. What the worker spent besides queue, decode and compute (handing over to
 * its threads) counts as waiting for its slot.
 */
export function remoteHops(timings: RemoteTimings): Omit<HopTimes, 'agentMs'> {
  const { roundTripMs, queueMs, decodeMs, computeMs, linkRoundTripMs } = timings;
  // A worker cannot have spent longer than the round trip: a wrong claim must not make a hop negative.
  const workerMs = Math.min(roundTripMs, Math.max(timings.workerMs, queueMs + decodeMs + computeMs));
  const scale = workerMs / Math.max(timings.workerMs, queueMs + decodeMs + computeMs, Number.MIN_VALUE);
  const networkMs = roundTripMs - workerMs;
  const downlinkMs = linkRoundTripMs > 0 ? Math.min(networkMs / 2, linkRoundTripMs / 2) : networkMs / 2;
  return {
    uplinkMs: networkMs - downlinkMs,
    queueMs: workerMs - (decodeMs + computeMs) * scale,
    decodeMs: decodeMs * scale,
    computeMs: computeMs * scale,
    downlinkMs,
  };
}

/** Adds the agent's own share, so that the hops add up to `responseMs`. */
export function withAgentTime(hops: Omit<HopTimes, 'agentMs'>, responseMs: number): HopTimes {
  const elsewhereMs = hops.uplinkMs + hops.queueMs + hops.decodeMs + hops.computeMs + hops.downlinkMs;
  return { ...hops, agentMs: Math.max(0, responseMs - elsewhereMs) };
}

/** Hop by hop. */
export const addHops = (a: HopTimes, b: HopTimes): HopTimes => ({
  agentMs: a.agentMs + b.agentMs,
  uplinkMs: a.uplinkMs + b.uplinkMs,
  queueMs: a.queueMs + b.queueMs,
  decodeMs: a.decodeMs + b.decodeMs,
  computeMs: a.computeMs + b.computeMs,
  downlinkMs: a.downlinkMs + b.downlinkMs,
});
