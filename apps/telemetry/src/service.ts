import { type Clock, DeadlineExceeded, sleep, WeirError } from '@weir/base';
import type { telemetry } from '@weir/proto';
import { type CallContext, clientStream, serverStream, unary, untilAborted } from '@weir/rpc';
import { checkIds, checkReport, discoveredTargetsToWire, everyCell, nodeStateToWire } from '@weir/wire';
import type { Cells } from './cells.ts';
import type { Directory } from './directory.ts';
import type { TelemetryMetrics } from './metrics.ts';
import type { OpenWatch } from './watches.ts';

export interface ServiceDeps {
  readonly cells: Cells<telemetry.ReportRequest>;
  readonly directory: Directory;
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
  directory,
  clock,
  coalesceMs,
  metrics,
}: ServiceDeps): telemetry.TelemetryServer {
  /** What a watch has to tell, at once and then as it comes, no more often than `coalesceMs` allows. Ends the watch. */
  async function* batches<State>(
    watch: OpenWatch<State>,
    { signal, draining }: CallContext,
  ): AsyncGenerator<State[]> {
    using watching = watch;
    const over = AbortSignal.any([signal, draining, watch.lost]);
    const close = () => watching[Symbol.dispose]();
    over.addEventListener('abort', close);
    try {
      for (let first = true; !over.aborted; first = false) {
        if (!first) await watch.changes();
        if (watch.closed) break;
        yield watch.take();
        if (coalesceMs > 0) await sleep(coalesceMs, { clock, signal: over }).catch(() => {});
      }
      // Tell the watcher to reconnect; the end of the stream is not the end of the cell.
      over.throwIfAborted();
    } finally {
      over.removeEventListener('abort', close);
    }
  }

  return {
    report: clientStream(async (requests: AsyncIterable<telemetry.ReportRequest>, { draining, caller }) => {
      using reporter = cells.openReporter(caller);
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
      context: CallContext,
    ): AsyncGenerator<telemetry.WatchCellResponse> {
      checkIds({ cell_id: cellId });
      let first = true;
      for await (const states of batches(cells.watch(cellId, context.caller), context)) {
        const now = clock.now();
        const nodes = states.map((state) => nodeStateToWire(state, now));
        // The first message is the whole state, even if empty; later ones never are.
        if (first || nodes.length > 0) yield { nodes };
        first = false;
      }
    }),

    watchTargets: serverStream(async function* (
      { cellId }: telemetry.WatchTargetsRequest,
      context: CallContext,
    ): AsyncGenerator<telemetry.WatchTargetsResponse> {
      checkIds({ cell_id: cellId });
      for await (const _changed of batches(directory.watch(cellId, context.caller), context))
        yield discoveredTargetsToWire(directory.targets(cellId));
    }),

    listCells: unary(() => ({ cellIds: cells.cellIds.filter((cellId) => cellId !== everyCell) })),

    getCell: unary(({ cellId }: telemetry.GetCellRequest) => {
      checkIds({ cell_id: cellId });
      const now = clock.now();
      return { nodes: cells.nodes(cellId).map((state) => nodeStateToWire(state, now)) };
    }),
  };
}
