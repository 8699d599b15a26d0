import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { remoteHops, withAgentTime } from './hops.ts';

const timings = {
  roundTripMs: 100,
  workerMs: 40,
  queueMs: 10,
  decodeMs: 5,
  computeMs: 25,
  linkRoundTripMs: 20,
};

describe('remoteHops', () => {
  it('gives the way back half the link’s round trip and the way up the rest', () => {
    expect(remoteHops(timings)).toEqual({
      uplinkMs: 50,
      queueMs: 10,
      decodeMs: 5,
      computeMs: 25,
      downlinkMs: 10,
    });
  });

  it('never gives the way back more than half of the network time', () => {
    expect(remoteHops({ ...timings, linkRoundTripMs: 500 }).downlinkMs).toBe(30);
  });

  it('splits evenly while the link is unmeasured', () => {
    expect(remoteHops({ ...timings, linkRoundTripMs: 0 })).toMatchObject({ uplinkMs: 30, downlinkMs: 30 });
  });

  it('counts the worker’s hand-over as waiting', () => {
    expect(remoteHops({ ...timings, workerMs: 43 }).queueMs).toBeCloseTo(13);
  });

  it('adds up to the round trip and never goes below 0, whatever a worker claims', () => {
    const ms = fc.integer({ min: 0, max: 1e7 }).map((microseconds) => microseconds / 1_000);
    fc.assert(
      fc.property(
        ms,
        ms,
        ms,
        ms,
        ms,
        ms,
        (roundTripMs, workerMs, queueMs, decodeMs, computeMs, linkRoundTripMs) => {
          const hops = Object.values(
            remoteHops({ roundTripMs, workerMs, queueMs, decodeMs, computeMs, linkRoundTripMs }),
          );
          expect(hops.reduce((a, b) => a + b)).toBeCloseTo(roundTripMs, 6);
          for (const hop of hops) expect(hop).toBeGreaterThanOrEqual(-1e-9);
        },
      ),
    );
  });
});

describe('withAgentTime', () => {
  it('gives the agent what the other hops leave of the response time', () => {
    expect(withAgentTime(remoteHops(timings), 103).agentMs).toBeCloseTo(3);
  });
});
