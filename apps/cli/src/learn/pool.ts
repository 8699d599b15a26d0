import { unlessAborted } from '@weir/base';
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
 * Runs the jobs in worker threads, each of which takes one after the other; results in the order of the jobs. Rejects with the
 * signal's reason when aborted, and with the first job's error; the threads are gone by then.
 */
export async function runThreads<Job, Result>(
  jobs: readonly Job[],
  { workers, signal, onProgress, script, work }: ThreadOptions<Job>,
): Promise<Result[]> {
  const results = new Array<Result>(jobs.length);
  const sizes = jobs.map(work);
  const done = new Float64Array(jobs.length);
  const total = sizes.reduce((sum, size) => sum + size, 0);
  const tell = (at: number, ofJob: number) => {
    done[at] = ofJob;
    onProgress(done.reduce((sum, each) => sum + each, 0) / total);
  };
  const threads: Worker[] = [];
  let next = 0;

  const lane = async () => {
    const worker = new Worker(script);
    threads.push(worker);
    while (next < jobs.length) {
      const at = next++;
      const { promise, resolve, reject } = Promise.withResolvers<Result>();
      const hear = (message: WorkerMessage<Result>) => {
        if (message.kind === 'progress') tell(at, message.done);
        else if (message.kind === 'error') reject(new Error(message.message));
        else resolve(message.result);
      };
      const end = () => reject(new Error(`the worker of ${JSON.stringify(jobs[at])} ended without a result`));
      worker.on('message', hear).on('error', reject).on('exit', end);
      worker.postMessage(jobs[at]);
      results[at] = await unlessAborted(promise, signal);
      worker.off('message', hear).off('error', reject).off('exit', end);
      tell(at, sizes[at]!);
    }
    await worker.terminate();
  };
  try {
    await Promise.all(Array.from({ length: Math.min(workers, jobs.length) }, lane));
  } finally {
    await Promise.all(threads.map((worker) => worker.terminate()));
  }
  return results;
}
