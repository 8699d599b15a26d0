import { type Clock, DeadlineExceeded } from '@weir/base';
import type { policy } from '@weir/proto';
import { type CallContext, type DuplexStream, untilAborted } from '@weir/rpc';
import { checkEpochRequest, epochToWire } from '@weir/wire';
import type { Cells } from '../cell/cells.ts';
import type { EpochRun } from '../planning/epoch-run.ts';

const defaultSettleMs = 5_000;
/** How long a caller may take between a plan and its next request, ms: the cell stands still for all others meanwhile. */
const idleMs = 60_000;

type Stream = Omit<DuplexStream<policy.RunEpochsRequest, policy.RunEpochsResponse>, 'forEach'>;

/**
 * One RunEpochs call: a plan for each request. While it stands the cell runs in epochs; at its end, however it ends,
 * the cell goes back to planning continuously. A caller that asks for nothing further, or does not read, is ended.
 */
export async function runEpochs(
  stream: Stream,
  { signal, draining }: CallContext,
  { cells, clock }: { readonly cells: Cells; readonly clock: Clock },
): Promise<void> {
  const idle = new AbortController();
  const over = AbortSignal.any([signal, draining, idle.signal]);
  const wait = () =>
    clock.after(idleMs, () =>
      idle.abort(
        new DeadlineExceeded(`no request for another epoch within ${idleMs} ms`, { reason: 'EPOCHS_IDLE' }),
      ),
    );
  let stopWaiting = wait();
  let cell: { readonly id: string; readonly run: EpochRun } | undefined;
  try {
    for await (const { cellId, settleTimeoutMs } of untilAborted(stream, over)) {
      stopWaiting();
      checkEpochRequest({ cellId, settleTimeoutMs }, cell?.id);
      const { orchestrator } = await cells.get(cellId);
      cell ??= { id: cellId, run: orchestrator.runEpochs() };
      const epoch = await cell.run.next({ settleMs: settleTimeoutMs || defaultSettleMs, signal: over });
      stopWaiting = wait();
      await untilOver(stream.send(epochToWire(epoch, orchestrator.status().devices)), over);
    }
    stopWaiting();
    over.throwIfAborted();
    await cell?.run.finish({ settleMs: defaultSettleMs, signal: over });
  } finally {
    stopWaiting();
    cell?.run[Symbol.dispose]();
  }
}

/** Rejects once it is over: a caller that reads nothing must not hold the cell. */
async function untilOver(sent: Promise<void>, over: AbortSignal): Promise<void> {
  over.throwIfAborted();
  const { promise, reject } = Promise.withResolvers<never>();
  const stop = () => reject(over.reason as Error);
  over.addEventListener('abort', stop, { once: true });
  try {
    await Promise.race([sent, promise]);
  } finally {
    over.removeEventListener('abort', stop);
  }
}
