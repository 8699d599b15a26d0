import { type Clock, type Logger, type Random, sleep } from '@weir/base';

export interface KeepOpenOptions {
  /** Opens and serves one stream; resolves or rejects when it is over, and ends soon after its signal aborts. */
  readonly open: (signal: AbortSignal) => Promise<void>;
  /** Stops for good. */
  readonly signal: AbortSignal;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  /** First wait, ms. @default 100 */
  readonly minMs?: number;
  /** Longest wait, ms. @default 5 000 */
  readonly maxMs?: number;
  /** A stream that lasted at least this long, ms, resets the back-off to `minMs`. @default 1 000 */
  readonly steadyMs?: number;
}

/**
 * Runs `open` over and over until the signal aborts. Between two runs it waits minMs × 2^n, at most maxMs, of which
 * a random half to whole, so that the clients of a restarted server do not reconnect all at once. Never rejects.
 */
export async function keepOpen(options: KeepOpenOptions): Promise<void> {
  const { open, signal, clock, random, logger, minMs = 100, maxMs = 5_000, steadyMs = 1_000 } = options;
  let failures = 0;
  while (!signal.aborted) {
    const openedAt = clock.now();
    let failure: unknown;
    try {
      await open(signal);
    } catch (error) {
      failure = error;
    }
    // The signal may have aborted while the stream was open.
    if (isAborted(signal)) return;
    if (clock.now() - openedAt >= steadyMs) failures = 0;
    const delayMs = Math.min(maxMs, minMs * 2 ** failures++) * (0.5 + random.uniform() / 2);
    logger.debug({ err: failure, delayMs }, 'stream ended, reopening');
    await sleep(delayMs, { clock, signal }).catch(() => {});
  }
}

const isAborted = (signal: AbortSignal): boolean => signal.aborted;
