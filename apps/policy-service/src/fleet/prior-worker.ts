import { type BeliefPrior, cellWitness, type CellWitness, priorOf, siteWitness } from '@weir/learning/prior';
import { parentPort } from 'node:worker_threads';

// A thread of its own: a snapshot may be megabytes, and is read and checked as a whole.

/** The state of a cell's snapshot as it is stored, or the prior of a site; none: that was the last one. */
export type PriorRequest = { readonly state?: string; readonly site?: BeliefPrior };
/** One for each request. */
export type PriorReply = { readonly refused?: string; readonly prior?: BeliefPrior | undefined };

const port = parentPort;
if (!port) throw new Error('prior-worker runs as a worker thread only');
const witnesses: CellWitness[] = [];
port.on('message', (request: PriorRequest) => port.postMessage(replyTo(request)));

function replyTo({ state, site }: PriorRequest): PriorReply {
  if (state !== undefined) return hear(() => cellWitness(JSON.parse(state)));
  if (site) return hear(() => siteWitness(site));
  return { prior: priorOf(witnesses) };
}

function hear(witness: () => CellWitness): PriorReply {
  try {
    witnesses.push(witness());
    return {};
  } catch (error) {
    return { refused: (error as Error).message };
  }
}
