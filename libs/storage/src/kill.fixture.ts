import { seededRandom } from '@weir/base';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, it } from 'vitest';
import { openNatsStore, openStore } from './index.ts';
import type { Store } from './store.ts';

/** Appends without end, four batches at a time, and prints what was acknowledged. */
const writerSource = `
  const [, , library, open, options, instanceId] = process.argv;
  const store = await (await import(library))[open](JSON.parse(options));
  const write = async (device) => {
    for (let sequence = 1; ; sequence += 3) {
      const records = [0, 1, 2].map((i) => ({ sequence: sequence + i, outcome: JSON.stringify([device, instanceId, sequence + i]) }));
      const { through } = await store.append({ cellId: 'c', deviceId: device, instanceId, oldestPending: 0, records });
      process.stdout.write(device + ' ' + through + '\\n');
    }
  };
  for (const device of ['a', 'b', 'c', 'd']) write(device);
`;

/** Of a store that a child opens too: `open` names what opens it, with options that are sent to the child. */
export function outlivesItsProcess(
  open: 'openStore' | 'openNatsStore',
  options: () => Readonly<Record<string, unknown>>,
) {
  const directory = mkdtempSync(join(tmpdir(), 'weir-kill-'));
  afterAll(() => rmSync(directory, { recursive: true }));
  const openHere = { openStore, openNatsStore }[open] as (options: object) => Promise<Store>;

  it('has lost nothing that it acknowledged, and holds no part of a batch', { timeout: 60_000 }, async () => {
    const writer = join(directory, 'writer.mjs');
    writeFileSync(writer, writerSource);
    const random = seededRandom(7);
    const acknowledged = new Map<string, number>();
    for (let round = 0; round < 6; round++) {
      const child = spawn(
        process.execPath,
        [
          writer,
          fileURLToPath(new URL('./index.ts', import.meta.url)),
          open,
          JSON.stringify(options()),
          `run-${round}`,
        ],
        { stdio: ['ignore', 'pipe', 'inherit'] },
      );
      const exited = once(child, 'exit');
      // Killed in mid-write, after a number of acknowledgements that differs from round to round.
      let left = 1 + random.integer(200);
      for await (const line of createInterface({ input: child.stdout })) {
        const [device, through] = line.split(' ') as [string, string];
        acknowledged.set(`${device} run-${round}`, Number(through));
        if (--left === 0) child.kill('SIGKILL');
      }
      expect((await exited)[1]).toBe('SIGKILL');

      await using store = await openHere(options());
      const journal = new Map<string, number[]>();
      for (const { outcome } of await store.read('c', 0, 1_000_000)) {
        const [device, run, sequence] = JSON.parse(outcome) as [string, string, number];
        const key = `${device} ${run}`;
        journal.set(key, [...(journal.get(key) ?? []), sequence]);
      }
      for (const [key, through] of acknowledged)
        expect(journal.get(key)?.length, key).toBeGreaterThanOrEqual(through);
      for (const sequences of journal.values()) {
        expect(sequences).toEqual(sequences.map((_, index) => index + 1));
        expect(sequences.length % 3).toBe(0);
      }
    }
  });
}
