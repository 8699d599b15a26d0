import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { monitorEventLoopDelay, performance } from 'node:perf_hooks';
import { percentile } from '@weir/base';
import { openDatabase } from './src/sqlite/database.ts';
import { openStore } from './src/index.ts';
import { defaultLimits } from './src/limits.ts';
import { openTables } from './src/sqlite/tables.ts';

// Throughput of the journal, and its cost to the serving thread: node libs/storage/journal-rate.ts [seconds]
// For comparison the same writes on the serving thread: the reason why the store has a thread of its own.

const seconds = Number(process.argv[2] ?? 3);
const outcome = JSON.stringify({ deviceId: 'device-1', filler: 'x'.repeat(430) });
const batchOf = (device: number, from: number, size: number) => ({
  cellId: 'c',
  deviceId: `d${device}`,
  instanceId: 'i',
  oldestPending: 0,
  records: Array.from({ length: size }, (_, i) => ({ sequence: from + i, outcome })),
});
const directory = mkdtempSync(join(tmpdir(), 'weir-journal-rate-'));

async function measure(
  what: string,
  write: (until: number, taken: (records: number, ms: number) => void) => Promise<void>,
) {
  const delays = monitorEventLoopDelay({ resolution: 1 });
  const latencies: number[] = [];
  let records = 0;
  delays.enable();
  const begin = performance.now();
  await write(begin + seconds * 1_000, (count, ms) => {
    records += count;
    latencies.push(ms);
  });
  const tookS = (performance.now() - begin) / 1_000;
  delays.disable();
  const ms = (value: number) => Number(value.toFixed(2));
  console.log(
    JSON.stringify({
      what,
      recordsPerSecond: Math.round(records / tookS),
      durableMs: { p50: ms(percentile(latencies, 0.5)), p99: ms(percentile(latencies, 0.99)) },
      eventLoopDelayMs: { p99: ms(delays.percentile(99) / 1e6), max: ms(delays.max / 1e6) },
    }),
  );
}

for (const [writers, size] of [
  [1, 1],
  [5, 5],
  [50, 10],
  [200, 50],
] as const) {
  const name = `${writers} agents, batches of ${size}`;
  {
    await using store = await openStore({ path: join(directory, `${writers}.db`) });
    await measure(`${name}, own thread`, async (until, taken) => {
      const writer = async (device: number) => {
        for (let sequence = 1; performance.now() < until; sequence += size) {
          const asked = performance.now();
          await store.append(batchOf(device, sequence, size));
          taken(size, performance.now() - asked);
        }
      };
      await Promise.all(Array.from({ length: writers }, (_, device) => writer(device)));
    });
  }
  const database = openDatabase(join(directory, `${writers}-serving.db`));
  const tables = openTables(database, defaultLimits);
  await measure(`${name}, serving thread`, async (until, taken) => {
    for (let sequence = 1; performance.now() < until; sequence += size) {
      const asked = performance.now();
      database.exec('begin immediate');
      for (let device = 0; device < writers; device++) tables.append(batchOf(device, sequence, size));
      database.exec('commit');
      for (let device = 0; device < writers; device++) taken(size, performance.now() - asked);
      await new Promise((resolve) => setImmediate(resolve));
    }
  });
  database.close();
}
rmSync(directory, { recursive: true });
