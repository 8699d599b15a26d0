import { FailedPrecondition, InvalidInput, NotFound, Unavailable, systemClock } from '@weir/base';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { embeddedFamilyDirectory, loadFamily } from '../catalogue/manifest.ts';
import { type Runner, startRunner } from './runner.ts';

const VARIANT = 'mobilenet-v1-0.25-fp32';
const OTHER = 'mobilenet-v1-0.25-int8';
const scene = (index: number) =>
  readFile(join(embeddedFamilyDirectory, 'samples', `scene-${String(index).padStart(4, '0')}.png`));
const start = async (options: Partial<Parameters<typeof startRunner>[0]> = {}) =>
  startRunner({ family: await loadFamily(), variants: [VARIANT], ...options });

describe('runner', () => {
  let runner: Runner;
  let image: Buffer;
  beforeAll(async () => {
    runner = await start({ slots: 2, queueLimit: 100 });
    image = await scene(0);
  });
  afterAll(() => runner[Symbol.asyncDispose]());

  it('answers with a label, its probability and where the time went', async () => {
    const answer = await runner.run({ variant: VARIANT, input: { image } });
    expect(runner.labels).toContain(answer.label);
    expect(answer.confidence).toBe(Math.max(...answer.probabilities));
    expect(answer.margin).toBeGreaterThanOrEqual(0);
    expect(answer.computeMs).toBeGreaterThan(0);
    expect(answer.decodeMs).toBeGreaterThan(0);
  });

  it('answers many at once as it answers one by one', async () => {
    const images = await Promise.all(Array.from({ length: 20 }, (_, index) => scene(index)));
    const together = await Promise.all(
      images.map((image) => runner.run({ variant: VARIANT, input: { image } })),
    );
    for (const [index, image] of images.entries()) {
      const alone = await runner.run({ variant: VARIANT, input: { image } });
      expect(alone.probabilities).toEqual(together[index]!.probabilities);
    }
  });

  it('decodes a large picture beside its slots, with the answer of any other', async () => {
    const large = await sharp(image).resize(2_048, 2_048, { kernel: 'nearest' }).png().toBuffer();
    const [first, small] = await Promise.all([
      runner.run({ variant: VARIANT, input: { image: large }, caller: 'a' }),
      runner.run({ variant: VARIANT, input: { image }, caller: 'b' }),
    ]);
    expect(first.label).toBe(small.label);
    expect(first.decodeMs).toBeGreaterThan(0);
    const damaged = large.subarray(0, 1_000);
    await expect(runner.run({ variant: VARIANT, input: { image: damaged } })).rejects.toThrow(InvalidInput);
  });

  it('takes a tensor as it is', async () => {
    const shape = [1, 3, 64, 64];
    const tensor = new Uint8Array(4 * 3 * 64 * 64);
    expect(
      (await runner.run({ variant: VARIANT, input: { tensor, shape, dtype: 'float32' } })).probabilities,
    ).toHaveLength(10);
  });

  it('tells a bad input from a bad variant, and goes on', async () => {
    const bad = runner.run({ variant: VARIANT, input: { image: new Uint8Array(10) } });
    await expect(bad).rejects.toThrow(InvalidInput);
    await expect(runner.run({ variant: 'resnet', input: { image } })).rejects.toThrow(NotFound);
    await expect(runner.run({ variant: VARIANT, input: { image } })).resolves.toBeDefined();
  });

  it('counts what it serves', async () => {
    const { slots, utilization, congestionPerMs } = runner.load();
    expect(slots).toBe(2);
    expect(utilization).toBeGreaterThan(0);
    expect(congestionPerMs).toBeGreaterThan(0);
  });
});

describe('background work', () => {
  const dilation = { factor: 1, referenceMs: { [VARIANT]: 1_500, [OTHER]: 1 } };
  let input: { image: Uint8Array };
  beforeAll(async () => (input = { image: await scene(0) }));

  it('is answered like any other, and counts neither as load nor in what is expected', async () => {
    await using runner = await start();
    const frame = await runner.run({ variant: VARIANT, input });
    const before = runner.load();
    const aside = await runner.run({ variant: VARIANT, input, background: true });
    expect(aside).toMatchObject({ label: frame.label, confidence: frame.confidence, batchSize: 1 });
    expect(runner.load().congestionPerMs).toBeLessThanOrEqual(before.congestionPerMs);
  });

  it('keeps no frame waiting, which comes while it computes', async () => {
    await using runner = await start({ dilation, variants: [VARIANT, OTHER] });
    let over = false;
    const aside = runner.run({ variant: VARIANT, input, background: true }).finally(() => (over = true));
    expect(runner.load()).toMatchObject({ inService: 0, queued: 0, backlogMs: 0 });
    await runner.run({ variant: OTHER, input });
    expect(over).toBe(false);
    expect((await aside).computeMs).toBeGreaterThanOrEqual(1_499);
  });

  it('is refused while anything runs or waits', async () => {
    await using runner = await start({ dilation: { factor: 1, referenceMs: { [VARIANT]: 300 } } });
    const background = () => runner.run({ variant: VARIANT, input, background: true });
    const frame = runner.run({ variant: VARIANT, input });
    await expect(background()).rejects.toMatchObject({ status: 'RESOURCE_EXHAUSTED', reason: 'NOT_IDLE' });
    await frame;
    const first = background();
    await expect(background()).rejects.toMatchObject({ reason: 'NOT_IDLE' });
    await first;
    const drained = runner.drain();
    await expect(background()).rejects.toThrow(Unavailable);
    await drained;
  });

  it.runIf(process.platform === 'linux')('computes at the lowest priority, alone', async () => {
    await using runner = await start();
    const lowest = async () => {
      const threads = await readdir('/proc/self/task');
      const stats = await Promise.all(threads.map((id) => readFile(`/proc/self/task/${id}/stat`, 'utf8')));
      // Nice is the 19th field; the second, in brackets, may hold spaces.
      return stats.filter((stat) => stat.slice(stat.lastIndexOf(')') + 2).split(' ')[16] === '19').length;
    };
    await runner.run({ variant: VARIANT, input });
    expect(await lowest()).toBe(0);
    await runner.run({ variant: VARIANT, input, background: true });
    expect(await lowest()).toBe(1);
  });
});

