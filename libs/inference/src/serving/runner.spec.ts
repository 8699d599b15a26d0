import { FailedPrecondition, InvalidInput, NotFound, Unavailable, systemClock } from '@weir/base';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { embeddedFamilyDirectory, loadFamily } from '../catalogue/manifest.ts';
import { type Runner, startRunner } from './runner.ts';

const VARIANT = 'mobilenet-v1-0.25-fp32';
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
