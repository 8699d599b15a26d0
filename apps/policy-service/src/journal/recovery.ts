import { type Logger, Unavailable } from '@weir/base';
import type { Outcome } from '@weir/domain';
import type { BeliefPrior, Learner, LearnerSnapshot } from '@weir/learning';
import { type JournalEntry, outcomeFromJson, type Store, type StoredSnapshot } from '@weir/storage';
import type { CellOrchestrator } from '../cell/orchestrator.ts';
import type { Learners } from '../cell/learners.ts';
import type { InternalErrors } from '../internal-errors.ts';

/** Outcomes that are learned from again between two breaths of the event loop. */
const REPLAY_CHUNK = 500;
/** Outcomes that the guard of accuracy is told again: it would have forgotten what came before. */
const RECALLED = 5_000;

/** A learner as its snapshot left it, or a new one, which begins with the prior, where there is none or it cannot be read. */
export function learnerFrom(
  snapshot: StoredSnapshot | undefined,
  {
    name,
    cellId,
    learners,
    logger,
    prior,
  }: {
    name: string;
    cellId: string;
    learners: Learners;
    logger: Logger;
    prior: BeliefPrior | undefined;
  },
): { learner: Learner; position: number } {
  const learner = learners.create(name, cellId, prior);
  if (!snapshot) return { learner, position: 0 };
  try {
    learner.restore(JSON.parse(snapshot.state) as LearnerSnapshot);
    return { learner, position: snapshot.position };
  } catch (err) {
    // Of another version of Weir, most likely: the journal still has what it was learned from.
    logger.error({ err, learner: name }, 'the stored snapshot is of no use; learning from the journal again');
    return { learner: learners.create(name, cellId, prior), position: 0 };
  }
}

/** Throws Unavailable once the signal is aborted. */
export function goOnUnless(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw new Unavailable('the service is stopping', { reason: 'STOPPING' });
}

/**
 * Learns everything journaled after `from`; resolves to the position of the last. Throws Unavailable when the signal is
 * aborted before, and then nothing of it is kept.
 */
export async function learnJournal(
  cellId: string,
  {
    store,
    orchestrator,
    errors,
    from,
    signal,
  }: {
    store: Store;
    orchestrator: CellOrchestrator;
    errors: InternalErrors;
    from: number;
    signal: AbortSignal | undefined;
  },
): Promise<number> {
  let through = from;
  for (;;) {
    goOnUnless(signal);
    const entries: readonly JournalEntry[] = await store.read(cellId, through, REPLAY_CHUNK);
    if (entries.length === 0) return through;
    const outcomes = entries.flatMap((entry) => readable(entry, { cellId, errors }));
    orchestrator.relearn(outcomes);
    through = entries.at(-1)!.position;
  }
}

/** Has the orchestrator recall the last outcomes; a damaged one is left out, and told when it is to be learned from. */
export async function recallJournal(
  cellId: string,
  { store, orchestrator }: { store: Store; orchestrator: CellOrchestrator },
): Promise<void> {
  const entries = await store.newest(cellId, RECALLED);
  const errors = { report() {} };
  orchestrator.recall(entries.flatMap((entry) => readable(entry, { cellId, errors })));
}

/** A row that is damaged costs its outcome, not the cell: what is no outcome would spoil what the learner knows. */
function readable(
  { position, outcome }: JournalEntry,
  { cellId, errors }: { cellId: string; errors: Pick<InternalErrors, 'report'> },
): Outcome[] {
  try {
    return [outcomeFromJson(outcome)];
  } catch (err) {
    errors.report('replay', err, { cellId, position });
    return [];
  }
}
