import { type Clock, type Random, sleep } from '@weir/base';
import { PeerFaultTeller, type PeerFaultTellerOptions } from './peer-fault-teller.ts';
import { stayAwayMs } from './stay-away.ts';
import { noAnswer } from './tls/peer-fault.ts';

export interface KeepOpenOptions extends PeerFaultTellerOptions {
  /** Opens and serves one stream; resolves or rejects when it is over, and ends soon after its signal aborts. */
  readonly open: (signal: AbortSignal) => Promise<void>;
  /** Stops for good. */
  readonly signal: AbortSignal;
  readonly clock: Clock;
  readonly random: Random;
  /** First wait, ms. @default 100 */
  readonly minMs?: number;
  /** Longest wait, ms. @default 5 000 */
  readonly maxMs?: number;
  /** A stream that lasted at least this long, ms, resets the back-off to `minMs`. @default 1 000 */
  readonly steadyMs?: number;
  /** Whether the peer answers: a connection to a machine that does not may take minutes to fail. @default it does */
  readonly connected?: (() => boolean) | undefined;
  /** Called once a stream has failed: most to wait before the next one, ms, where that is longer. @default 0 */
  readonly onFailure?: ((failure: unknown) => number) | undefined;
}

/** A stream that is open for so long has reached its peer, or its peer does not answer; looked at as often, ms. */
const reachedMs = 5_000;

/**
 * Runs `open` over and over until the signal aborts. Between two runs it waits minMs × 2^n, at most maxMs, of which
 * a random half to whole, so that the clients of a restarted server do not reconnect all at once; longer where the
 * server refuses for a reason that waiting does not mend, or its caller knows better. What keeps it from its peer is told once at warn with its cause,
 * until that changes or is over. Never rejects.
 */
export async function keepOpen(options: KeepOpenOptions): Promise<void> {
  const { open, signal, clock, random, logger, minMs = 100, maxMs = 5_000, steadyMs = 1_000 } = options;
  const { connected = () => true } = options;
  const faults = new PeerFaultTeller(options);
  let failures = 0;
  while (!signal.aborted) {
    const openedAt = clock.now();
    let failure: unknown;
    const cancel = clock.every(reachedMs, () => {
      if (connected()) faults.reached();
      else faults.failed(noAnswer(reachedMs));
    });
    try {
      await open(signal);
    } catch (error) {
      failure = error;
    } finally {
      cancel();
    }
    // The signal may have aborted while the stream was open.
    if (isAborted(signal)) return;
    if (clock.now() - openedAt >= steadyMs) failures = 0;
    const askedMs = failure === undefined ? 0 : (options.onFailure?.(failure) ?? 0);
    faults.failed(failure);
    const backOffMs = Math.min(maxMs, minMs * 2 ** failures++);
    const delayMs = Math.max(backOffMs, stayAwayMs(failure), askedMs) * (0.5 + random.uniform() / 2);
    logger.debug({ err: failure, delayMs }, 'stream ended, reopening');
    await sleep(delayMs, { clock, signal }).catch(() => {});
  }
}

const isAborted = (signal: AbortSignal): boolean => signal.aborted;
