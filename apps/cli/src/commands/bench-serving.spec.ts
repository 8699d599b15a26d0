import { ConfigError } from '@weir/base';
import { describe, expect, it } from 'vitest';
import type { Row } from '../bench/serving/figures.ts';
import { seriesOf } from '../bench/serving/serving-cost.ts';
import { runOf } from '../command.fixture.ts';
import bench from './bench-serving.ts';

const run = runOf(bench);

describe('weir bench serving', () => {
  it('measures every way of serving in one run', async () => {
    const { exit, lines } = await run('--seconds=0.02', '--rounds=1', '--json');
    expect(lines).toHaveLength(1);
    const { rows, raw, peers, promises, holds } = JSON.parse(lines[0]!) as {
      rows: Row[];
      raw: { model: string; rps: number; cpuMsPerRequest: number }[];
      peers: Row[];
      promises: { what: string; holds: boolean }[];
      holds: boolean;
    };
    expect(raw.map(({ model }) => model)).toEqual(['fp32-224', 'fp32-64']);
    // Two models, four ways, two concurrencies, two counts of slots.
    expect(rows).toHaveLength(32);
    expect(peers).toEqual([]);
    for (const { rps, p50Ms, p99Ms, cpuMsPerRequest, clientCpuMsPerRequest } of rows) {
      for (const figure of [rps, p50Ms, cpuMsPerRequest, clientCpuMsPerRequest])
        expect(figure).toBeGreaterThan(0);
      expect(p99Ms).toBeGreaterThanOrEqual(p50Ms);
    }
    expect(promises).toHaveLength(8);
    expect(exit).toBe(holds ? 0 : 1);
    expect(holds).toBe(promises.every((promise) => promise.holds));
  }, 240_000);

  it('measures no more than it is asked for', () => {
    const series = seriesOf({ peers: false, only: ['fp32-64', 'unary', 'k1'] });
    expect(series.map(({ model, call, concurrency, slots }) => [model, call, concurrency, slots])).toEqual([
      ['fp32-64', 'unary', 1, 1],
      ['fp32-64', 'unary', 1, 2],
    ]);
  });

  it.each(['--only=k9', '--seconds=0', '--rounds=0', '--rounds=1.5', '--models=/nowhere', '--nonsense'])(
    'refuses %s',
    async (flag) => {
      await expect(run(flag)).rejects.toBeInstanceOf(ConfigError);
    },
  );
});
