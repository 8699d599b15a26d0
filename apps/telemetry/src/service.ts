import { type Clock, DeadlineExceeded, sleep, WeirError } from '@weir/base';
import type { telemetry } from '@weir/proto';
import { type CallContext, clientStream, serverStream, unary, untilAborted } from '@weir/rpc';
import { checkIds, checkReport, nodeStateToWire } from '@weir/wire';
import type { Cells } from './cells.ts';
import type { TelemetryMetrics } from './metrics.ts';

export interface ServiceDeps {
  readonly cells: Cells<telemetry.ReportRequest>;
  readonly clock: Clock;
  /** Least time between two messages to one watcher, ms; changes in between are batched. */
  readonly coalesceMs: number;
  readonly metrics: Pick<TelemetryMetrics, 'reported' | 'refused'>;
}

/** How long a stream of reports may stay without one, ms. */
const firstReportMs = 10_000;

/** Handlers of weir.telemetry.v1.Telemetry. */
export function telemetryService({
  cells,
  clock,
  coalesceMs,
  metrics,
}: ServiceDeps): telemetry.TelemetryServer {
  return {
    report: clientStream(async (requests: AsyncIterable<telemetry.ReportRequest>, { draining }) => {
      using reporter = cells.openReporter();
      const silent = new AbortController();
      // Afterwards silence makes a node stale, and then gone.
      const stopWaiting = clock.after(firstReportMs, () =>
        silent.abort(new DeadlineExceeded(`no report within ${firstReportMs} ms`)),
      );
      let previous: telemetry.ReportRequest | undefined;
      let accepted = 0;
      const over = AbortSignal.any([draining, silent.signal]);
      for await (const report of untilAborted(requests, over)) {
        stopWaiting();
        try {
          checkReport(report, previous);
          reporter.take(report);
        } catch (error) {
          metrics.refused(error instanceof WeirError ? error.status : 'INTERNAL');
          throw error;
        }
        metrics.reported();
        previous = report;
        accepted++;
      }
      stopWaiting();
      silent.signal.throwIfAborted();
      return { accepted };
    }),

    watchCell: serverStream(async function* (
      { cellId }: telemetry.WatchCellRequest,
      { signal, draining, peer }: CallContext,
    ): AsyncGenerator<telemetry.WatchCellResponse> {
      checkIds({ cell_id: cellId });
      using watch = cells.watch(cellId, peer);
      const over = AbortSignal.any([signal, draining, watch.lost]);
      const close = () => watch[Symbol.dispose]();
      over.addEventListener('abort', close);
      try {
        // The first message is the whole state, even if empty; later ones never are.
        for (let first = true; !over.aborted; first = false) {
          if (!first) await watch.changes();
          if (watch.closed) break;
          const now = clock.now();
          const nodes = watch.take().map((state) => nodeStateToWire(state, now));
          if (first || nodes.length > 0) yield { nodes };
          if (coalesceMs > 0) await sleep(coalesceMs, { clock, signal: over }).catch(() => {});
        }
        // Tell the watcher to reconnect; the end of the stream is not the end of the cell.
        over.throwIfAborted();
      } finally {
        over.removeEventListener('abort', close);
      }
    }),

    getCell: unary(({ cellId }: telemetry.GetCellRequest) => {
      checkIds({ cell_id: cellId });
      const now = clock.now();
      return { nodes: cells.nodes(cellId).map((state) => nodeStateToWire(state, now)) };
    }),
  };
}
