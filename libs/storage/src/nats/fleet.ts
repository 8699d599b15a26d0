import { WeirError } from '@weir/base';
import type { StoredSnapshot } from '../experience.ts';
import type { SitePrior } from '../store.ts';
import { readRecord, readRecords } from './cell-record.ts';
import { attempt } from './connection.ts';
import type { JetStreams } from './jetstream.ts';
import { readSnapshot } from './nats-cell.ts';

/** No cell's: those have a token more. */
const priorKey = 'fleet-prior';

/** As `Store.snapshots`. */
export async function* readSnapshots(
  streams: JetStreams,
  learner: string,
  limit: number,
): AsyncGenerator<StoredSnapshot & { readonly cellId: string }> {
  const cells: { cellId: string; joinedAt: number }[] = [];
  for await (const { cellId, value } of readRecords(streams))
    if (value.snapshots[learner]) cells.push({ cellId, joinedAt: value.joinedAt ?? 0 });
  cells.sort((a, b) => b.joinedAt - a.joinedAt);
  for (const { cellId } of cells.slice(0, limit)) {
    const { value } = await readRecord(streams, cellId);
    const stored = value && (await readSnapshot(streams, cellId, { value, learner }).catch(ignoreReplaced));
    if (stored) yield { cellId, ...stored };
  }
}

export async function readFleetPrior({ kv }: JetStreams): Promise<string | undefined> {
  const entry = await attempt(() => kv.get(priorKey));
  return entry?.operation === 'PUT' ? entry.string() : undefined;
}

export async function writeFleetPrior({ kv }: JetStreams, text: string): Promise<void> {
  await attempt(() => kv.put(priorKey, text));
}

/**
 * As `Store.sitePriors`: every bucket `NAME-site-…` is a mirror of what the store of a site, of the same name as this one, has at
 * that key.
 */
export async function readSitePriors({ jsm, bucket }: JetStreams): Promise<readonly SitePrior[]> {
  const prefix = `${bucket.name}-site-`;
  const names = await attempt(async () => {
    const found: string[] = [];
    for await (const stream of jsm.streams.names()) found.push(stream);
    return found;
  });
  const priors = await Promise.all(
    names
      .filter((name) => name.startsWith(prefix))
      .map(async (name) => {
        const last = { last_by_subj: bucket.prefix + priorKey };
        const message = await attempt(() => jsm.streams.getMessage(name, last));
        return message ? [{ site: name.slice(prefix.length), text: message.string() }] : [];
      }),
  );
  return priors.flat();
}

/** Its owner has put another one in its place while it was read. */
function ignoreReplaced(error: unknown): undefined {
  if (!(error instanceof WeirError && error.reason === 'STORE_CORRUPT')) throw error;
}
