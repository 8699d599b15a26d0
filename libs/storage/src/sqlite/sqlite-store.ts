import { FailedPrecondition, Internal, makeFolder, ResourceExhausted, Unavailable } from '@weir/base';
import { once } from 'node:events';
import { dirname } from 'node:path';
import { Worker } from 'node:worker_threads';
import { type StoreLimits, defaultLimits } from '../limits.ts';
import type { Store } from '../store.ts';
import { removeLeftBackups, writeBackup } from './backup.ts';
import type { Operation, OperationName, Task, WorkerOptions, WorkerReply } from './protocol.ts';
import type { Tables } from './tables.ts';

/** Where the store is, and its bounds. */
export interface StoreOptions extends Partial<StoreLimits> {
  /** The file; a missing directory is created. One process at a time. */
  readonly path: string;
  /** Gives up while the file is being checked, which takes as long as reading it. @default never */
  readonly signal?: AbortSignal;
}

/** Most operations in one commit; bounds how long each waits. */
const GROUP_LIMIT = 1_000;

/** Least time between commits of outcomes alone, ms: each costs, and nobody waits for an acknowledgement. */
const BETWEEN_COMMITS_MS = 25;

interface Waiting {
  readonly operation: Operation;
  readonly resolve: (result: never) => void;
  readonly reject: (error: Error) => void;
}

/**
 * Opens the store, creating the file where there is none. Throws FailedPrecondition, naming the cure, when it cannot, and
 * the signal's reason when it is aborted before, which harms nothing.
 */
export async function openStore({ path, signal, ...limits }: StoreOptions): Promise<Store> {
  makeFolder(dirname(path));
  const bounds = { ...defaultLimits, ...limits };
  const worker = new Worker(new URL('./store-worker.ts', import.meta.url), {
    workerData: { path, limits: bounds } satisfies WorkerOptions,
  });
  const [opened] = (await once(worker, 'message', { signal }).catch(async (error: unknown) => {
    await worker.terminate();
    throw signal?.aborted ? signal.reason : error;
  })) as [WorkerReply];
  if (opened.kind !== 'opened') {
    await worker.terminate();
    if (opened.kind === 'refused')
      throw new FailedPrecondition(opened.fault.message, { reason: opened.fault.reason });
    throw new Internal(`the store of ${path} did not open`);
  }
  removeLeftBackups(path);
  return groupCommits(worker, { path, maxPending: bounds.maxPending });
}