describe('dilation', () => {
  const dilation = { factor: 4, referenceMs: { [VARIANT]: 10 } };

  it('holds the slot for factor × reference time, so that queues are those of the slower processor', async () => {
    await using runner = await start({ dilation });
    const image = await scene(0);
    const answers = await Promise.all(
      [1, 2, 3].map(() => runner.run({ variant: VARIANT, input: { image } })),
    );
    for (const { computeMs } of answers) expect(computeMs).toBeGreaterThanOrEqual(39.9);
    const waits = answers.map(({ queueMs }) => queueMs);
    expect(waits[1]).toBeGreaterThanOrEqual(39);
    expect(waits[2]).toBeGreaterThanOrEqual(79);
  });

  it('bounds the queue and drops what would be late, and finishes what it accepted', async () => {
    await using runner = await start({ dilation, queueLimit: 2 });
    const input = { image: await scene(0) };
    const served = runner.run({ variant: VARIANT, input });
    const late = runner.run({ variant: VARIANT, input, deadlineAt: systemClock.now() + 20 });
    await expect(late).rejects.toMatchObject({ reason: 'DEADLINE_UNREACHABLE' });
    const waiting = [1, 2].map(() => runner.run({ variant: VARIANT, input }));
    await expect(runner.run({ variant: VARIANT, input })).rejects.toMatchObject({ reason: 'QUEUE_FULL' });
    expect(runner.load()).toMatchObject({ queued: 2, inService: 1 });

    const drained = runner.drain();
    await expect(runner.run({ variant: VARIANT, input })).rejects.toThrow(Unavailable);
    await drained;
    expect(await Promise.all([served, ...waiting])).toHaveLength(3);
  });

  it('finishes a large picture that it accepted before it drains, and gives up one when it is disposed of', async () => {
    const image = await sharp(await scene(0))
      .resize(2_048)
      .png()
      .toBuffer();
    const runner = await start();
    const accepted = runner.run({ variant: VARIANT, input: { image } });
    const drained = runner.drain();
    await expect(runner.run({ variant: VARIANT, input: { image } })).rejects.toThrow(Unavailable);
    await drained;
    expect((await accepted).decodeMs).toBeGreaterThan(0);
    await runner[Symbol.asyncDispose]();

    const closed = await start();
    const pending = [1, 2].map(() => closed.run({ variant: VARIANT, input: { image } }));
    const failed = Promise.allSettled(pending);
    await closed[Symbol.asyncDispose]();
    expect((await failed)[1]).toMatchObject({ status: 'rejected', reason: { status: 'UNAVAILABLE' } });
  });

  it('fails what is in flight or waiting when it is disposed of, and what comes later', async () => {
    const runner = await start({ dilation: { factor: 100, referenceMs: { [VARIANT]: 10 } } });
    const input = { image: await scene(0) };
    const pending = [1, 2].map(() => runner.run({ variant: VARIANT, input }));
    const failed = Promise.allSettled(pending);
    await runner[Symbol.asyncDispose]();
    expect((await failed).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    await expect(runner.run({ variant: VARIANT, input })).rejects.toThrow(Unavailable);
  });

  it('can be made stronger while it runs, from the next inference on', async () => {
    await using runner = await start({ dilation });
    const input = { image: await scene(0) };
    runner.slowDown(3);
    const slow = await runner.run({ variant: VARIANT, input });
    expect(slow.computeMs).toBeGreaterThanOrEqual(119.9);
    runner.slowDown(1);
    // A busy machine may hold up one of them.
    const runs = await Promise.all([1, 2, 3, 4].map(() => runner.run({ variant: VARIANT, input })));
    expect(Math.min(...runs.map(({ computeMs }) => computeMs))).toBeLessThan(slow.computeMs);
    expect(() => runner.slowDown(0)).toThrow(InvalidInput);
    await using real = await start({});
    expect(() => real.slowDown(2)).toThrow(FailedPrecondition);
  });

  it('needs a reference time for every variant', async () => {
    const family = await loadFamily();
    const timeless = {
      ...family,
      variants: family.variants.map(({ referenceMs: _, ...variant }) => variant),
    };
    await expect(startRunner({ family: timeless, dilation: { factor: 2 } })).rejects.toThrow(
      /reference time/,
    );
  });
});
