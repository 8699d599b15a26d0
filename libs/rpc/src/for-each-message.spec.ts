import { InvalidInput } from '@weir/base';
import { getEventListeners } from 'node:events';
import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { forEachMessage } from './for-each-message.ts';
import { Unreadable } from './unreadable.ts';

const turn = () => new Promise((resolve) => setImmediate(resolve));

function start({ failure = () => undefined as Error | undefined } = {}) {
  const stream = new PassThrough({ objectMode: true });
  const over = new AbortController();
  const taken: unknown[] = [];
  const each = (take: (message: unknown) => Promise<void> | undefined) =>
    forEachMessage(
      stream,
      (message) => {
        taken.push(message);
        return take(message);
      },
      { failure, signals: [new AbortController().signal, over.signal] },
    );
  return { stream, over, taken, each };
}

describe('forEachMessage', () => {
  it('hands over what was there before and what comes later, and resolves at the end', async () => {
    const { stream, taken, each } = start();
    stream.write('a');
    const done = each(() => undefined);
    await turn();
    stream.write('b');
    stream.end('c');
    await done;
    expect(taken).toEqual(['a', 'b', 'c']);
  });

  it('lets go of signals that live longer than the stream', async () => {
    const { stream, over, each } = start();
    const done = each(() => undefined);
    expect(getEventListeners(over.signal, 'abort')).toHaveLength(1);
    stream.end();
    await done;
    expect(getEventListeners(over.signal, 'abort')).toEqual([]);
  });

  it('hands over a message once the one before is done with', async () => {
    const { stream, taken, each } = start();
    const first = Promise.withResolvers<void>();
    const done = each((message) => (message === 'a' ? first.promise : undefined));
    stream.write('a');
    stream.end('b');
    await turn();
    expect(taken).toEqual(['a']);
    first.resolve();
    await done;
    expect(taken).toEqual(['a', 'b']);
  });

  it('resolves at once when a signal aborts while nothing comes, and leaves nothing behind', async () => {
    const { stream, over, each } = start();
    const done = each(() => undefined);
    over.abort();
    await done;
    for (const event of ['readable', 'error'] as const) expect(stream.listenerCount(event)).toBe(0);
  });

  it('waits for what is under way when a signal aborts, and takes nothing more', async () => {
    const { stream, over, taken, each } = start();
    const first = Promise.withResolvers<void>();
    let isDone = false;
    const done = each(() => first.promise).then(() => (isDone = true));
    stream.write('a');
    stream.write('b');
    await turn();
    over.abort();
    await turn();
    expect(isDone).toBe(false);
    first.resolve();
    await done;
    expect(taken).toEqual(['a']);
  });

  it('rejects with what has broken the stream, after what came before it', async () => {
    const failure = { error: undefined as Error | undefined };
    const { stream, taken, each } = start({ failure: () => failure.error });
    const first = Promise.withResolvers<void>();
    const done = each((message) => (message === 'a' ? first.promise : undefined));
    stream.write('a');
    stream.write('b');
    await turn();
    failure.error = new Error('broken');
    stream.end();
    first.resolve();
    await expect(done).rejects.toThrow('broken');
    expect(taken).toEqual(['a', 'b']);
  });

  it.each<[string, unknown, () => Promise<void> | undefined]>([
    [
      'a message that cannot be read',
      new Unreadable(new InvalidInput([{ field: 'message', description: 'fault' }])),
      () => undefined,
    ],
    [
      'what the taker throws',
      'a',
      () => {
        throw new Error('fault');
      },
    ],
    ['what the taker rejects with', 'a', () => Promise.reject(new Error('fault'))],
  ])('rejects with %s, and takes nothing more', async (_, message, take) => {
    const { stream, taken, each } = start();
    const done = each(take);
    stream.write(message);
    stream.write('b');
    await expect(done).rejects.toThrow('fault');
    await turn();
    expect(taken).not.toContain('b');
  });
});
