import { type Clock, type Logger, type Random, sleep, Unavailable } from '@weir/base';
import { telemetry } from '@weir/proto';
import { connect, keepOpen, openClientStream, type Security } from '@weir/rpc';

export interface TelemetryLinkOptions extends Security {
  readonly sample: () => telemetry.ReportRequest;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  /** @default 1 000 */
  readonly periodMs?: number;
}

/** Streams the node's reports to Telemetry, opened again with back-off whenever the stream ends, until disposed. */
export function linkTelemetry(address: string, options: TelemetryLinkOptions): AsyncDisposable {
  const { sample, clock, random, logger, periodMs = 1_000 } = options;
  const connection = connect(address, options);
  const client = connection.client(telemetry.TelemetryClient);
  const stop = new AbortController();
  const open = async (signal: AbortSignal) => {
    using reports = openClientStream(client, client.report, { signal });
    for (;;) {
      await reports.send(sample());
      // The call's end, good or bad, ends the wait.
      const over = reports.response.then(() => {
        throw new Unavailable('Telemetry ended the stream');
      });
      await Promise.race([sleep(periodMs, { clock, signal }), over]);
    }
  };
  const kept = keepOpen({ open, signal: stop.signal, clock, random, logger });
  return {
    async [Symbol.asyncDispose]() {
      stop.abort();
      await kept;
      await connection[Symbol.asyncDispose]();
    },
  };
}
