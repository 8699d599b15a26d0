import { type Logger, silentLogger, systemClock } from '@weir/base';
import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type Family, loadFamily } from './manifest.ts';
import { watchFamily } from './watch-family.ts';

const patience = { timeout: 10_000, interval: 10 };
const entry = (name: string) => ({
  name,
  file: `${name}.onnx`,
  architecture: name,
  precision: 'fp32',
  bytes: 3,
  sha256: 'a'.repeat(64),
  task: 'tensor',
  inputs: [{ name: 'x', dtype: 'float32', shape: [1] }],
  outputs: [{ name: 'y', dtype: 'float32', shape: [1] }],
  accuracy: { declared: 0.5, measure: 'some' },
});
const manifest = (...names: string[]) =>
  JSON.stringify({ manifestVersion: 1, family: 'f', labels: [], variants: names.map(entry) });

let directory: string;
const file = (name: string) => join(directory, name);
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'weir-watch-'));
  for (const name of ['a', 'b', 'c']) await writeFile(file(`${name}.onnx`), 'abc');
  await writeFile(file('manifest.json'), manifest('a'));
});
afterEach(() => rm(directory, { recursive: true }));

async function watching({
  take = async () => {},
  pollMs = 20,
}: { take?: () => Promise<void>; pollMs?: number } = {}) {
  const taken: string[] = [];
  const warn = vi.fn<Logger['warn']>();
  const error = vi.fn<Logger['error']>();
  const watch = watchFamily({
    models: directory,
    family: await loadFamily(directory),
    async take({ variants }: Family) {
      taken.push(variants.map(({ name }) => name).join());
      await take();
    },
    clock: systemClock,
    logger: { ...silentLogger, warn, error },
    pollMs,
  });
  const faults = () => warn.mock.calls.map(([fields]) => (fields as { fault?: string }).fault);
  return { taken, faults, error, watch, [Symbol.asyncDispose]: () => watch[Symbol.asyncDispose]() };
}
const write = (text: string) => writeFile(file('manifest.json'), text);
const replace = async (text: string) => {
  await writeFile(file('next'), text);
  await rename(file('next'), file('manifest.json'));
};

describe('watchFamily', () => {
  it.each([
    ['written over', 20, write],
    ['renamed over, again and again', 20, replace],
    ['renamed over, though nobody polls', 1_000_000, replace],
  ])('takes up each change of a manifest that is %s', async (_how, pollMs, change) => {
    await using watched = await watching({ pollMs });
    for (const names of [['a', 'b'], ['b'], ['b', 'c']]) {
      await change(manifest(...names));
      await vi.waitFor(() => expect(watched.taken.at(-1)).toBe(names.join()), patience);
    }
    // One that is written over may be met half written, on a busy machine.
    if (change === replace) expect(watched.faults()).toEqual([]);
  });

  it('takes up nothing where nothing has changed but the file', async () => {
    await using watched = await watching();
    await replace(manifest('a'));
    await replace(`${manifest('a')}\n`);
    await replace(manifest('a', 'b'));
    await vi.waitFor(() => expect(watched.taken).toEqual(['a,b']), patience);
  });

  it('tells once what is broken, goes on, and takes up what is whole again', async () => {
    await using watched = await watching();
    await write('{"manifestVersion": 1, "fam');
    await vi.waitFor(
      () => expect(watched.faults()).toEqual([expect.stringMatching(/is not JSON/)]),
      patience,
    );
    await rm(file('b.onnx'));
    await replace(manifest('a', 'b'));
    await vi.waitFor(() => expect(watched.faults().at(-1)).toMatch(/not beside it: b\.onnx/), patience);
    // The model comes after its manifest, which stays as it is.
    await writeFile(file('b.onnx'), 'abc');
    await vi.waitFor(() => expect(watched.taken).toEqual(['a,b']), patience);
    expect(watched.faults()).toHaveLength(2);
  });

  it.each([
    ['another family', manifest('a').replace('"f"', '"g"'), /another family, g instead of f: restart/],
    ['other labels', manifest('a').replace('"labels":[]', '"labels":["x","y"]'), /other labels: restart/],
  ])('refuses %s', async (_what, text, fault) => {
    await using watched = await watching();
    await replace(text);
    await vi.waitFor(() => expect(watched.faults()).toEqual([expect.stringMatching(fault)]), patience);
    await replace(manifest('a', 'c'));
    await vi.waitFor(() => expect(watched.taken).toEqual(['a,c']), patience);
  });

  it('goes on as it was when a change cannot be taken up, and does not try the same again', async () => {
    const take = vi
      .fn<() => Promise<void>>()
      .mockRejectedValueOnce(new Error('no such model'))
      .mockResolvedValue();
    await using watched = await watching({ take });
    await replace(manifest('a', 'b'));
    await vi.waitFor(() => expect(watched.error).toHaveBeenCalledOnce(), patience);
    await replace(`${manifest('a', 'b')}\n`);
    await replace(manifest('a', 'c'));
    await vi.waitFor(() => expect(watched.taken).toEqual(['a,b', 'a,c']), patience);
  });

  it('takes nothing up once it is disposed, and waits for what it has begun', async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    const { taken, watch } = await watching({ take: () => promise });
    await replace(manifest('a', 'b'));
    await vi.waitFor(() => expect(taken).toHaveLength(1), patience);
    await replace(manifest('c'));
    let ended = false;
    const ending = watch[Symbol.asyncDispose]().then(() => void (ended = true));
    await new Promise((next) => setImmediate(next));
    expect(ended).toBe(false);
    resolve();
    await ending;
    expect(taken).toEqual(['a,b']);
  });
});
