import { policy } from '@weir/proto';
import type fc from 'fast-check';
import type { GoodMessages } from './rpcs.ts';

/** What operators ask of PolicyService, but to delete the cell that all the others are about. `snapshots`: nearly good ones. */
export function goodOperatorMessages(
  cellId: string,
  { learner, snapshot }: policy.ExportSnapshotResponse,
  snapshots: readonly fc.Arbitrary<string>[],
): Readonly<Record<string, GoodMessages>> {
  const cell = policy.ListCellsRequest.encode({ cellId }).finish();
  const upload = (message: policy.UploadSnapshotRequest['message']) =>
    policy.UploadSnapshotRequest.encode({ message }).finish();
  const start = upload({ $case: 'start', value: { cellId, learner } });
  return {
    'weir.policy.v1.PolicyService/DownloadSnapshot': {
      others: [policy.DownloadSnapshotRequest.encode({ cellId, version: 0n }).finish()],
    },
    'weir.policy.v1.PolicyService/UploadSnapshot': {
      opening: [start],
      others: [upload({ $case: 'chunk', value: snapshot })],
      more: snapshots.map((documents) =>
        documents.map((content) => upload({ $case: 'chunk', value: Buffer.from(content) })),
      ),
    },
    'weir.policy.v1.PolicyService/DeleteCell': {
      others: [policy.DeleteCellRequest.encode({ cellId: 'cell-2' }).finish()],
    },
    'weir.policy.v1.PolicyService/ListSnapshots': { others: [cell] },
    'weir.policy.v1.PolicyService/RollBackLearner': {
      others: [policy.RollBackLearnerRequest.encode({ cellId, version: 0n }).finish()],
    },
    'weir.policy.v1.PolicyService/ListCells': { others: [cell] },
    'weir.policy.v1.PolicyService/Backup': { others: [cell] },
    'weir.policy.v1.PolicyService/TraceDevice': {
      others: [policy.TraceDeviceRequest.encode({ cellId, deviceId: 'device-1', limit: 3 }).finish()],
    },
  };
}
