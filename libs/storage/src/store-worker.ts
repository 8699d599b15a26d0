import { WeirError } from '@weir/base';
import { parentPort, workerData } from 'node:worker_threads';
import { openDatabase } from './database.ts';
import type { Fault, Group, Operation, WorkerOptions, WorkerReply } from './protocol.ts';
import { notWritable, storeNotWritable } from './not-writable.ts';
import { openTables } from './tables.ts';

// The store's own thread: a commit waits for the disk, usually for milliseconds, sometimes for hundreds of them, which
// must never block the thread that serves gRPC.

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

  port!.on('message', (group: Group) => {
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
