import { Worker } from 'node:worker_threads';
import type { LearningOptions, LearningResult } from '@weir/simulation';
import type { WorkerMessage } from './thread.ts';

export interface PoolOptions {
  /** Worker threads at most. */
  readonly workers: number;
  readonly signal: AbortSignal;
  /** Share of all work done, 0..1. */
  readonly onProgress: (share: number) => void;
}

export interface ThreadOptions<Job> extends PoolOptions {
  /** What a thread runs, by `runInThread`. */
  readonly script: URL;
  /** How much there is to do, in the unit in which the script tells its progress. */
  readonly work: (job: Job) => number;
}

/** Learners in synchronous epochs. */
export const runJobs = (jobs: readonly LearningOptions[], options: PoolOptions): Promise<LearningResult[]> =>
  runThreads(jobs, {
    ...options,
    script: new URL('./worker.ts', import.meta.url),
    work: ({ interactions }) => interactions,
  });

/**
 * Runs each job in a worker thread, some at a time; results in the order of the jobs. Rejects with the signal's reason
 * when aborted, and with the first job's error; the threads are gone by then.
 */
export async function runThreads<Job, Result>(
  jobs: readonly Job[],
  { workers, signal, onProgress, script, work }: ThreadOptions<Job>,
): Promise<Result[]> {
  const results = new Array<Result>(jobs.length);
  const sizes = jobs.map(work);
  const done = new Float64Array(jobs.length);
  const total = sizes.reduce((sum, size) => sum + size, 0);
  const report = () => onProgress(done.reduce((sum, each) => sum + each, 0) / total);
  const threads = new Set<Worker>();
  let next = 0;

  const runOne = (at: number) =>
    new Promise<void>((resolve, reject) => {
      const worker = new Worker(script, { workerData: jobs[at] });
      threads.add(worker);
      const stop = () => reject(signal.reason as Error);
      signal.addEventListener('abort', stop, { once: true });
      worker.on('message', (message: WorkerMessage<Result>) => {
        if (message.kind === 'progress') done[at] = message.done;
        else if (message.kind === 'error') reject(new Error(message.message));
        else {
          results[at] = message.result;
          done[at] = sizes[at]!;
        }
        report();
      });
      worker.on('error', reject);
      worker.on('exit', () => {
        threads.delete(worker);
        signal.removeEventListener('abort', stop);
        if (results[at]) resolve();
        else reject(new Error(`the worker of ${JSON.stringify(jobs[at])} ended without a result`));
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
