import { InvalidInput } from '@weir/base';
import type { LearnerSnapshot } from '@weir/learning';

/** A snapshot is sent as UTF-8 JSON. */
export const snapshotToWire = (snapshot: LearnerSnapshot): Buffer => Buffer.from(JSON.stringify(snapshot));

/** Throws InvalidInput for bytes that are no snapshot, or one of another learner; its state is the learner's to judge. */
export function snapshotFromWire(bytes: Uint8Array, learner: string): LearnerSnapshot {
  const fault = (description: string) => new InvalidInput([{ field: 'snapshot', description }]);
  let content: unknown;
  try {
    content = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    throw fault('expected UTF-8 JSON as ExportSnapshot gives it');
  }
  const snapshot = content as Partial<LearnerSnapshot> | null;
  if (typeof snapshot !== 'object' || snapshot?.format !== 'weir.learner')
    throw fault('is no snapshot of a Weir learner');
  if (typeof snapshot.version !== 'number' || typeof snapshot.learner !== 'string' || !('state' in snapshot))
    throw fault('lacks its version, learner or state');
  if (snapshot.learner !== learner)
    throw fault(`is of the learner "${snapshot.learner}", not of "${learner}"`);
  return snapshot as LearnerSnapshot;
}
