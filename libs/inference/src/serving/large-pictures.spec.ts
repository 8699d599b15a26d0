import { DeadlineExceeded, FakeClock, InvalidInput } from '@weir/base';
import { describe, expect, it } from 'vitest';
import { loadFamily, type Classifier } from '../catalogue/manifest.ts';
import { type DecodedPicture, LargePictures, type LargePicture } from './large-pictures.ts';

const { variants } = await loadFamily();
const { input } = variants[0] as Classifier;

/** The beginning of a PNG of so many megapixels. */
function png(megapixels: number): Uint8Array {
  const header = Buffer.alloc(24);
  header.set([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
  header.writeUInt32BE(1_000_000, 16);
  header.writeUInt32BE(megapixels, 20);
  return header;
}

/** Decodes a megapixel in 10 ms of its clock. */
function setUp({ slots = 1, queueLimit = 100 } = {}) {
  const clock = new FakeClock();
  const order: string[] = [];
  let [running, most] = [0, 0];
  const preprocessor = {
    async prepare(image: Uint8Array) {
      most = Math.max(most, ++running);
      const decodeMs = 10 * Buffer.from(image).readUInt32BE(20);
      await new Promise<void>((resolve) => clock.after(decodeMs, resolve));
      running--;
      if (decodeMs === 0) throw new InvalidInput([{ field: 'image', description: 'is empty' }]);
      return { tensor: new Uint8Array(0), decodeMs };
    },
  };
  const pictures = new LargePictures({ preprocessor, slots, queueLimit, clock });
  const decode = (caller: string, megapixels: number, more: Partial<LargePicture> = {}) => {
    const decoded = pictures.decode({ image: png(megapixels), input, caller, ...more });
    decoded.then(
      () => order.push(caller),
      () => order.push(`no ${caller}`),
    );
    return decoded;
  };
  return { clock, pictures, decode, order, most: () => most };
}

describe('large pictures', () => {
  it('of one caller wait for one another, and a small one of another for one of them alone', async () => {
    const { clock, decode } = setUp();
    const noise = Array.from({ length: 20 }, () => decode('noisy', 16));
    const alone: DecodedPicture[] = [];
    void decode('quiet', 2).then((decoded) => alone.push(decoded));
    await clock.advanceAsync(180);
    expect(alone).toMatchObject([{ waitMs: 160, decodeMs: 20 }]);
    await clock.advanceAsync(20 * 160);
    expect((await Promise.all(noise)).at(-1)).toMatchObject({ waitMs: 20 + 19 * 160 });
  });

  it('share the decoder by pixels, however many a caller sends', async () => {
    const { clock, decode, order } = setUp();
    for (let at = 0; at < 12; at++) void decode('noisy', 8);
    for (let at = 0; at < 8; at++) void decode('quiet', 2);
    await clock.advanceAsync(3 * 80 + 8 * 20);
    expect(order.filter((caller) => caller === 'quiet')).toHaveLength(8);
    expect(order.filter((caller) => caller === 'noisy')).toHaveLength(3);
  });

  it.each([
    [1, 1],
    [2, 2],
    [8, 3],
  ])('with %i slots are decoded %i at once', async (slots, expected) => {
    const { clock, decode, most } = setUp({ slots });
    for (let at = 0; at < 9; at++) void decode('a', 4);
    await clock.advanceAsync(9 * 40);
    expect(most()).toBe(expected);
  });

  it('leave the queue at their deadline, or when nobody wants them any more, and count no longer', async () => {
    const { clock, decode, pictures, order } = setUp();
    const stop = new AbortController();
    const first = decode('a', 16);
    const late = decode('b', 16, { deadlineAt: 100 });
    const unwanted = decode('c', 16, { signal: stop.signal });
    stop.abort();
    await expect(unwanted).rejects.toMatchObject({ status: 'CANCELLED' });
    await clock.advanceAsync(100);
    await expect(late).rejects.toThrow(DeadlineExceeded);
    await clock.advanceAsync(60);
    await first;
    expect(order).toEqual(['no c', 'no b', 'a']);
    expect(pictures.size).toBe(0);
  });

  it('are refused where too many wait: the newest of whoever has most of them', async () => {
    const { clock, decode, order } = setUp({ queueLimit: 3 });
    const noise = [1, 2, 3, 4].map(() => decode('noisy', 2));
    await expect(decode('noisy', 2)).rejects.toMatchObject({
      status: 'RESOURCE_EXHAUSTED',
      reason: 'QUEUE_FULL',
    });
    const quiet = decode('quiet', 2);
    await expect(noise[3]).rejects.toMatchObject({ reason: 'QUEUE_FULL' });
    await clock.advanceAsync(100);
    await Promise.all([...noise.slice(0, 3), quiet]);
    expect(order).toEqual(['no noisy', 'no noisy', 'noisy', 'quiet', 'noisy', 'noisy']);
  });

  it('go on after one that cannot be decoded', async () => {
    const { clock, decode } = setUp();
    const bad = decode('a', 0);
    const good = decode('a', 2);
    bad.catch(() => {});
    await clock.advanceAsync(30);
    await expect(bad).rejects.toThrow(InvalidInput);
    expect(await good).toMatchObject({ decodeMs: 20 });
  });
});
