import { type Clock, type Logger, type Random, sleep, Unavailable } from '@weir/base';
import type { telemetry } from '@weir/proto';
import { type ClientUpload, keepOpen } from '@weir/rpc';

export interface NodeReportOptions {
  /** Opens a stream to Telemetry; the signal cancels it. */
  readonly openStream: (
    signal: AbortSignal,
  ) => ClientUpload<telemetry.ReportRequest, telemetry.ReportResponse>;
  readonly sample: () => telemetry.ReportRequest;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  /** @default 1000 */
  readonly periodMs?: number;
}

/** Streams a node's reports to Telemetry, opened again with back-off whenever the stream ends, until disposed. */
export function reportNode(options: NodeReportOptions): AsyncDisposable {
  const { openStream, sample, clock, random, logger, periodMs = 1000 } = options;
  const stop = new AbortController();
  const open = async (signal: AbortSignal) => {
    using stream = openStream(signal);
    while (!signal.aborted) {
      await stream.send(sample());
      // The call's end, good or bad, ends the wait.
      await Promise.race([sleep(periodMs, { clock, signal }), stream.response]).catch((error: unknown) => {
        if (!signal.aborted) throw error;
      });
    }
    throw new Unavailable('the agent stops');
  };
  const kept = keepOpen({ open, signal: stop.signal, clock, random, logger });
  return {
    async [Symbol.asyncDispose]() {
      stop.abort();
      await kept;
    },
  };
}