/** Group commit: one group is being written while the next gathers, so groups grow with the load. */
function groupCommits(worker: Worker, { path, maxPending }: { path: string; maxPending: number }): Store {
  const gathering: Waiting[] = [];
  let committing: readonly Waiting[] = [];
  const failure = new AbortController();
  let closed: Error | undefined;
  let idle: (() => void) | undefined;
  let task: { readonly resolve: () => void; readonly reject: (error: Error) => void } | undefined;
  let lastTask: Promise<void> = Promise.resolve();
  let backingUp = false;
  /** Somebody waits for what gathers. */
  let urgent = false;
  let committedAt = -Infinity;
  let lingering: NodeJS.Timeout | undefined;

  const commit = () => {
    clearTimeout(lingering);
    lingering = undefined;
    committedAt = performance.now();
    committing = gathering.splice(0, GROUP_LIMIT);
    urgent = gathering.length > 0;
    worker.postMessage(committing.map(({ operation }) => operation));
  };
  const commitNext = () => {
    if (gathering.length === 0) return idle?.();
    const waitMs = urgent || closed ? 0 : committedAt + BETWEEN_COMMITS_MS - performance.now();
    if (waitMs <= 0) commit();
    else lingering ??= setTimeout(commit, waitMs);
  };
  const giveUp = (error: Error) => {
    if (!closed) failure.abort(error);
    closed ??= error;
    clearTimeout(lingering);
    for (const { reject } of [...committing, ...gathering.splice(0)]) reject(closed);
    committing = [];
    idle?.();
    task?.reject(closed);
  };

  worker.on('message', (reply: WorkerReply) => {
    if (reply.kind === 'done') return task?.resolve();
    if (reply.kind === 'notDone')
      return task?.reject(new Unavailable(reply.fault.message, { reason: reply.fault.reason }));
    const group = committing;
    committing = [];
    if (reply.kind === 'committed')
      group.forEach(({ resolve }, index) => resolve(reply.results[index] as never));
    if (reply.kind === 'failed') {
      const { message, reason } = reply.fault;
      for (const { reject } of group) reject(new Unavailable(message, { reason }));
    }
    commitNext();
  });
  worker.on('error', (cause) => giveUp(new Unavailable('the store has failed', { cause })));
  worker.on('exit', () => giveUp(new Unavailable('the store is closed')));

  const submit = <Name extends OperationName>(
    name: Name,
    ...given: Parameters<Tables[Name]>
  ): Promise<ReturnType<Tables[Name]>> =>
    new Promise((resolve, reject) => {
      if (closed) return reject(closed);
      if (gathering.length >= maxPending)
        return reject(new ResourceExhausted(`the store has ${maxPending} operations waiting`));
      gathering.push({ operation: { name, arguments: given } as Operation, resolve, reject });
      urgent ||= name !== 'append' || gathering.length >= GROUP_LIMIT;
      if (committing.length === 0) commitNext();
    });

  /** Resolves when the task is done; they are done one after the other. */
  const perform = (message: Task): Promise<void> => {
    const done = lastTask.then(() => {
      if (closed) throw closed;
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      task = { resolve, reject };
      worker.postMessage(message);
      return promise.finally(() => (task = undefined));
    });
    lastTask = done.catch(() => {});
    return done;
  };

  return {
    failed: failure.signal,
    share: undefined,
    mayOwn: () => true,
    claim: async () => 0,
    release: async () => {},
    cells: () => submit('cells'),
    load: (cellId) => submit('load', cellId),
    change: (cellId, change) => submit('change', cellId, change),
    dropUnused: (cellId, { evenConfigured = false } = {}) => submit('dropUnused', cellId, evenConfigured),
    remove: (cellId) => submit('remove', cellId),
    async purge() {
      while (await submit('purge'));
      await perform('checkpoint');
    },
    notJoinedSince: (at) => submit('notJoinedSince', at),
    size: (cellId) => submit('size', cellId),
    versions: (cellId) => submit('versions', cellId),
    version: (cellId, number) => submit('version', cellId, number),
    async backup(cellId) {
      if (backingUp) throw new ResourceExhausted('another backup is being made; try again later');
      backingUp = true;
      try {
        return await writeBackup(path, { cellId, copyTo: (copyTo) => perform({ copyTo }) });
      } finally {
        backingUp = false;
      }
    },
    snapshot: (cellId, learner) => submit('snapshot', cellId, learner),
    async *snapshots(learner, limit) {
      for (const cellId of await submit('withSnapshot', learner, limit)) {
        const stored = await submit('snapshot', cellId, learner);
        if (stored) yield { cellId, ...stored };
      }
    },
    fleetPrior: () => submit('fleet', 'prior'),
    setFleetPrior: (text) => submit('setFleet', 'prior', text),
    // Nobody else's comes into a file.
    sitePriors: async () => [],
    reserveVersions: (cellId, { count, above = 0 }) => submit('reserveVersions', cellId, count, above),
    append: (batch) => submit('append', batch),
    read: (cellId, after, limit) => submit('read', cellId, after, limit),
    newest: (cellId, limit) => submit('newest', cellId, limit),

    async [Symbol.asyncDispose]() {
      if (closed) return;
      // Finish what was requested before; accept nothing new.
      closed = new Unavailable('the store is closed');
      const drained = new Promise<void>((resolve) => (idle = resolve));
      if (committing.length === 0) commitNext();
      await drained;
      await lastTask;
      const exited = once(worker, 'exit');
      worker.postMessage([]);
      await exited;
    },
  };
}
