import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Lane, type LinkConditions } from './lane.ts';

/** Advances from event to event until `until`; what arrived, with the instant at which it did. */
function run<T>(lane: Lane<T>, until = 1e9) {
  const arrived: { content: T; at: number }[] = [];
  for (let at = lane.nextAt(); at <= until; at = lane.nextAt())
    for (const content of lane.advance(at)) arrived.push({ content, at });
  return arrived;
}

describe('lane', () => {
  it('takes bytes × 8 / rate on the line, then the delay', () => {
    const lane = new Lane<string>({ delayMs: 20, bitsPerSecond: 8e6 });
    lane.push('a', 1_000, 0);
    lane.push('b', 5_000, 0);
    lane.push('c', 1_000, 100);
    expect(run(lane)).toEqual([
      { content: 'a', at: 21 },
      { content: 'b', at: 26 },
      { content: 'c', at: 121 },
    ]);
  });

  it('takes the delay alone when the rate has no limit', () => {
    const lane = new Lane<string>({ delayMs: 5, bitsPerSecond: Infinity });
    lane.push('a', 1e9, 3);
    expect(run(lane)).toEqual([{ content: 'a', at: 8 }]);
  });

  it('loses no rate to a caller that is late', () => {
    const lane = new Lane<number>({ delayMs: 0, bitsPerSecond: 8e6 });
    for (let i = 0; i < 10; i++) lane.push(i, 1_000, 0);
    expect(lane.advance(10)).toHaveLength(10);
  });

  it('applies a new rate to what has not started and a new delay without reordering', () => {
    const lane = new Lane<string>({ delayMs: 50, bitsPerSecond: 8e6 });
    lane.push('a', 10_000, 0); // on the line until 10
    lane.push('b', 10_000, 0);
    lane.set({ bitsPerSecond: 80e6, delayMs: 0 }, 5);
    // b starts at 10, is sent at 11, and still comes after a.
    expect(run(lane)).toEqual([
      { content: 'a', at: 60 },
      { content: 'b', at: 60 },
    ]);
  });

  it('lets nothing through while frozen and everything after', () => {
    const lane = new Lane<string>({ delayMs: 10, bitsPerSecond: 8e6 });
    lane.push('travelling', 1_000, 0);
    lane.freeze(5);
    lane.push('late', 2_000, 6);
    expect(lane.nextAt()).toBe(Infinity);
    expect(lane.advance(1_000)).toEqual([]);
    lane.thaw(1_000);
    expect(lane.advance(1_000)).toEqual(['travelling']);
    expect(run(lane)).toEqual([{ content: 'late', at: 1_012 }]);
  });

  it('is empty once cleared', () => {
    const lane = new Lane<string>({ delayMs: 10, bitsPerSecond: 8e6 });
    for (const content of ['travelling', 'waiting']) lane.push(content, 1_000, 0);
    lane.clear();
    expect([lane.bufferedBytes, lane.waitingBytes, lane.nextAt()]).toEqual([0, 0, Infinity]);
    expect(lane.advance(1_000)).toEqual([]);
  });

  const conditions = fc.record({
    delayMs: fc.integer({ min: 0, max: 50 }),
    bitsPerSecond: fc.constantFrom(1e5, 8e6, 50e6, Infinity),
  });
  const step = fc.oneof(
    fc.record({ push: fc.integer({ min: 0, max: 20_000 }) }),
    fc.record({ wait: fc.integer({ min: 0, max: 30 }) }),
    fc.record({ set: conditions }),
    fc.constantFrom({ freeze: true as const }, { thaw: true as const }),
  );

  it('keeps every parcel, in order, never before its time, under any changes', () => {
    fc.assert(
      fc.property(conditions, fc.array(step, { maxLength: 60, size: 'max' }), (first, steps) => {
        const lane = new Lane<number>(first);
        const pushed: { at: number; bytes: number }[] = [];
        const arrived: number[] = [];
        let fastest: LinkConditions = first;
        let now = 0;
        const take = () => {
          for (const index of lane.advance(now)) {
            const { at, bytes } = pushed[index]!;
            // The best conditions of the whole run bound each parcel from below.
            expect(now).toBeGreaterThanOrEqual(
              at + (bytes * 8_000) / fastest.bitsPerSecond + fastest.delayMs - 1e-6,
            );
            arrived.push(index);
          }
        };
        for (const action of steps) {
          if ('push' in action) {
            lane.push(pushed.length, action.push, now);
            pushed.push({ at: now, bytes: action.push });
          } else if ('wait' in action) now += action.wait;
          else if ('set' in action) {
            fastest = {
              delayMs: Math.min(fastest.delayMs, action.set.delayMs),
              bitsPerSecond: Math.max(fastest.bitsPerSecond, action.set.bitsPerSecond),
            };
            lane.set(action.set, now);
          } else if ('freeze' in action) lane.freeze(now);
          else lane.thaw(now);
          take();
          const left = pushed.slice(arrived.length).reduce((sum, { bytes }) => sum + bytes, 0);
          expect(lane.bufferedBytes).toBe(left);
        }
        lane.thaw(now);
        for (now = Math.max(now, lane.nextAt()); now < Infinity; now = lane.nextAt()) take();
        expect(arrived).toEqual(pushed.map((_, index) => index));
      }),
    );
  });

  it('agrees with the formula under constant conditions', () => {
    fc.assert(
      fc.property(
        conditions,
        fc.array(
          fc.record({ gapMs: fc.integer({ min: 0, max: 20 }), bytes: fc.integer({ min: 0, max: 20_000 }) }),
        ),
        (constant, pushes) => {
          const lane = new Lane<number>(constant);
          const expected: number[] = [];
          const arrived: number[] = [];
          const take = (until: number) => {
            for (let at = lane.nextAt(); at <= until; at = lane.nextAt())
              for (const _ of lane.advance(at)) arrived.push(at);
          };
          let now = 0;
          let sentAt = 0;
          for (const [index, { gapMs, bytes }] of pushes.entries()) {
            now += gapMs;
            take(now);
            lane.push(index, bytes, now);
            sentAt = Math.max(now, sentAt) + (bytes * 8_000) / constant.bitsPerSecond;
            expected.push(sentAt + constant.delayMs);
          }
          take(1e9);
          expect(arrived).toHaveLength(expected.length);
          for (const [index, at] of expected.entries()) expect(arrived[index]).toBeCloseTo(at, 6);
        },
      ),
    );
  });
});
