import { FakeClock, seededRandom, silentLogger, Unavailable } from '@weir/base';
import { describe, expect, it } from 'vitest';
import { keepReporting } from './keep-reporting.ts';

const settle = () => new Promise<void>((resolve) => setImmediate(resolve));

function start(promptly?: AbortSignal) {
  const clock = new FakeClock();
  const uploads: { sent: number; end: PromiseWithResolvers<void>; over: boolean }[] = [];
  const reports = keepReporting({
    open() {
      const upload = { sent: 0, end: Promise.withResolvers<void>(), over: false };
      upload.end.promise.catch(() => {});
      uploads.push(upload);
      const close = () => void (upload.over = true);
      return {
        async send() {
          upload.sent++;
        },
        finish: () => upload.end.promise,
        response: upload.end.promise,
        cancel: close,
        [Symbol.dispose]: close,
      };
    },
    sample: () => ({}),
    promptly,
    clock,
    random: seededRandom(1),
    logger: silentLogger,
  });
  return { clock, uploads, reports };
}

describe('keepReporting', () => {
  it('reports at once and then every second', async () => {
    const { clock, uploads, reports } = start();
    await clock.advanceAsync(2_000);
    expect(uploads.map(({ sent }) => sent)).toEqual([3]);
    await reports[Symbol.asyncDispose]();
    expect(uploads[0]?.over).toBe(true);
  });

  it('reports at once when that is asked for, on the stream that stands', async () => {
    const ask = new AbortController();
    const { clock, uploads, reports } = start(ask.signal);
    await settle();
    uploads[0]?.end.reject(new Unavailable('lost'));
    await clock.advanceAsync(200);
    ask.abort();
    expect(uploads.map(({ sent }) => sent)).toEqual([1, 2]);
    await clock.advanceAsync(1_000);
    expect(uploads.map(({ sent }) => sent)).toEqual([1, 3]);
    await reports[Symbol.asyncDispose]();
  });

  it('opens another stream when one fails', async () => {
    const { clock, uploads, reports } = start();
    await settle();
    uploads[0]?.end.reject(new Unavailable('lost'));
    await settle();
    expect(uploads[0]?.over).toBe(true);
    await clock.advanceAsync(200);
    expect(uploads.map(({ sent }) => sent)).toEqual([1, 1]);
    await reports[Symbol.asyncDispose]();
  });
});
