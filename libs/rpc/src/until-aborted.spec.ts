import { describe, expect, it } from 'vitest';
import { untilAborted } from './until-aborted.ts';

/** Messages that come when the test says so. */
function messages() {
  const waiting: PromiseWithResolvers<IteratorResult<string>>[] = [];
  let returned = false;
  const iterator: AsyncIterableIterator<string> = {
    next() {
      waiting.push(Promise.withResolvers());
      return waiting.at(-1)!.promise;
    },
    async return() {
      returned = true;
      return { done: true, value: undefined };
    },
    [Symbol.asyncIterator]: () => iterator,
  };
  return {
    iterator,
    come: (value: string) => waiting.shift()!.resolve({ done: false, value }),
    end: () => waiting.shift()!.resolve({ done: true, value: undefined }),
    fail: (error: Error) => waiting.shift()!.reject(error),
    left: () => returned,
  };
}

const over = { done: true, value: undefined };

describe('messages until an abort', () => {
  it('are what comes, and end with the stream', async () => {
    const stream = messages();
    const read = untilAborted(stream.iterator, new AbortController().signal);
    const first = read.next();
    stream.come('a');
    expect(await first).toEqual({ done: false, value: 'a' });
    const last = read.next();
    stream.end();
    expect(await last).toEqual(over);
    expect(await read.next()).toEqual(over);
  });

  it('end while one is waited for, and none follows', async () => {
    const stream = messages();
    const abort = new AbortController();
    const read = untilAborted(stream.iterator, abort.signal);
    const waiting = read.next();
    abort.abort();
    expect(await waiting).toEqual(over);
    expect(await read.next()).toEqual(over);
  });

  it('fail as the stream does', async () => {
    const stream = messages();
    const read = untilAborted(stream.iterator, new AbortController().signal);
    const waiting = read.next();
    stream.fail(new Error('lost'));
    await expect(waiting).rejects.toThrow('lost');
    expect(await read.next()).toEqual(over);
  });

  it('leave the stream open when the loop is left', async () => {
    const stream = messages();
    const loop = (async () => {
      for await (const message of untilAborted(stream.iterator, new AbortController().signal)) return message;
      return undefined;
    })();
    await Promise.resolve();
    stream.come('a');
    expect(await loop).toBe('a');
    expect(stream.left()).toBe(false);
  });
});
