import { performance } from 'node:perf_hooks';

/** Time, passed in wherever it is needed so that a test or an experiment can stop it. */
export interface Clock {
  /** Milliseconds since the Unix epoch, with fractions; never goes backwards within a process. */
  now(): number;
  /** Calls back once, after `delayMs`, as soon as possible where that is over. The returned function cancels. A pending timer keeps the process alive. */
  after(delayMs: number, callback: () => void): () => void;
  /** Calls back every `periodMs` (> 0) until cancelled. Does not keep the process alive. */
  every(periodMs: number, callback: () => void): () => void;
}

/** Longest timer, 24.8 days: Node counts in 31 bits and fires anything longer after 1 ms. */
const longestDelayMs = 2 ** 31 - 1;

const { timeOrigin } = performance;

/** The machine's clock: monotonic, anchored to the epoch when the process started. */
export const systemClock: Clock = {
  now: () => timeOrigin + performance.now(),
  after(delayMs, callback) {
    const timer = setTimeout(callback, Math.max(0, Math.min(delayMs, longestDelayMs)));
    return () => clearTimeout(timer);
  },
  every(periodMs, callback) {
    const timer = setInterval(callback, Math.min(periodMs, longestDelayMs)).unref();
    return () => clearInterval(timer);
  },
};

/** Resolves after `delayMs`. Rejects with the signal's reason when aborted. */
export function sleep(
  delayMs: number,
  { clock = systemClock, signal }: { clock?: Clock; signal?: AbortSignal } = {},
) {
  return new Promise<void>((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason as Error);
    const cancel = clock.after(delayMs, () => {
      signal?.removeEventListener('abort', onAbort);
      resolve();
    });
    const onAbort = () => {
      cancel();
      reject(signal?.reason as Error);
    };
    signal?.addEventListener('abort', onAbort, { once: true });
  });
}
