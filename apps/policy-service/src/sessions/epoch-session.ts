import { Violations } from '@weir/base';
import type { policy } from '@weir/proto';
import { type CallContext, type DuplexStream, untilAborted } from '@weir/rpc';
import type { DeviceStatus } from '../cell/cell-status.ts';
import type { Cells } from '../cell/cells.ts';
import { placementToWire } from '../convert.ts';
import type { EpochPlan, EpochRun } from '../planning/epoch-run.ts';
import { devicePlanToWire } from '../status-to-wire.ts';
import { maxMs } from '../wire-limits.ts';

const defaultSettleMs = 5_000;

type Stream = DuplexStream<policy.RunEpochsRequest, policy.RunEpochsResponse>;

/**
 * One RunEpochs call: a plan for each request. While it stands the cell runs in epochs; at its end, however it ends,
 * the cell goes back to planning continuously.
 */
export async function epochSession(
  stream: Stream,
  { signal, draining }: CallContext,
  { cells }: { readonly cells: Cells },
): Promise<void> {
  const over = AbortSignal.any([signal, draining]);
  let cell: { readonly id: string; readonly run: EpochRun } | undefined;
  try {
    for await (const { cellId, settleTimeoutMs } of untilAborted(stream, over)) {
      check({ cellId, settleTimeoutMs }, cell?.id);
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

/** Throws InvalidInput. */
function check({ cellId, settleTimeoutMs }: policy.RunEpochsRequest, before: string | undefined): void {
  const violations = new Violations();
  violations.id(cellId, 'cell_id');
  violations.check(before === undefined || before === cellId, 'cell_id', `expected ${before} as before`);
  violations.number(settleTimeoutMs, 'settle_timeout_ms', { max: maxMs });
  violations.throwIfAny();
}

const epochToWire = (
  { version, learner, plan, bestKnown, outcomes, missing, planningMs }: EpochPlan,
  devices: readonly DeviceStatus[],
): policy.RunEpochsResponse => ({
  directiveVersion: BigInt(version),
  learner,
  explored: plan.explored,
  propensity: plan.propensity,
  devices: devices.map(devicePlanToWire),
  outcomes,
  missingDeviceIds: [...missing],
  planningMs,
  bestKnown: [...bestKnown].map(([deviceId, placement]) => ({
    deviceId,
    placement: placementToWire(placement),
  })),
});
