import { threadId } from 'node:worker_threads';
import { runInThread } from './thread.ts';

/** What a thread is asked for in the spec of the pool. */
export interface Question {
  readonly number: number;
  readonly as?: 'error' | 'exit' | 'never';
}

export interface Answer {
  readonly number: number;
  readonly thread: number;
}

runInThread(({ number, as }: Question, onProgress): Answer => {
  if (as === 'error') throw new Error(`no answer to ${number}`);
  if (as === 'exit') process.exit();
  if (as === 'never') Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
  onProgress(0.5);
  return { number, thread: threadId };
});
