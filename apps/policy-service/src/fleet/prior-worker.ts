import { type BeliefPrior, cellWitness, type CellWitness, priorOf } from '@weir/learning/prior';
import { parentPort } from 'node:worker_threads';

// A thread of its own: a snapshot may be megabytes, and is read and checked as a whole.

/** The state of a cell's snapshot as it is stored; none: that was the last one. */
export type PriorRequest = { readonly state?: string };
/** One for each request. */
export type PriorReply = { readonly refused?: string; readonly prior?: BeliefPrior | undefined };

const port = parentPort;
if (!port) throw new Error('prior-worker runs as a worker thread only');
const witnesses: CellWitness[] = [];
port.on('message', ({ state }: PriorRequest) =>
  port.postMessage((state === undefined ? { prior: priorOf(witnesses) } : hear(state)) satisfies PriorReply),
);

function hear(state: string): PriorReply {
  try {
    witnesses.push(cellWitness(JSON.parse(state)));
    return {};
  } catch (error) {
    return { refused: (error as Error).message };
  }
}
