import { InvalidInput } from '@weir/base';
import { agent } from '@weir/proto';
import { describe, expect, it } from 'vitest';
import { answerPictures, maxInFlight, type PicturesOptions } from './answer-pictures.ts';

const numbered = (count: number) => Array.from({ length: count }, (_, index) => `${index}.png`);

/** An agent that reads a picture's file name back, and a disk whose pictures are their names. */
function setUp({ unreadable = [] as string[] } = {}) {
  const stop = new AbortController();
  const test = { inMemory: 0, mostInMemory: 0, progress: [] as string[], read: [] as string[] };
  const options: PicturesOptions = {
    timeoutMs: 1_000,
    progress: (text) => test.progress.push(text),
    signal: stop.signal,
    async read(file) {
      test.read.push(file);
      if (unreadable.includes(file)) throw new Error(`ENOENT: ${file}`);
      test.mostInMemory = Math.max(test.mostInMemory, ++test.inMemory);
      return Buffer.from(file);
    },
  };
  const client = {
    async infer({ image }: { image: Uint8Array }) {
      await new Promise(setImmediate);
      test.inMemory--;
      const label = Buffer.from(image).toString();
      if (label === 'no-picture.txt') throw new InvalidInput([{ field: 'image', description: 'no picture' }]);
      return agent.InferResponse.fromPartial({ classification: { label } });
    },
  };
  return { test, stop, answer: (files: string[]) => answerPictures(client, files, options) };
}

describe('answerPictures', () => {
  it('holds at most as many pictures as are under way, and answers all in their order', async () => {
    const { test, answer } = setUp();
    const files = numbered(1_000);
    const { results, unreadable } = await answer(files);
    expect(results.map((result) => 'label' in result && result.label)).toEqual(files);
    expect(unreadable).toBe(0);
    expect(test.mostInMemory).toBe(maxInFlight);
  });

  it('says how far it is after every hundred pictures', async () => {
    const { test, answer } = setUp();
    await answer(numbered(300));
    expect(test.progress).toEqual(['100 of 300 pictures', '200 of 300 pictures']);
  });

  it('names what cannot be read and what is no picture, and answers the others', async () => {
    const { answer } = setUp({ unreadable: ['gone.png'] });
    const { results, unreadable } = await answer(['gone.png', '1.png', 'no-picture.txt', '2.png']);
    expect(results).toMatchObject([
      { file: 'gone.png', error: 'ENOENT: gone.png' },
      { file: '1.png', label: '1.png' },
      { file: 'no-picture.txt', violations: [{ field: 'image', description: 'no picture' }] },
      { file: '2.png', label: '2.png' },
    ]);
    expect(unreadable).toBe(1);
  });

  it('reads no more once it is interrupted', async () => {
    const { test, stop, answer } = setUp();
    const answered = answer(numbered(1_000));
    stop.abort();
    await answered;
    expect(test.read).toHaveLength(maxInFlight);
  });
});
