import { InvalidInput } from '@weir/base';

/** What a learner has learned, in its envelope; the state is the learner's to judge. */
export interface Snapshot {
  readonly format: 'weir.learner';
  readonly version: number;
  readonly learner: string;
  readonly state: unknown;
}

/** A snapshot is sent as UTF-8 JSON. */
export const snapshotToWire = (snapshot: Snapshot): Buffer => Buffer.from(JSON.stringify(snapshot));

/** Throws InvalidInput for bytes that are no snapshot, or one of another learner; its state is the learner's to judge. */
export function snapshotFromWire(bytes: Uint8Array, learner: string): Snapshot {
  const fault = (description: string) => new InvalidInput([{ field: 'snapshot', description }]);
  let content: unknown;
  try {
    content = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    throw fault('expected UTF-8 JSON as ExportSnapshot gives it');
  }
  const snapshot = content as Partial<Snapshot> | null;
  if (typeof snapshot !== 'object' || snapshot?.format !== 'weir.learner')
    throw fault('is no snapshot of a Weir learner');
  if (typeof snapshot.version !== 'number' || typeof snapshot.learner !== 'string' || !('state' in snapshot))
    throw fault('lacks its version, learner or state');
  if (snapshot.learner !== learner)
    throw fault(`is of the learner ${JSON.stringify(snapshot.learner.slice(0, 64))}, not of "${learner}"`);
  return snapshot as Snapshot;
}
