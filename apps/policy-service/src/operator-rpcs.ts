import { type Clock, InvalidInput, ResourceExhausted } from '@weir/base';
import type { policy } from '@weir/proto';
import { type CallContext, clientStream, serverStream, unary } from '@weir/rpc';
import type { Store } from '@weir/storage';
import {
  cellSummaryToWire,
  checkIds,
  limits,
  snapshotFromWire,
  snapshotVersionToWire,
  versionFromWire,
} from '@weir/wire';
import { createReadStream } from 'node:fs';
import { pipeline } from 'node:stream';
import { createGzip, constants } from 'node:zlib';
import type { Cells } from './cell/cells.ts';
import type { Families } from './cell/families.ts';
import { checkLearner, type Learners } from './cell/learners.ts';

export interface OperatorDeps {
  readonly cells: Cells;
  readonly families: Families;
  readonly store: Store;
  readonly learners: Learners;
  readonly clock: Clock;
}

/** Bytes of one message of a stream. */
const chunkBytes = 256 * 1024;
/** Decisions that are told where nobody says how many. */
const defaultDecisions = 10;

type OperatorRpcs = Pick<
  policy.PolicyServiceServer,
  | 'listCells'
  | 'deleteCell'
  | 'backup'
  | 'downloadSnapshot'
  | 'uploadSnapshot'
  | 'listSnapshots'
  | 'rollBackLearner'
  | 'traceDevice'
>;

/** The RPCs by which an operator looks after cells; those that steer one are in service.ts. */
export function operatorRpcs({ cells, families, store, learners, clock }: OperatorDeps): OperatorRpcs {
  return {
    listCells: unary(async ({ cellId }: policy.ListCellsRequest) => {
      if (cellId !== '') checkIds({ cell_id: cellId });
      const names = (await cells.names()).filter((name) => cellId === '' || name === cellId);
      const summaries = await Promise.all(names.map((name) => cells.summary(name)));
      return {
        cells: summaries.flatMap((summary) => (summary ? cellSummaryToWire(summary) : [])),
      };
    }),

    deleteCell: unary(async ({ cellId }: policy.DeleteCellRequest) => {
      checkIds({ cell_id: cellId });
      const { cellIds, sessionsEnded } = await cells.remove(cellId);
      return { cellIds: [...cellIds], sessionsEnded };
    }),

    // gzip has a checksum of the whole, and is quick enough at its first level, in a thread of its own.
    backup: serverStream(async function* (
      { cellId }: policy.BackupRequest,
      { signal }: CallContext,
    ): AsyncGenerator<policy.BackupResponse> {
      if (cellId !== '') checkIds({ cell_id: cellId });
      using backup = await store.backup(cellId === '' ? undefined : cellId);
      const packed = createGzip({ level: constants.Z_BEST_SPEED, chunkSize: chunkBytes });
      const file = createReadStream(backup.path, { signal, highWaterMark: chunkBytes });
      // Whichever fails, or is left, ends the other; the reader hears of it.
      for await (const chunk of pipeline(file, packed, () => {})) yield { chunk: chunk as Buffer };
    }),

    downloadSnapshot: serverStream(async function* ({
      cellId,
      version: wire,
    }: policy.DownloadSnapshotRequest): AsyncGenerator<policy.DownloadSnapshotResponse> {
      const version = checkIds({ cell_id: cellId }, (violations) =>
        versionFromWire(wire, 'version', violations),
      );
      const cell = await cells.get(cellId);
      const { learner, text } = version ? await cell.versions.read(version) : await cell.exportSnapshot();
      const bytes = Buffer.from(text);
      for (let at = 0; at < bytes.length; at += chunkBytes)
        yield { learner, chunk: bytes.subarray(at, at + chunkBytes) };
    }),

    uploadSnapshot: clientStream(
      async (messages: AsyncIterable<policy.UploadSnapshotRequest>, { caller }: CallContext) => {
        const { cellId, learner, bytes } = await uploaded(messages, learners);
        const content = snapshotFromWire(bytes, learner);
        const cell = await cells.open(cellId, { by: caller });
        await cell.importSnapshot(learner, content);
        return { learner };
      },
    ),

    listSnapshots: unary(async ({ cellId }: policy.ListSnapshotsRequest) => {
      checkIds({ cell_id: cellId });
      const versions = await (await cells.get(cellId)).versions.list();
      return { versions: versions.map((version) => snapshotVersionToWire(version, clock.now())) };
    }),

    rollBackLearner: unary(async ({ cellId, version: wire }: policy.RollBackLearnerRequest) => {
      const version = checkIds({ cell_id: cellId }, (violations) =>
        versionFromWire(wire, 'version', violations),
      );
      const { restored, kept } = await (await cells.get(cellId)).rollBack(version);
      return { restored: snapshotVersionToWire(restored, clock.now()), keptVersion: BigInt(kept) };
    }),

    traceDevice: unary(async ({ cellId, deviceId, limit }: policy.TraceDeviceRequest) => {
      checkIds({ cell_id: cellId, device_id: deviceId }, (violations) =>
        violations.check(limit <= limits.decisions, 'limit', `must be 0..${limits.decisions}`),
      );
      const { devices } = await families.hostOf(cellId, deviceId);
      const decisions = await devices.sessions.trace(deviceId, limit || defaultDecisions);
      return { decisions: [...decisions] };
    }),
  };
}

async function uploaded(messages: AsyncIterable<policy.UploadSnapshotRequest>, learners: Learners) {
  let start: policy.UploadSnapshotStart | undefined;
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const { message } of messages) {
    if (message?.$case === 'start' && !start) {
      start = message.value;
      checkIds({ cell_id: start.cellId }, (violations) => checkLearner(start!.learner, learners, violations));
    } else if (message?.$case === 'chunk' && start) {
      length += message.value.length;
      if (length > limits.snapshotBytes)
        throw new ResourceExhausted(`a snapshot may have ${limits.snapshotBytes} bytes, no more`);
      chunks.push(message.value);
    } else throw unexpected('expected start first, once, then chunks');
  }
  if (!start) throw unexpected('expected start');
  return { ...start, bytes: Buffer.concat(chunks) };
}

const unexpected = (description: string) => new InvalidInput([{ field: 'message', description }]);
