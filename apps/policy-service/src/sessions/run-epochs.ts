import type { policy } from '@weir/proto';
import { type CallContext, type DuplexStream, untilAborted } from '@weir/rpc';
import { checkEpochRequest, epochToWire } from '@weir/wire';
import type { Cells } from '../cell/cells.ts';
import type { EpochRun } from '../planning/epoch-run.ts';

const defaultSettleMs = 5_000;

type Stream = DuplexStream<policy.RunEpochsRequest, policy.RunEpochsResponse>;

/**
 * One RunEpochs call: a plan for each request. While it stands the cell runs in epochs; at its end, however it ends,
 * the cell goes back to planning continuously.
 */
export async function runEpochs(
  stream: Stream,
  { signal, draining }: CallContext,
  { cells }: { readonly cells: Cells },
): Promise<void> {
  const over = AbortSignal.any([signal, draining]);
  let cell: { readonly id: string; readonly run: EpochRun } | undefined;
  try {
    for await (const { cellId, settleTimeoutMs } of untilAborted(stream, over)) {
      checkEpochRequest({ cellId, settleTimeoutMs }, cell?.id);
      const { orchestrator } = await cells.get(cellId);
      cell ??= { id: cellId, run: orchestrator.runEpochs() };
      const epoch = await cell.run.next({ settleMs: settleTimeoutMs || defaultSettleMs, signal: over });
      await stream.send(epochToWire(epoch, orchestrator.status().devices));
    }
    over.throwIfAborted();
    await cell?.run.finish({ settleMs: defaultSettleMs, signal: over });
  } finally {
    cell?.run[Symbol.dispose]();
  }
}
