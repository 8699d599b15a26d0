import { describe, expect, it } from 'vitest';
import { quantileBetween, readingOf } from './scrape.ts';

const text = `# HELP plan Time that a plan took.
# TYPE plan histogram
plan_bucket{cell="a",le="0.1"} 1
plan_bucket{cell="a",le="0.2"} 3
plan_bucket{cell="a",le="+Inf"} 3
plan_bucket{cell="b",le="0.1"} 0
plan_bucket{cell="b",le="0.2"} 1
plan_bucket{cell="b",le="+Inf"} 2
delay_seconds{service_name="policy"} 0.004
delay_seconds_total 9
`;

describe('a reading', () => {
  it('tells a gauge, and nothing of one that is not there', () => {
    const reading = readingOf(text);
    expect(reading.gauge('delay_seconds')).toBe(0.004);
    expect(reading.gauge('delay')).toBeNaN();
  });

  it('adds up the series of a histogram', () => {
    expect([...readingOf(text).buckets('plan')]).toEqual([
      [0.1, 1],
      [0.2, 4],
      [Infinity, 5],
    ]);
  });
});

describe('the quantile between two readings', () => {
  const after = readingOf(text).buckets('plan');
  it('lies evenly within its bucket', () => {
    expect(quantileBetween(new Map(), after, 0.1)).toBeCloseTo(0.05);
    expect(quantileBetween(new Map(), after, 0.5)).toBeCloseTo(0.15);
  });
  it('is of what came since', () => {
    expect(
      quantileBetween(
        new Map([
          [0.1, 1],
          [0.2, 1],
          [Infinity, 1],
        ]),
        after,
        0.5,
      ),
    ).toBeCloseTo(0.1 + 0.1 * (2 / 3));
  });
  it('is at least the last bound when it is beyond, and nothing when nothing came', () => {
    expect(quantileBetween(new Map(), after, 0.99)).toBe(0.2);
    expect(quantileBetween(after, after, 0.5)).toBeNaN();
  });
});
