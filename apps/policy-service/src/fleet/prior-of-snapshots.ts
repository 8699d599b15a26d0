import type { BeliefPrior } from '@weir/learning/prior';
import type { StoredSnapshot } from '@weir/storage';
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import type { PriorReply, PriorRequest } from './prior-worker.ts';

/**
 * What planners of many cells, and sites, have learned, as `priorOf`: one snapshot in memory at a time, read in a thread of its own.
 * `onRefused`: a snapshot is damaged or of another version, and is left out. Rejects with the signal's reason once it is aborted.
 */
export async function priorOfSnapshots(
  snapshots: AsyncIterable<StoredSnapshot & { readonly cellId: string }>,
  {
    sites = [],
    onRefused,
    signal,
  }: {
    readonly sites?: readonly BeliefPrior[];
    readonly onRefused: (cellId: string, why: string) => void;
    readonly signal: AbortSignal;
  },
): Promise<BeliefPrior | undefined> {
  let worker: Worker | undefined;
  const ask = async (request: PriorRequest): Promise<PriorReply> => {
    signal.throwIfAborted();
    worker ??= new Worker(new URL('./prior-worker.ts', import.meta.url));
    const replied = once(worker, 'message', { signal }) as Promise<[PriorReply]>;
    worker.postMessage(request);
    return (await replied)[0];
  };
  try {
    for await (const { cellId, state } of snapshots) {
      const { refused } = await ask({ state });
      if (refused !== undefined) onRefused(cellId, refused);
    }
    for (const site of sites) await ask({ site });
    return worker && (await ask({})).prior;
  } finally {
    await worker?.terminate();
  }
}
