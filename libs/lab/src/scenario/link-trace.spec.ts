import { FakeClock, InvalidInput, seededRandom } from '@weir/base';
import type { CutMode, LinkChange } from '@weir/link';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  formatTrace,
  generateTrace,
  longestOutageMs,
  parseTrace,
  playTrace,
  traceHeader,
} from './link-trace.ts';

const trace = (...rows: string[]) => [traceHeader, ...rows].join('\n');

/** Faults by line number. */
function faultsOf(text: string): Record<string, string> {
  try {
    parseTrace(text, 'radio.csv');
  } catch (error) {
    const { violations } = error as InvalidInput;
    return Object.fromEntries(violations.map(({ field, description }) => [field, description]));
  }
  return {};
}

describe('parseTrace', () => {
  it('reads times, rates and delays, and passes over comments and empty lines', () => {
    expect(parseTrace(`# a walk\n${trace('0,20,30', '', '1.5, 8 ,70')}\n`)).toEqual([
      { atS: 0, bitsPerSecond: 20e6, delayMs: 30 },
      { atS: 1.5, bitsPerSecond: 8e6, delayMs: 70 },
    ]);
  });

  it('takes a rate of 0 for an outage', () => {
    const points = parseTrace(trace('0,20,30', '5,0,30', '8,20,30'));
    expect(points[1]).toEqual({ atS: 5, bitsPerSecond: 0, delayMs: 30 });
    expect(parseTrace(formatTrace(points))).toEqual(points);
  });

  it.each([
    ['another header', 'time,rate\n0,1', 'radio.csv:1', /expected the header time_s,rate_mbps,delay_ms/],
    ['no lines', traceHeader, 'radio.csv:1', /at least one line/],
    ['a late beginning', trace('1,20,30'), 'radio.csv:2', /expected 0 in the first line/],
    ['times that go back', trace('0,20,30', '2,20,30', '1,20,30'), 'radio.csv:4', /more than 2/],
    ['a missing column', trace('0,20'), 'radio.csv:2', /expected 3 columns, got 2/],
    ['no rate', trace('0,,30'), 'radio.csv:2', /rate_mbps/],
    ['a negative rate', trace('0,-1,30'), 'radio.csv:2', /rate_mbps: expected a number >= 0/],
    ['nothing but outages', trace('0,0,30', '1,0,30'), 'radio.csv:2', /more than 0 in at least one line/],
    ['a negative delay', trace('0,20,-1'), 'radio.csv:2', /delay_ms/],
    ['words', trace('now,20,30'), 'radio.csv:2', /time_s/],
  ])('refuses %s, naming the line', (_what, text, line, fault) => {
    expect(faultsOf(text)[line]).toMatch(fault);
  });

  it('never fails but with a list of faults', () => {
    const text = fc.string({ unit: fc.constantFrom('0', '1', ',', '.', '-', '\n', 'x', ' ') });
    fc.assert(
      fc.property(text, (rows) => {
        try {
          parseTrace(trace(rows));
        } catch (error) {
          expect(error).toBeInstanceOf(InvalidInput);
        }
      }),
    );
  });
});

describe('generateTrace', () => {
  const options = { seconds: 600, stepS: 1, rateMbps: 20, delayMs: 30, variation: 0.5, memory: 0.9 };

  it('can be written and read again', () => {
    const points = generateTrace({ ...options, random: seededRandom(7) });
    const read = parseTrace(formatTrace(points));
    expect(read).toHaveLength(600);
    read.forEach(({ delayMs }, index) => expect(delayMs).toBeCloseTo(points[index]!.delayMs, 1));
  });

  it('is the same for the same seed, and wanders around its medians', () => {
    const [one, same] = [7, 7].map((seed) => generateTrace({ ...options, random: seededRandom(seed) }));
    expect(one).toEqual(same);
    const delays = one!.map(({ delayMs }) => delayMs).sort((a, b) => a - b);
    expect(delays[300]).toBeGreaterThan(20);
    expect(delays[300]).toBeLessThan(45);
    expect(delays.at(-1)).toBeGreaterThan(2 * delays[0]!);
  });
});

/** A link that notes what it is told. */
function noting(note: (told: string, change?: LinkChange) => void) {
  return {
    set: async (change: LinkChange) => note('set', change),
    cut: async (mode?: CutMode) => note(`cut ${mode}`),
    restore: async () => note('restore'),
  };
}

describe('longestOutageMs', () => {
  it.each([
    ['without an outage', ['0,20,30', '1,20,70'], 0],
    ['over several lines', ['0,20,30', '1,0,0', '2.5,0,0', '4,20,30', '5,0,0', '6,20,30'], 3_000],
    ['over the end and the beginning', ['0,0,30', '2,20,30', '5,0,30', '6,0,30'], 4_000],
  ])('is told %s', (_where, rows, expected) => {
    expect(longestOutageMs(parseTrace(trace(...rows)))).toBe(expected);
  });
});

describe('playTrace', () => {
  it('puts the links into each condition at its time, again and again, until told to stop', async () => {
    const clock = new FakeClock();
    const stop = new AbortController();
    const seen: [number, number][] = [];
    const link = noting((_, change) => change && seen.push([clock.now(), change.up!.delayMs!]));
    const played = playTrace(parseTrace(trace('0,20,30', '1,20,70')), [link], { clock, signal: stop.signal });
    await clock.advanceAsync(3_500);
    stop.abort();
    await played;
    expect(seen).toEqual([
      [0, 30],
      [1_000, 70],
      [2_000, 30],
      [3_000, 70],
    ]);
  });

  it('cuts the links for as long as an outage lasts, and restores them in the conditions after it', async () => {
    const clock = new FakeClock();
    const stop = new AbortController();
    const seen: [number, string][] = [];
    const link = noting((told, change) =>
      seen.push([clock.now(), change ? `${told} ${change.up!.delayMs}` : told]),
    );
    const points = parseTrace(trace('0,20,30', '1,0,30', '2,0,30', '3,8,70'));
    const played = playTrace(points, [link], { clock, signal: stop.signal });
    await clock.advanceAsync(3_500);
    stop.abort();
    await played;
    expect(seen).toEqual([
      [0, 'set 30'],
      [0, 'restore'],
      [1_000, 'cut blackhole'],
      [2_000, 'cut blackhole'],
      [3_000, 'set 70'],
      [3_000, 'restore'],
    ]);
  });

  it('leaves the links as a single point says', async () => {
    const seen: LinkChange[] = [];
    const link = noting((_, change) => change && seen.push(change));
    const { signal } = new AbortController();
    await playTrace(parseTrace(trace('0,20,30')), [link], { clock: new FakeClock(), signal });
    expect(seen).toEqual([
      { up: { delayMs: 30, bitsPerSecond: 20e6 }, down: { delayMs: 30, bitsPerSecond: 20e6 } },
    ]);
  });
});
