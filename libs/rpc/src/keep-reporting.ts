import { type Clock, type Logger, type Random, sleep, Unavailable } from '@weir/base';
import type { ClientUpload } from './calls.ts';
import { keepOpen } from './keep-open.ts';

export interface KeepReportingOptions<Report, Receipt> {
  /** Opens a stream to whoever takes the reports; the signal cancels it. */
  readonly open: (signal: AbortSignal) => ClientUpload<Report, Receipt>;
  /** The report of this moment. */
  readonly sample: () => Report;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  /** @default 1 000 */
  readonly periodMs?: number;
}

/** Sends a report at once and then every period, over a stream that is opened again with back-off, until disposed. */
export function keepReporting<Report, Receipt>(
  options: KeepReportingOptions<Report, Receipt>,
): AsyncDisposable {
  const { open, sample, clock, random, logger, periodMs = 1_000 } = options;
  const stop = new AbortController();
  const report = async (signal: AbortSignal) => {
    using stream = open(signal);
    // The call's end, good or bad, ends the wait. One reaction a stream: racing the long-lived promise every period
    // would keep each period's reaction for as long as the stream stands.
    const over = new AbortController();
    stream.response.then(
      () => over.abort(new Unavailable('the reports were taken, and the stream ended')),
      (error: unknown) => over.abort(error),
    );
    const ended = AbortSignal.any([signal, over.signal]);
    for (;;) {
      await stream.send(sample());
      await sleep(periodMs, { clock, signal: ended });
    }
  };
  const kept = keepOpen({ open: report, signal: stop.signal, clock, random, logger });
  return {
    async [Symbol.asyncDispose]() {
      stop.abort();
      await kept;
    },
  };
}
