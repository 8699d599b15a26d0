import { seededRandom } from '@weir/base';
import { describe, expect, it } from 'vitest';
import { batchWaitMs, expectedQueue, expectedWaitMs } from './waiting.ts';

/** Mean wait of M/M/c, ms, in closed form. Source: Erlang 1917; Kleinrock 1975, "Queueing Systems", section 3.5. */
function erlangWaitMs(slots: number, serviceMs: number, ratePerMs: number): number {
  const offered = ratePerMs * serviceMs;
  let blocked = 1;
  for (let k = 1; k <= slots; k++) blocked = (offered * blocked) / (k + offered * blocked);
  const utilization = offered / slots;
  const waits = blocked / (1 - utilization * (1 - blocked));
  return (waits * serviceMs) / (slots * (1 - utilization));
}

/** Mean wait of first come, first served with constant services, ms, over many arrivals. */
function simulatedWaitMs(slots: number, serviceMs: number, next: () => number): number {
  const free = new Array<number>(slots).fill(0);
  let [at, waited] = [0, 0];
  const arrivals = 200_000;
  for (let i = 0; i < arrivals; i++) {
    at += next();
    const slot = free.indexOf(Math.min(...free));
    const start = Math.max(at, free[slot]!);
    waited += start - at;
    free[slot] = start + serviceMs;
  }
  return waited / arrivals;
}

describe('expected wait', () => {
  it.each([1, 2, 4, 8])('is near half of the wait of M/M/%i: constant services halve it', (slots) => {
    for (const utilization of [0.5, 0.7, 0.9]) {
      const ratePerMs = (utilization * slots) / 50;
      const exact = erlangWaitMs(slots, 50, ratePerMs) / 2;
      const given = expectedWaitMs({ slots, serviceMs: 50, ratePerMs, arrivalVariability: 1 });
      // Sakasegawa's formula errs by a tenth where waits are short; what errs there by a millisecond matters to nobody.
      expect(Math.abs(given - exact)).toBeLessThan(slots === 1 ? 1e-9 : 0.12 * exact + 0.7);
    }
  });

  it.each([
    [1, 1],
    [1, 0.25],
    [3, 1],
    [3, 0.25],
  ])('is near a simulation of %i slots with arrivals of variability %f', (slots, arrivalVariability) => {
    const random = seededRandom(slots);
    const stages = Math.round(1 / arrivalVariability);
    for (const utilization of [0.6, 0.85]) {
      const meanMs = 40 / (utilization * slots);
      // Erlang of so many stages: its variability is one over them.
      const next = () =>
        Array.from({ length: stages }, () => random.exponential(meanMs / stages)).reduce((a, b) => a + b);
      const simulated = simulatedWaitMs(slots, 40, next);
      const given = expectedWaitMs({ slots, serviceMs: 40, ratePerMs: 1 / meanMs, arrivalVariability });
      expect(Math.abs(given - simulated)).toBeLessThan(0.15 * simulated + 4);
    }
  });

  it('grows with an overload and has no pole', () => {
    const wait = (utilization: number) =>
      expectedWaitMs({ slots: 2, serviceMs: 50, ratePerMs: (utilization * 2) / 50, arrivalVariability: 1 });
    expect(wait(1)).toBeGreaterThan(wait(0.94));
    expect(wait(1.3) - wait(1.1)).toBeCloseTo(0.2 * 2_500);
  });
});

describe('wait of a batch', () => {
  it('is what first come, first served makes of arrivals at once', () => {
    for (const [slots, count] of [
      [1, 5],
      [2, 5],
      [4, 3],
      [3, 9],
    ] as const) {
      const waits = Array.from({ length: count }, (_, i) => 10 * Math.floor(i / slots));
      const mean = waits.reduce((a, b) => a + b) / count;
      expect(batchWaitMs({ slots, serviceMs: 10, count })).toBeCloseTo(mean);
    }
  });
});

describe('a node that computes together what waits', () => {
  /** 1, 1.3, 1.9 and 3.4 times 50 ms for batches of 1, 2, 4 and 8. */
  const serviceMs = [1, 1.3, 1.6, 1.9, 2.275, 2.65, 3.025, 3.4].map((factor) => 50 * factor);

  /** Mean response of frames that come by chance, ms. */
  function simulatedMs(slots: number, ratePerMs: number): number {
    const random = seededRandom(slots);
    let at = 0;
    const arrivals = Array.from({ length: 100_000 }, () => (at += random.exponential(1 / ratePerMs)));
    const free = new Array<number>(slots).fill(0);
    let [next, responses] = [0, 0];
    while (next < arrivals.length) {
      const slot = free.indexOf(Math.min(...free));
      const start = Math.max(arrivals[next]!, free[slot]!);
      let after = next + 1;
      while (after - next < serviceMs.length && arrivals[after]! <= start) after++;
      const end = start + serviceMs[after - next - 1]!;
      for (; next < after; next++) responses += end - arrivals[next]!;
      free[slot] = end;
    }
    return responses / arrivals.length;
  }

  it.each([1, 2, 4])('answers as soon as a simulation of it says, with %i slots', (slots) => {
    for (const load of [0.3, 0.6, 0.9, 1.1, 1.5, 2]) {
      const ratePerMs = (load * slots) / 50;
      const queue = { slots, ratePerMs, arrivalVariability: 1, count: slots, serviceMs };
      const { waitMs, batchSize } = expectedQueue(queue);
      const simulated = simulatedMs(slots, ratePerMs);
      expect(Math.abs((waitMs + serviceMs[batchSize - 1]!) / simulated - 1)).toBeLessThan(0.15);
    }
  });

  it('serves one by one while nothing waits, and the more at once the more come', () => {
    const batches = [0.1, 1, 1.5, 2, 5].map(
      (load) =>
        expectedQueue({ slots: 1, ratePerMs: load / 50, arrivalVariability: 1, count: 1, serviceMs })
          .batchSize,
    );
    expect(batches[0]).toBe(1);
    expect(batches).toEqual([...batches].sort((a, b) => a - b));
    expect(batches.at(-1)).toBe(8);
  });

  it('is the queue of single frames where it computes none together', () => {
    const load = { slots: 2, ratePerMs: 0.03, arrivalVariability: 0.4 };
    const { waitMs, batchSize } = expectedQueue({ ...load, count: 5, serviceMs: [50] });
    const together = 0.5 * 0.6 * batchWaitMs({ slots: 2, serviceMs: 50, count: 5 });
    expect(batchSize).toBe(1);
    expect(waitMs).toBe(expectedWaitMs({ ...load, serviceMs: 50 }) + together);
  });
});
