import { Internal } from '@weir/base';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, statSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { classifierNamed, type InputSpec, loadFamily } from '../catalogue/manifest.ts';
import { modelOf } from './session-model.ts';
import { inputBytes, type SessionModel } from './session-protocol.ts';
import { type Batch, startSlot } from './session-slot.ts';

/** A thread that speaks the protocol without a model: `die` kills it. It answers tensors in their lane, pictures by message. */
const ENTRY = `
import { parentPort, workerData } from 'node:worker_threads';
import { Lane } from '${new URL('./lane.ts', import.meta.url).href}';
const lanes = workerData.lanes.map((memory) => new Lane(memory));
parentPort.on('message', (message) => {
  const { lane: number, images } = typeof message === 'number' ? { lane: message } : message;
  const lane = lanes[number];
  const { model, size } = lane.batch;
  if (workerData.models[model].name === 'die') process.exit(7);
  if (!lane.claim()) return parentPort.postMessage(number);
  if (!images && lane.answer(lane.inputs('float32', { elements: 2, at: 0, count: size }).map((x) => -x), 1))
    return parentPort.postMessage(number);
  const answers = images.map(() => ({ kind: 'result', output: Float32Array.of(1, 2), decodeMs: 3 }));
  parentPort.postMessage({ kind: 'done', lane: number, answers, computeMs: 1 });
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

const input: InputSpec = {
  name: 'pixels',
  layout: 'NCHW',
  shape: [1, 2, 1, 1],
  dynamicBatch: true,
  dtype: 'float32',
  colourOrder: 'GRAY',
  mean: [0],
  std: [1],
};
const model = (name: string): SessionModel => ({
  name,
  path: '',
  batchSizes: [1, 2],
  input,
  outputName: 'scores',
  dynamicBatch: true,
});
const none = { models: ['live', 'die'].map(model), threadsPerSession: 1 };
const batch = (variant: string): Batch => ({ variant, inputs: [{ image: new Uint8Array(1) }] });

describe('session slot', () => {
  it('fails the job of a thread that dies, restarts it and serves on', async () => {
    const crashes: Error[] = [];
    const entry = await script('thread.mjs', ENTRY);
    await using slot = await startSlot({ entry, ...none, onCrash: (cause) => crashes.push(cause) });

    await expect(slot.start(batch('die')).results).rejects.toThrow(Internal);
    expect(await slot.recovered()).toBe(true);
    expect(await slot.start(batch('live')).results).toMatchObject([{ output: Float32Array.of(1, 2) }]);
    // The thread that replaced the first is watched like the first.
    await expect(slot.start(batch('die')).results).rejects.toThrow(Internal);
    expect(await slot.recovered()).toBe(true);
    expect(await slot.start(batch('live')).results).toMatchObject([{ output: Float32Array.of(1, 2) }]);
    expect(crashes.map(({ message }) => message)).toEqual(Array(2).fill('the thread exited with code 7'));
  });

  it('never runs what comes while a dead thread is being replaced, and says so, instead of hanging', async () => {
    const entry = await script('replaced.mjs', ENTRY);
    await using slot = await startSlot({ entry, ...none });
    const [dying, handedOver] = [slot.start(batch('die')), slot.start(batch('live'))];
    await expect(dying.results).rejects.toThrow(Internal);
    await expect(handedOver.results).rejects.toThrow(Internal);
    expect(handedOver.withdraw()).toBe(true);
    const meanwhile = slot.start(batch('live'));
    await expect(meanwhile.results).rejects.toThrow(Internal);
    expect(meanwhile.withdraw()).toBe(true);
    expect(await slot.recovered()).toBe(true);
    await expect(slot.start(batch('live')).results).resolves.toHaveLength(1);
  });

  it('gives back what has not begun, and has room again when the thread has passed it over', async () => {
    const entry = await script('lanes.mjs', ENTRY);
    await using slot = await startSlot({ entry, ...none });
    const [first, second] = [slot.start(batch('live')), slot.start(batch('live'))];
    expect(slot.hasRoom()).toBe(false);
    const taken = second.withdraw();
    await first.results;
    if (!taken) await second.results;
    const third = slot.start(batch('live'));
    await expect(third.results).resolves.toHaveLength(1);
    expect(third.withdraw()).toBe(false);
  });

  it('has tensors and their outputs in memory that both threads see, and hands pictures over', async () => {
    const entry = await script('tensors.mjs', ENTRY);
    await using slot = await startSlot({ entry, ...none });
    const tensor = (...values: number[]) => ({ tensor: new Uint8Array(Float32Array.from(values).buffer) });
    const image = { image: new Uint8Array(1) };
    const run = (...inputs: Batch['inputs']) => slot.start({ variant: 'live', inputs }).results;
    const [two, picture] = [run(tensor(1, 2), tensor(3, 4)), run(image)];
    expect(await two).toEqual([
      { output: Float32Array.of(-1, -2), decodeMs: 0, computeMs: 1 },
      { output: Float32Array.of(-3, -4), decodeMs: 0, computeMs: 1 },
    ]);
    expect(await picture).toEqual([{ output: Float32Array.of(1, 2), decodeMs: 3, computeMs: 1 }]);
    expect(await run(tensor(5, 6))).toMatchObject([{ output: Float32Array.of(-5, -6) }]);
  });

  it('fails the tensors that a model fails on, and goes on', async () => {
    const variant = classifierNamed(await loadFamily(), 'mobilenet-v1-0.25-fp32');
    const works = { ...modelOf(variant), batchSizes: [1] };
    const fails = { ...works, name: 'fails', outputName: 'none' };
    await using slot = await startSlot({
      entry: new URL('./session-thread.ts', import.meta.url),
      models: [fails, works],
      threadsPerSession: 1,
      // A background thread warms none.
      background: true,
    });
    const run = (name: string) =>
      slot.start({ variant: name, inputs: [{ tensor: new Uint8Array(inputBytes(variant.input)) }] }).results;
    const [failed, served] = await Promise.all([run(fails.name), run(works.name)]);
    expect(failed).toMatchObject([
      { fault: { status: 'INTERNAL', cause: { message: expect.stringContaining('none') as string } } },
    ]);
    expect(served).toMatchObject([{ output: { length: 10 } }]);
  });

  it('lets the process end though native code does not come back', async () => {
    const sign = join(directory, 'begun.db');
    const entry = await script(
      'native.mjs',
      `import { DatabaseSync } from 'node:sqlite';
       import { parentPort } from 'node:worker_threads';
       parentPort.on('message', () => {
         const forever = 'with recursive n(x) as (select 1 union all select x + 1 from n) select count(*) from n';
         // One call of native code, which first leaves a sign that it is in it.
         new DatabaseSync('${sign}').exec('create table begun(x); ' + forever);
       });
       parentPort.postMessage({ kind: 'ready', warmMs: {} });`,
    );
    const program = await script(
      'program.mjs',
      `import { runMain } from '${import.meta.resolve('@weir/base')}';
       import { startSlot } from '${new URL('./session-slot.ts', import.meta.url).href}';
       await runMain(async ({ signal }) => {
         await using slot = await startSlot({ entry: new URL('${entry.href}'), models: [], threadsPerSession: 1 });
         slot.start({ variant: 'v', inputs: [] }).results.catch(() => {});
         await new Promise((resolve) => signal.addEventListener('abort', resolve));
       });`,
    );
    const child = spawn(process.execPath, [fileURLToPath(program)], { stdio: ['ignore', 'pipe', 'pipe'] });
    let stderr = '';
    child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
    await expect.poll(() => existsSync(sign) && statSync(sign).size, { timeout: 60_000 }).toBeGreaterThan(0);
    child.kill('SIGTERM');
    expect(await once(child, 'close')).toEqual([null, 'SIGKILL']);
    expect(stderr).toMatch(/native code/);
  });

  it('says why a thread cannot start', async () => {
    const entry = await script('broken.mjs', 'throw new Error("no such model");');
    await expect(startSlot({ entry, ...none })).rejects.toThrow(/no such model/);
  });

  it('goes on trying to restart, with growing pauses, until it can', async () => {
    const entry = await script('fragile.mjs', ENTRY);
    let crashes = 0;
    const onCrash = () => {
      crashes++;
      // The first failure to restart has been told: from now on it works again.
      if (crashes === 2) void script('fragile.mjs', ENTRY);
    };
    await using slot = await startSlot({ entry, ...none, onCrash });
    await script('fragile.mjs', 'process.exit(1);');
    await expect(slot.start(batch('die')).results).rejects.toThrow(Internal);
    expect(await slot.recovered()).toBe(true);
    expect(crashes).toBeGreaterThanOrEqual(2);
    await expect(slot.start(batch('live')).results).resolves.toHaveLength(1);
  });
});
