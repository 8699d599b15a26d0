import { WeirError } from '@weir/base/errors';
import { backup, type DatabaseSync } from 'node:sqlite';
import { parentPort, workerData } from 'node:worker_threads';
import { openDatabase } from './database.ts';
import type { Fault, Group, Operation, Task, WorkerOptions, WorkerReply } from './protocol.ts';
import { storeNotWritable } from '../store.ts';
import { notWritable } from './not-writable.ts';
import { openTables } from './tables.ts';

// The store's own thread: a commit waits for the disk, usually for milliseconds, sometimes for hundreds of them, which
// must never block the thread that serves gRPC. It loads no more than it needs: opening a store waits for it.

const port = parentPort;
if (!port) throw new Error('store-worker runs as a worker thread only');
const reply = (message: WorkerReply) => port.postMessage(message);
const faultOf = (error: unknown): Fault => {
  if (error instanceof WeirError)
    return { message: error.message, reason: error.reason, status: error.status };
  const message = notWritable(error);
  return message
    ? { message, reason: storeNotWritable, status: 'UNAVAILABLE' }
    : {
        message: `the store cannot write: ${(error as Error).message}`,
        reason: 'STORE_FAILED',
        status: 'INTERNAL',
      };
};

try {
  serve(workerData as WorkerOptions);
} catch (error) {
  reply({ kind: 'refused', fault: faultOf(error) });
}

function serve({ path, limits }: WorkerOptions): void {
  const database = openDatabase(path);
  const tables = openTables(database, limits);
  const run = ({ name, arguments: given }: Operation): unknown =>
    (tables[name] as (...values: unknown[]) => unknown)(...given);

  port!.on('message', (message: Group | Task) => {
    if (!isGroup(message)) {
      perform(message, database).then(
        () => reply({ kind: 'done' }),
        (error: unknown) => reply({ kind: 'notDone', fault: faultOf(error) }),
      );
      return;
    }
    const group = message;
    if (group.length === 0) {
      database.close();
      port!.close();
      return;
    }
    try {
      database.exec('begin immediate');
      const results = group.map(run);
      database.exec('commit');
      reply({ kind: 'committed', results });
    } catch (error) {
      // All or nothing: none of the group is acknowledged.
      if (database.isTransaction) database.exec('rollback');
      tables.reset();
      reply({ kind: 'failed', fault: faultOf(error) });
    }
  });
  reply({ kind: 'opened' });
}

const isGroup = (message: Group | Task): message is Group => Array.isArray(message);

/** Pages that are copied at a time; commits go between. */
const copiedPages = 256;

async function perform(task: Task, database: DatabaseSync): Promise<void> {
  if (task === 'checkpoint') database.exec('pragma wal_checkpoint(truncate)');
  else await backup(database, task.copyTo, { rate: copiedPages });
}
