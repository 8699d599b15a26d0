import type { Clock, Logger, Random } from '@weir/base';
import { telemetry } from '@weir/proto';
import {
  connect,
  keepReporting,
  type KeepReportingOptions,
  openClientStream,
  type Security,
} from '@weir/rpc';

export interface TelemetryLinkOptions extends Security {
  readonly sample: () => telemetry.ReportRequest;
  /** Sends a report at once when it aborts. */
  readonly promptly?: AbortSignal;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  /** Called before each stream, the first one included. */
  readonly onOpen?: () => void;
  /** Why Telemetry cannot be reached; undefined once it can. */
  readonly onFault?: KeepReportingOptions<unknown, unknown>['onFault'];
}

/** Connects Telemetry and reports this node to it until disposed. */
export function linkTelemetry(address: string, options: TelemetryLinkOptions): AsyncDisposable {
  const connection = connect(address, options);
  const client = connection.client(telemetry.TelemetryClient);
  const reports = keepReporting({
    ...options,
    connected: () => connection.connected,
    open(signal) {
      options.onOpen?.();
      return openClientStream(client, client.report, { signal });
    },
  });
  return {
    async [Symbol.asyncDispose]() {
      await reports[Symbol.asyncDispose]();
      await connection[Symbol.asyncDispose]();
    },
  };
}
