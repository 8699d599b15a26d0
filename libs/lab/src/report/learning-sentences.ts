import type { AdaptationResult, LearningResult, Results, TransferResult } from '../measure/results.ts';
import { listed } from './format.ts';
import { byLearner } from './looks.ts';
import { titled, unitsOf } from './select.ts';

/** One sentence for each unit about learning, transfer or adaptation: how many epochs it took. */
export const learningSentences = (results: Results): string[] => [
  ...unitsOf(results, 'learning').map(learning),
  ...unitsOf(results, 'transfer').map(transfer),
  ...unitsOf(results, 'adaptation').map(adaptation),
];

function learning(unit: LearningResult): string {
  const seen = unit.learners
    .toSorted((a, b) => byLearner(a.learner, b.learner))
    .map(({ learner, interactionsTo5pct, curve }) =>
      interactionsTo5pct === null
        ? `${learner} not in ${epochs(curve.length)}`
        : `${learner} after ${epochs(interactionsTo5pct)}`,
    );
  return `Learning live, ${titled(unit)}: within 5\u00a0% of the oracle for good come ${listed(seen)}.`;
}

function transfer({ learner, from, to, starts }: TransferResult): string {
  const seen = starts.map(({ start, interactionsTo5pct }) => {
    const how = start === 'snapshot' ? `from a snapshot of ${from}` : 'from scratch';
    return `${how} ${interactionsTo5pct === null ? 'never' : `after ${epochs(interactionsTo5pct)}`}`;
  });
  return `Transfer, ${learner} in ${to}: within 5\u00a0% of the oracle for good ${listed(seen)}.`;
}

function adaptation({ title, events, learners }: AdaptationResult): string {
  const seen = learners
    .toSorted((a, b) => byLearner(a.learner, b.learner))
    .map(
      ({ learner, recoveryEpochs }) =>
        `${learner} ${listed(recoveryEpochs.map((count) => `${count ?? 'never'}`))}`,
    );
  return `${title}: epochs until plans are within 5\u00a0% of the oracle again, after ${listed(
    events.map(({ label }) => `“${label}”`),
  )}: ${seen.join('; ')}.`;
}

const epochs = (count: number): string => (count === 1 ? '1\u00a0epoch' : `${count}\u00a0epochs`);
