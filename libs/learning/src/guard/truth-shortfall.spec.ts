import { seededRandom } from '@weir/base';
import type { TruthReport } from '@weir/domain';
import { describe, expect, it } from 'vitest';
import { TruthShortfall } from './truth-shortfall.ts';

/** Of a device that tells all of the truths. */
const shortfallOf = (truths: TruthShortfall, id = 'a') => truths.shortfalls().own.get(id) ?? 0;

/** A device whose answers are right with `accuracy`, and promised `promise` but for a shortfall; truths come `late` answers later. */
function device(truths: TruthShortfall, id: string, { seed = 1, late = 0 } = {}) {
  const random = seededRandom(seed);
  const told: { right: number; promised: number; withoutShortfall: number }[] = [];
  let run = 1;
  let [labelled, right, promised, withoutShortfall] = [0, 0, 0, 0];
  const report = (): TruthReport => ({
    labelled,
    right: right / labelled,
    promised: promised / labelled,
    withoutShortfall: withoutShortfall / labelled,
    firstRight: right / labelled,
    variation: labelled * 0.1,
  });
  return {
    restart: () => void ([run, labelled, right, promised, withoutShortfall] = [run + 1, 0, 0, 0, 0]),
    report,
    /** Shortfalls after every 20 truths. */
    learns: (count: number, { accuracy, promise }: { accuracy: number; promise: number }): number[] =>
      Array.from({ length: count / 20 }, () => {
        for (let truth = 0; truth < 20; truth++) {
          told.push({
            right: Number(random.uniform() < accuracy),
            promised: promise - shortfallOf(truths, id),
            withoutShortfall: promise,
          });
          if (told.length <= late) continue;
          const truth = told.shift()!;
          labelled++;
          right += truth.right;
          promised += truth.promised;
          withoutShortfall += truth.withoutShortfall;
        }
        if (labelled > 0) truths.take(id, report(), `run-${run}`);
        return shortfallOf(truths, id);
      }),
  };
}

