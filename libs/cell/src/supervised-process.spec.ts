import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { silentLogger, systemClock } from '@weir/base';
import { afterAll, describe, expect, it } from 'vitest';
import { type ProcessEvent, SupervisedProcess } from './supervised-process.ts';

const folder = mkdtempSync(join(tmpdir(), 'weir-cell-'));
afterAll(() => rmSync(folder, { recursive: true }));
const main = new URL('./fixtures/program.ts', import.meta.url).pathname;

/** A supervised fixture program, and a way to wait for what happens to it. */
async function start(
  behaviour = '',
  options: { readyTimeoutMs?: number; graceMs?: number; signal?: AbortSignal } = {},
) {
  const events: ProcessEvent[] = [];
  const waiting = new Map<string, () => void>();
  const supervised = await SupervisedProcess.start(
    { name: 'demo', main, argv: (listen) => [listen, behaviour] },
    {
      clock: systemClock,
      logger: silentLogger,
      logDir: mkdtempSync(join(folder, 'logs-')),
      onEvent: (event) => {
        events.push(event);
        waiting.get(event.kind)?.();
      },
      ...options,
    },
  );
  const seen = (kind: ProcessEvent['kind']) => new Promise<void>((resolve) => waiting.set(kind, resolve));
  return { supervised, events, seen };
}

const alive = (pid: number) => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};

describe('SupervisedProcess', () => {
  it('starts a program, learns its address and stops it', async () => {
    const { supervised, events } = await start();
    expect(supervised.address).toMatch(/^127\.0\.0\.1:\d+$/);
    const pid = supervised.pid!;
    await supervised[Symbol.asyncDispose]();
    expect(alive(pid)).toBe(false);
    expect(events.map(({ kind, detail }) => [kind, detail])).toEqual([
      ['ready', supervised.address],
      ['stopped', 'exit code 0'],
    ]);
  });

  it('restarts a killed program at the same address and counts it', async () => {
    const { supervised, events, seen } = await start();
    await using _ = supervised;
    const { address, pid } = supervised;
    const restarted = seen('restarted');
    supervised.kill('SIGKILL');
    await restarted;
    expect(supervised.address).toBe(address);
    expect(supervised.pid).not.toBe(pid);
    expect(supervised.restarts).toBe(1);
    expect(events.map(({ kind }) => kind)).toEqual(['ready', 'died', 'restarted']);
    expect(events[1]!.detail).toBe('killed by SIGKILL');
  });

  it('shows the last lines of its log when a program fails to start', async () => {
    await expect(start('fails')).rejects.toThrow(/demo did not start: exit code 1\n {2}weir: no model found/);
  });

  it('gives up on a program that never becomes ready', async () => {
    await expect(start('silent', { readyTimeoutMs: 1_500 })).rejects.toThrow(/silent for 1500 ms/);
  });

  it('cancels a start', async () => {
    const stop = new AbortController();
    const starting = start('silent', { signal: stop.signal });
    stop.abort();
    await expect(starting).rejects.toThrow(/stopped while starting/);
  });

  it('restarts a program all the same when its start can no longer be cancelled', async () => {
    const stop = new AbortController();
    const { supervised, seen } = await start('', { signal: stop.signal });
    await using _ = supervised;
    stop.abort();
    const restarted = seen('restarted');
    supervised.kill('SIGKILL');
    await restarted;
    expect(supervised.restarts).toBe(1);
  });

  it('kills a program that does not drain within the grace', async () => {
    const { supervised, events } = await start('stubborn', { graceMs: 200 });
    await supervised[Symbol.asyncDispose]();
    expect(events.at(-1)).toMatchObject({ kind: 'stopped', detail: 'killed by SIGKILL' });
  });

  it('starts nothing after it is disposed of', async () => {
    const { supervised, events, seen } = await start();
    const died = seen('died');
    supervised.kill('SIGKILL');
    await died;
    await supervised[Symbol.asyncDispose]();
    expect(supervised.pid).toBeUndefined();
    expect(events.map(({ kind }) => kind)).toEqual(['ready', 'died']);
  });
});
