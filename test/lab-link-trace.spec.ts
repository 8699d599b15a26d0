import { writeFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { cell, openLab, scenario } from './support/lab-cell.ts';

/** A living cell of one device, an edge and a cloud. */
describe('the lab, over links that change', () => {
  const stop = new AbortController();
  afterAll(() => stop.abort());

  it('drives links by a trace: slow ones, after an outage that profiling waits for the end of', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'weir-lab-'));
    try {
      const lab = await openLab(stop.signal);
      const trace = join(folder, 'trace.csv');
      const rows = ['0,0,150', '6,50,150', '90,50,150'];
      await writeFile(trace, ['time_s,rate_mbps,delay_ms', ...rows].join('\n'));
      await using driven = await lab.open(
        scenario({ links: { trace }, cell: { ...cell, users: 1 }, repetitions: 1, epochs: {} }),
      );
      const table = await driven.tableOf([]);
      expect(table.networkMs('device-1', 'edge-1')).toBeGreaterThan(290);
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});