describe('TruthShortfall', () => {
  it('is nothing while answers are right as often as promised', () => {
    const began = Array.from({ length: 60 }, (_, seed) => {
      const truths = new TruthShortfall();
      return device(truths, 'a', { seed })
        .learns(5_000, { accuracy: 0.86, promise: 0.86 })
        .some((each) => each > 0);
    });
    expect(began.filter(Boolean).length).toBeLessThanOrEqual(3);
  });

  it('is what answers lack, stays that though promises are lowered by it, and ends with the lack', () => {
    const truths = new TruthShortfall();
    const told = device(truths, 'a');
    told.learns(2_000, { accuracy: 0.86, promise: 0.86 });
    const lacking = told.learns(6_000, { accuracy: 0.8, promise: 0.86 });
    expect(lacking.findIndex((each) => each > 0)).toBeLessThan(100);
    for (const shortfall of lacking.slice(-100)) {
      expect(shortfall).toBeGreaterThan(0.025);
      expect(shortfall).toBeLessThan(0.095);
    }
    const over = told.learns(8_000, { accuracy: 0.86, promise: 0.86 });
    expect(over.at(-1)).toBe(0);
    expect(over.filter((each, at) => at > 0 && each > 0 !== over[at - 1]! > 0)).toHaveLength(1);
  });

  it.each([100, 500, 2_000])('does not grow where truths come %i answers late', (late) => {
    const truths = new TruthShortfall();
    const told = device(truths, 'a', { late });
    for (const shortfall of told.learns(20_000, { accuracy: 0.8, promise: 0.86 }))
      expect(shortfall).toBeLessThan(0.1);
    expect(shortfallOf(truths)).toBeGreaterThan(0.03);
  });

  it('takes no news from the first report of a run, which may tell of long ago', () => {
    const truths = new TruthShortfall();
    const report = (labelled: number, right: number) => ({
      labelled,
      right,
      promised: 0.86,
      withoutShortfall: 0.86,
      firstRight: 0.8,
      variation: 0.1 * labelled,
    });
    truths.take('a', report(10_000, 0.5), 'run-1');
    expect(shortfallOf(truths)).toBe(0);
    truths.take('a', report(20_000, 0.5), 'run-1');
    expect(shortfallOf(truths)).toBeGreaterThan(0.3);
  });

  it('weighs a report of many truths no more than a steady stream of them', () => {
    const truths = new TruthShortfall();
    const good = { promised: 0.86, withoutShortfall: 0.86, firstRight: 0.8, variation: 1 };
    truths.take('b', { ...good, labelled: 1, right: 1 }, 'run-1');
    truths.take('b', { ...good, labelled: 100_001, right: 0.86 }, 'run-1');
    const drifted = device(truths, 'a').learns(4_000, { accuracy: 0.8, promise: 0.86 });
    expect(drifted.findIndex((each) => each > 0)).toBeGreaterThan(-1);
    expect(drifted.findIndex((each) => each > 0)).toBeLessThan(100);
  });

  it('relaxes nothing where answers are better than promised', () => {
    const truths = new TruthShortfall();
    device(truths, 'a').learns(5_000, { accuracy: 0.95, promise: 0.86 });
    expect(shortfallOf(truths)).toBe(0);
  });

  it('counts what is new in each report, of several devices, across restarts of their agents', () => {
    const truths = new TruthShortfall();
    const [one, other] = [device(truths, 'a', { seed: 1 }), device(truths, 'b', { seed: 2 })];
    for (let turn = 0; turn < 10; turn++) {
      one.learns(100, { accuracy: 0.7, promise: 0.86 });
      truths.take('a', one.report(), 'run-1');
      other.learns(100, { accuracy: 0.7, promise: 0.86 });
      other.restart();
    }
    expect(shortfallOf(truths)).toBeGreaterThan(0.08);
    expect(shortfallOf(truths)).toBeLessThan(0.24);
  });

  it('does not take another run for the former one, though it counts further', () => {
    const truths = new TruthShortfall();
    const report = {
      labelled: 100,
      right: 0.8,
      promised: 0.8,
      withoutShortfall: 0.8,
      firstRight: 0.8,
      variation: 16,
    };
    truths.take('a', report, 'run-1');
    truths.take('a', { ...report, labelled: 1_000, right: 0.3 }, 'run-2');
    expect(shortfallOf(truths)).toBe(0);
    truths.take('a', { ...report, labelled: 1_900, right: 0.3 }, 'run-2');
    expect(shortfallOf(truths)).toBeCloseTo(0.5, 1);
  });

  it('believes one device that says that answers lack for itself, and two for all', () => {
    const truths = new TruthShortfall();
    for (const id of ['a', 'b', 'c']) device(truths, id).learns(600, { accuracy: 0.86, promise: 0.86 });
    const liar = device(truths, 'liar');
    liar.learns(6_000, { accuracy: 0, promise: 0.9 });
    expect(truths.shortfalls()).toEqual({
      plan: 0,
      own: new Map([['liar', expect.closeTo(0.9, 0) as number]]),
    });
    device(truths, 'd').learns(2_000, { accuracy: 0.4, promise: 0.86 });
    const { plan, own } = truths.shortfalls();
    expect(plan).toBeGreaterThan(0.1);
    expect(plan).toBeLessThan(0.46);
    expect([...own.keys()].sort()).toEqual(['d', 'liar']);
    truths.forget('liar');
    expect(truths.shortfalls().own.has('liar')).toBe(false);
  });

  it('adds up what connected devices have reported, each weighed by its truths', () => {
    const truths = new TruthShortfall();
    const report = {
      labelled: 100,
      right: 0.9,
      promised: 0.8,
      withoutShortfall: 0.9,
      firstRight: 0.7,
      variation: 9,
    };
    truths.take('a', report, 'run-1');
    truths.take('b', { ...report, labelled: 300, right: 0.5, firstRight: 0.5, variation: 75 }, 'run-1');
    expect(truths.reported(['a'])).toEqual(report);
    expect(truths.reported(['a', 'b', 'c'])).toEqual({
      labelled: 400,
      right: 0.6,
      promised: expect.closeTo(0.8) as number,
      withoutShortfall: expect.closeTo(0.9) as number,
      firstRight: expect.closeTo(0.55) as number,
      variation: 84,
    });
    expect(truths.reported([])).toBeUndefined();
    truths.forget('a');
    expect(truths.reported(['a'])).toBeUndefined();
  });
});
