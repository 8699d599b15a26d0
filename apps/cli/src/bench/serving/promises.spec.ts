import { describe, expect, it } from 'vitest';
import { mediansOf, type Row } from './figures.ts';
import { promisesOf, scalingOf } from './promises.ts';

const row = (over: Partial<Row>): Row => ({
  model: 'fp32-64',
  input: 'tensor',
  concurrency: 8,
  call: 'stream',
  slots: 1,
  rps: 1_000,
  p50Ms: 4,
  p99Ms: 10,
  cpuMsPerRequest: 0.6,
  mainMsPerRequest: 0.2,
  clientCpuMsPerRequest: 0.2,
  ...over,
});
const raw = [{ model: 'fp32-64', rps: 2_500, cpuMsPerRequest: 0.4 }];
const broken = (given: Partial<Parameters<typeof promisesOf>[0]>) =>
  promisesOf({ rows: [row({}), row({ slots: 2 })], raw, peers: [], ...given })
    .filter(({ holds }) => !holds)
    .map(({ what }) => what);

describe('promisesOf', () => {
  it('breaks none when all is well', () => {
    expect(broken({})).toEqual([]);
    expect(broken({ peers: [row({ peer: 'python', rps: 900, p99Ms: 11 })] })).toEqual([]);
  });

  it.each<[string, Partial<Parameters<typeof promisesOf>[0]>]>([
    ['processor time added', { rows: [row({ cpuMsPerRequest: 0.66 })] }],
    ['two slots', { rows: [row({}), row({ slots: 2, cpuMsPerRequest: 0.8 })] }],
    ['p99 of p50', { rows: [row({ p99Ms: 12.1 })] }],
    ['requests a second', { peers: [row({ peer: 'python', rps: 1_001, p99Ms: 11 })] }],
    ["p99, of the best peer's", { peers: [row({ peer: 'mlserver', rps: 900, p99Ms: 9 })] }],
  ])('tells when %s is beyond its target', (what, given) => {
    const told = broken(given);
    expect(told).toHaveLength(1);
    expect(told[0]).toContain(what);
  });

  it('says nothing of what was not measured', () => {
    expect(promisesOf({ rows: [], raw, peers: [row({ peer: 'python' })] })).toEqual([]);
  });
});

it('takes a second slot that costs nothing more for twice the work', () => {
  expect(scalingOf(row({}), row({ slots: 2 }))).toBe(2);
});

it('takes medians figure by figure', () => {
  expect(
    mediansOf([
      { a: 1, b: 9 },
      { a: 2, b: 7 },
      { a: 3, b: 8 },
    ]),
  ).toEqual({ a: 2, b: 8 });
});
