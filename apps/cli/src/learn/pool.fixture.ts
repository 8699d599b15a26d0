import { threadId } from 'node:worker_threads';
import { runInThread } from './thread.ts';

/** What a thread is asked for in the spec of the pool. */
export interface Question {
  readonly number: number;
  readonly as?: 'error' | 'exit' | 'never';
  /** An Int32 that is counted up for as long as the thread lives, of 'never'. */
  readonly ticks?: SharedArrayBuffer;
}

export interface Answer {
  readonly number: number;
  readonly thread: number;
}

runInThread(({ number, as, ticks = new SharedArrayBuffer(4) }: Question, onProgress): Answer => {
  if (as === 'error') throw new Error(`no answer to ${number}`);
  if (as === 'exit') process.exit();
  if (as === 'never')
    for (const count = new Int32Array(ticks); ; Atomics.wait(count, 0, Atomics.load(count, 0), 1)) {
      Atomics.add(count, 0, 1);
      Atomics.notify(count, 0);
    }
  onProgress(0.5);
  return { number, thread: threadId };
});
