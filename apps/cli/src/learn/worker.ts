import { parentPort, workerData } from 'node:worker_threads';
import { type LearningOptions, runLearning } from '@weir/simulation';
import type { WorkerMessage } from './pool.ts';

const say = (message: WorkerMessage) => parentPort!.postMessage(message);
try {
  const result = runLearning(workerData as LearningOptions, (done) => say({ kind: 'progress', done }));
  say({ kind: 'result', result });
} catch (error) {
  say({ kind: 'error', message: error instanceof Error ? error.message : String(error) });
}
