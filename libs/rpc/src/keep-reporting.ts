import { type Clock, type Logger, type Random, sleep, Unavailable } from '@weir/base';
import type { ClientUpload } from './calls.ts';
import { keepOpen, type KeepOpenOptions } from './keep-open.ts';

export interface KeepReportingOptions<Report, Receipt> {
  /** Opens a stream to the receiver of the reports; the signal cancels it. */
  readonly open: (signal: AbortSignal) => ClientUpload<Report, Receipt>;
  /** The current report. */
  readonly sample: () => Report;
  /** Sends a report at once when it aborts. @default nothing does */
  readonly promptly?: AbortSignal | undefined;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly onFault?: KeepOpenOptions['onFault'];
  /** As of `keepOpen`. */
  readonly connected?: KeepOpenOptions['connected'];
  /** @default 1 000 */
  readonly periodMs?: number;
}

/** Sends a report at once and then every period until disposed, over a stream that reopens with back-off. */
export function keepReporting<Report, Receipt>(
  options: KeepReportingOptions<Report, Receipt>,
): AsyncDisposable {
  const { open, sample, clock, random, logger, onFault, promptly, periodMs = 1_000 } = options;
  const stop = new AbortController();
  const report = async (signal: AbortSignal) => {
    using stream = open(signal);
    // The end of the call, good or bad, ends the wait. One reaction per stream: racing the long-lived promise every period
    // would keep every reaction alive as long as the stream.
    const over = new AbortController();
    stream.response.then(
      () => over.abort(new Unavailable('the receiver ended the stream of reports')),
      (error: unknown) => over.abort(error),
    );
    const ended = AbortSignal.any([signal, over.signal]);
    const sendNow = () => void stream.send(sample()).catch(() => {});
    promptly?.addEventListener('abort', sendNow, { once: true, signal: ended });
    for (;;) {
      await stream.send(sample());
      await sleep(periodMs, { clock, signal: ended });
    }
  };
  const kept = keepOpen({
    open: report,
    signal: stop.signal,
    clock,
    random,
    logger,
    peer: 'telemetry',
    connected: options.connected,
    onFault,
  });
  return {
    async [Symbol.asyncDispose]() {
      stop.abort();
      await kept;
    },
  };
}
