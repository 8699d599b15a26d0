import { Internal } from '@weir/base';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startSlot } from './session-slot.ts';

/** A thread that speaks the protocol without a model, and dies when asked for the variant `die`. */
const ENTRY = `
import { parentPort } from 'node:worker_threads';
parentPort.on('message', ({ variant }) => {
  if (variant === 'die') process.exit(7);
  parentPort.postMessage({ kind: 'result', output: Float32Array.of(1, 2), decodeMs: 0, computeMs: 1 });
});
parentPort.postMessage({ kind: 'ready', warmMs: {} });
`;

let directory: string;
const script = async (name: string, content: string) => {
  await writeFile(join(directory, name), content);
  return pathToFileURL(join(directory, name));
};
beforeAll(async () => (directory = await mkdtemp(join(tmpdir(), 'weir-slot-'))));
afterAll(() => rm(directory, { recursive: true }));

const setup = { models: [], threadsPerSession: 1 };
const input = { image: new Uint8Array(1) };

describe('session slot', () => {
  it('fails the job of a thread that dies, restarts it and serves on', async () => {
    const crashes: Error[] = [];
    const entry = await script('thread.mjs', ENTRY);
    await using slot = await startSlot({ entry, setup, onCrash: (cause) => crashes.push(cause) });

    await expect(slot.run({ variant: 'die', input })).rejects.toThrow(Internal);
    expect(await slot.recovered()).toBe(true);
    expect((await slot.run({ variant: 'live', input })).output).toEqual(Float32Array.of(1, 2));
    expect(crashes.map(({ message }) => message)).toEqual(['the thread exited with code 7']);
  });

  it('says why a thread cannot start', async () => {
    const entry = await script('broken.mjs', 'throw new Error("no such model");');
    await expect(startSlot({ entry, setup })).rejects.toThrow(/no such model/);
  });

  it('gives up a thread that cannot be restarted', async () => {
    const entry = await script('fragile.mjs', ENTRY);
    await using slot = await startSlot({ entry, setup });
    await script('fragile.mjs', 'process.exit(1);');
    await expect(slot.run({ variant: 'die', input })).rejects.toThrow(Internal);
    expect(await slot.recovered()).toBe(false);
  });
});
