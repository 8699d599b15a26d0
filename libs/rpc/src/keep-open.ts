import { type Clock, type Logger, type Random, sleep } from '@weir/base';
import { stayAwayMs } from './stay-away.ts';
import { type PeerFault, peerFaultOf, refusals } from './tls/peer-fault.ts';

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
  /** Whom it is to, for the log. */
  readonly peer?: string;
  /** Why the peer cannot be reached; undefined once it can. */
  readonly onFault?: ((fault: PeerFault | undefined) => void) | undefined;
}

/** A fault that passes with a restart of the peer stands after so many failures in a row. */
const standsAfter = 3;
/** A stream that is open for so long has reached its peer, ms. */
const reachedMs = 5_000;

/**
 * Runs `open` over and over until the signal aborts. Between two runs it waits minMs × 2^n, at most maxMs, of which
 * a random half to whole, so that the clients of a restarted server do not reconnect all at once; longer where the
 * server refuses for a reason that waiting does not mend. What keeps it from its peer is told once at warn with its cause,
 * until that changes or is over. Never rejects.
 */
export async function keepOpen(options: KeepOpenOptions): Promise<void> {
  const { open, signal, clock, random, logger, minMs = 100, maxMs = 5_000, steadyMs = 1_000 } = options;
  const faults = faultTeller(options);
  let failures = 0;
  while (!signal.aborted) {
    const openedAt = clock.now();
    let failure: unknown;
    const cancel = clock.after(reachedMs, () => faults.reached());
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
    faults.failed(failure);
    const backOffMs = Math.min(maxMs, minMs * 2 ** failures++);
    const delayMs = Math.max(backOffMs, stayAwayMs(failure)) * (0.5 + random.uniform() / 2);
    logger.debug({ err: failure, delayMs }, 'stream ended, reopening');
    await sleep(delayMs, { clock, signal }).catch(() => {});
  }
}

const isAborted = (signal: AbortSignal): boolean => signal.aborted;

/** Tells of faults as they begin to stand, change and end. */
function faultTeller({ logger, peer, onFault }: KeepOpenOptions) {
  let [cause, times, told]: [string | undefined, number, boolean] = [undefined, 0, false];
  const reached = () => {
    if (told) {
      logger.info({ peer, cause }, 'peer can be reached again');
      onFault?.(undefined);
    }
    [cause, times, told] = [undefined, 0, false];
  };
  return {
    reached,
    failed(error: unknown) {
      const fault = peerFaultOf(error);
      if (fault?.cause !== cause) {
        if (told) onFault?.(undefined);
        [cause, times, told] = [fault?.cause, 0, false];
      }
      times++;
      if (!fault || told || (times < standsAfter && !fault.certain)) return;
      told = true;
      const why = error instanceof Error ? error.message.trim().slice(0, 500) : '';
      logger.warn(
        { peer, cause, why },
        `${refusals.includes(fault.cause) ? 'peer refuses' : 'peer cannot be reached'}: ${fault.text}`,
      );
      onFault?.(fault);
    },
  };
}
