import { describe, expect, it } from 'vitest';
import { measureLatency } from './measure-latency.ts';
import { listModels, modelRows } from './list-models.ts';
import { expectedAccuracy, loadFamily } from './manifest.ts';
import { startRunner } from '../serving/runner.ts';

const VARIANT = 'mobilenet-v1-0.25-fp32';

describe('measureLatency', () => {
  it('times the computation of each variant', async () => {
    await using runner = await startRunner({ family: await loadFamily(), variants: [VARIANT] });
    const latencies = await measureLatency({ runner, runs: 10 });
    expect(latencies).toHaveLength(1);
    expect(latencies[0]).toMatchObject({ name: VARIANT, runs: 10 });
    expect(latencies[0]!.p50Ms).toBeGreaterThan(0);
    expect(latencies[0]!.p95Ms).toBeGreaterThanOrEqual(latencies[0]!.p50Ms);
  });
});

describe('listModels', () => {
  it('lists the most accurate first, with what it costs', async () => {
    const family = await loadFamily();
    const rows = await listModels({ family, runs: 5 });
    expect(rows).toHaveLength(family.variants.length);
    const accuracies = rows.map(expectedAccuracy);
    expect(accuracies).toEqual([...accuracies].sort((a, b) => b - a));
    for (const { p50Ms, bytes } of rows) expect(Math.min(p50Ms, bytes)).toBeGreaterThan(0);
  });

  it('marks a variant that is slower and worse than another', async () => {
    const family = await loadFamily();
    const best = family.variants.reduce((a, b) => (expectedAccuracy(b) > expectedAccuracy(a) ? b : a)).name;
    const latencies = family.variants.map(({ name }) => {
      const p50Ms = name === best ? 1 : 2;
      return { name, p50Ms, p95Ms: p50Ms, runs: 1 };
    });
    const rows = modelRows(family, latencies);
    expect(rows[0]!.dominatedBy).toBeUndefined();
    for (const { dominatedBy } of rows.slice(1)) expect(dominatedBy).toBeDefined();
  });
});
