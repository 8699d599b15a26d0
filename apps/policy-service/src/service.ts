import { type Clock, type Logger, ResourceExhausted, sleep } from '@weir/base';
import type { policy } from '@weir/proto';
import {
  bidi,
  type CallContext,
  defaultMaxMessageBytes,
  FairSlots,
  QuotaExceeded,
  serverStream,
  unary,
} from '@weir/rpc';
import type { Store } from '@weir/storage';
import {
  checkIds,
  objectiveFromWire,
  objectiveToWire,
  placementToWire,
  snapshotFromWire,
  statusToWire,
} from '@weir/wire';
import { orchestrate } from './sessions/orchestrate.ts';
import { DeviceInstances } from './sessions/instances.ts';
import { runEpochs } from './sessions/run-epochs.ts';
import type { Cells } from './cell/cells.ts';
import type { Families } from './cell/families.ts';
import { checkLearner, type Learners } from './cell/learners.ts';
import { operatorRpcs } from './operator-rpcs.ts';

export interface ServiceDeps {
  readonly cells: Cells;
  readonly families: Families;
  readonly store: Store;
  readonly learners: Learners;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly helloTimeoutMs: number;
  /** Time between two statuses to a watcher, ms. */
  readonly statusMs: number;
  readonly maxWatches: number;
}

/** Of a message, for what is in it beside the snapshot. */
const spareBytes = 1_024;

/** Handlers of weir.policy.v1.PolicyService. */
export function policyService(deps: ServiceDeps): policy.PolicyServiceServer {
  const { cells, families, learners, clock, statusMs, maxWatches } = deps;
  const tooManyWatches = (why: string) =>
    new QuotaExceeded(
      'watches',
      `there are ${maxWatches} watchers, ${why}: end some, or raise --max-watches`,
      {
        reason: 'TOO_MANY_WATCHES',
      },
    );
  const watches = new FairSlots(maxWatches, () => tooManyWatches('most of them from here'));
  const instances = new DeviceInstances(deps.logger);

  return {
    ...operatorRpcs(deps),

    orchestrate: bidi((stream, context) => orchestrate(stream, context, { ...deps, instances })),

    decide: unary(async ({ cellId, deviceId }: policy.DecideRequest) => {
      checkIds({ cell_id: cellId, device_id: deviceId });
      const { orchestrator } = await families.hostOf(cellId, deviceId);
      const { placement, predictedMs, version } = orchestrator.decide(deviceId);
      return { placement: placementToWire(placement), predictedMs, directiveVersion: BigInt(version) };
    }),

    getObjective: unary(async ({ cellId }: policy.GetObjectiveRequest) => {
      checkIds({ cell_id: cellId });
      const { orchestrator } = await cells.get(cellId);
      return { objective: objectiveToWire(orchestrator.objective) };
    }),

    setObjective: unary(async ({ cellId, objective: wire }: policy.SetObjectiveRequest, { caller }) => {
      const objective = checkIds({ cell_id: cellId }, (violations) =>
        objectiveFromWire(wire, 'objective', violations),
      );
      await families.setObjective(cellId, objective, caller);
      return { objective: objectiveToWire(objective) };
    }),

    setLearner: unary(async ({ cellId, learner }: policy.SetLearnerRequest, { caller }) => {
      checkIds({ cell_id: cellId }, (violations) => checkLearner(learner, learners, violations));
      await families.setLearner(cellId, learner, caller);
      return { learner };
    }),

    // A slow watcher holds up nobody: each status is made when the one before has gone out.
    watchLearner: serverStream(async function* (
      { cellId }: policy.WatchLearnerRequest,
      { signal, draining, caller }: CallContext,
    ): AsyncGenerator<policy.WatchLearnerResponse> {
      checkIds({ cell_id: cellId });
      const cell = await cells.get(cellId);
      using watch = watches.take(caller);
      if (!watch) throw tooManyWatches('and no more are taken');
      const over = AbortSignal.any([signal, draining, watch.lost, cell.closed]);
      while (!over.aborted) {
        yield statusToWire(await cells.inSlices(families.statusInSteps(cellId, cell)));
        await sleep(statusMs, { clock, signal: over }).catch(() => {});
      }
      // A watcher should look for the service again, not take the end of the stream for that of the cell.
      over.throwIfAborted();
    }),

    exportSnapshot: unary(async ({ cellId }: policy.ExportSnapshotRequest) => {
      checkIds({ cell_id: cellId });
      const cell = await cells.get(cellId);
      const { learner, text } = await cell.exportSnapshot();
      const bytes = Buffer.from(text);
      if (bytes.length > defaultMaxMessageBytes - spareBytes)
        throw new ResourceExhausted(
          `the snapshot has ${bytes.length} bytes, more than one message takes: DownloadSnapshot gives it in parts`,
          { reason: 'SNAPSHOT_TOO_LARGE' },
        );
      return { learner, snapshot: bytes };
    }),

    importSnapshot: unary(async ({ cellId, learner, snapshot }: policy.ImportSnapshotRequest, { caller }) => {
      checkIds({ cell_id: cellId }, (violations) => checkLearner(learner, learners, violations));
      const content = snapshotFromWire(snapshot, learner);
      const cell = await cells.open(cellId, { by: caller });
      await cell.importSnapshot(learner, content);
      return { learner };
    }),

    runEpochs: bidi((stream, context) => runEpochs(stream, context, { cells, clock })),
  };
}
