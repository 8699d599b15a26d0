import { Worker } from 'node:worker_threads';
import type { LearningOptions, LearningResult } from '@weir/simulation';

/** What a worker says. */
export type WorkerMessage =
  | { readonly kind: 'progress'; readonly done: number }
  | { readonly kind: 'result'; readonly result: LearningResult }
  | { readonly kind: 'error'; readonly message: string };

export interface PoolOptions {
  /** Worker threads at most. */
  readonly workers: number;
  readonly signal: AbortSignal;
  /** Share of all interactions done, 0..1. */
  readonly onProgress: (share: number) => void;
}

/**
 * Runs each job in a worker thread, some at a time; results in the order of the jobs. Rejects with the signal's reason
 * when aborted, and with the first job's error; the threads are gone by then.
 */
export async function runJobs(
  jobs: readonly LearningOptions[],
  { workers, signal, onProgress }: PoolOptions,
) {
  const results = new Array<LearningResult>(jobs.length);
  const done = new Float64Array(jobs.length);
  const total = jobs.reduce((sum, { interactions }) => sum + interactions, 0);
  const report = () => onProgress(done.reduce((sum, each) => sum + each, 0) / total);
  const threads = new Set<Worker>();
  let next = 0;

  const runOne = (at: number) =>
    new Promise<void>((resolve, reject) => {
      const worker = new Worker(new URL('./worker.ts', import.meta.url), { workerData: jobs[at] });
      threads.add(worker);
      const stop = () => reject(signal.reason as Error);
      signal.addEventListener('abort', stop, { once: true });
      worker.on('message', (message: WorkerMessage) => {
        if (message.kind === 'progress') done[at] = message.done;
        else if (message.kind === 'error') reject(new Error(message.message));
        else {
          results[at] = message.result;
          done[at] = jobs[at]!.interactions;
        }
        report();
      });
      worker.on('error', reject);
      worker.on('exit', () => {
        threads.delete(worker);
        signal.removeEventListener('abort', stop);
        if (results[at]) resolve();
        else reject(new Error(`worker of seed ${jobs[at]!.seed} ended without a result`));
      });
    });
  const lane = async () => {
    while (next < jobs.length) {
      signal.throwIfAborted();
      await runOne(next++);
    }
  };
  try {
    await Promise.all(Array.from({ length: Math.min(workers, jobs.length) }, lane));
  } finally {
    await Promise.all([...threads].map((worker) => worker.terminate()));
  }
  return results;
}
