import { parentPort } from 'node:worker_threads';

/** What a worker says. */
export type WorkerMessage<Result> =
  | { readonly kind: 'progress'; readonly done: number }
  | { readonly kind: 'result'; readonly result: Result }
  | { readonly kind: 'error'; readonly message: string };

/** In a worker thread: runs each job that the thread is given and says what came of it. */
export function runInThread<Job, Result>(
  run: (job: Job, onProgress: (done: number) => void) => Result,
): void {
  const port = parentPort!;
  const say = (message: WorkerMessage<Result>) => port.postMessage(message);
  port.on('message', (job: Job) => {
    try {
      const result = run(job, (done) => say({ kind: 'progress', done }));
      say({ kind: 'result', result });
    } catch (error) {
      say({ kind: 'error', message: error instanceof Error ? error.message : String(error) });
    }
  });
}
