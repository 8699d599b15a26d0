import type { LearningResult } from '../measure/results.ts';
import { excessCurves, excessOver } from './curve.ts';
import { figure, learnersLegend } from './figure.ts';
import { signedPercent, whole } from './format.ts';
import { byLearner } from './looks.ts';
import type { Markup } from './markup.ts';
import { titled } from './select.ts';
import { table } from './table.ts';

/** Plot 4: learning curves. */
export function learningFigure(units: readonly LearningResult[]): Markup {
  const names = [...new Set(units.flatMap(({ learners }) => learners.map(({ learner }) => learner)))].sort(
    byLearner,
  );
  const rows = units.flatMap((unit) =>
    unit.learners.toSorted((a, b) => byLearner(a.learner, b.learner)).map((learner) => ({ unit, learner })),
  );
  return figure({
    id: 'figure-learning',
    legend: learnersLegend('line', names),
    panels: units.map((unit) => ({
      title: titled(unit),
      description: `Cost over the oracle in per cent, by epochs, of each learner. ${unit.title}.`,
      plot: excessCurves(
        unit.oracleMs,
        unit.learners.toSorted((a, b) => byLearner(b.learner, a.learner)),
      ),
    })),
    caption:
      'What the cost table says of the best joint placement that the learner knew, over the oracle’s: nearly linear up to 5 %, logarithmic beyond; dashed: 5 %. Not drawn where that was under the floor. Close epochs are averaged.',
    numbers: table('Learning', rows, [
      { head: 'Cell', cell: ({ unit }) => unit.title },
      { head: 'Users', cell: ({ unit }) => unit.users, figures: true },
      { head: 'Learner', cell: ({ learner }) => learner.learner },
      { head: 'Epochs to 5 %', cell: ({ learner }) => whole(learner.interactionsTo5pct), figures: true },
      { head: 'Epochs', cell: ({ learner }) => learner.curve.length, figures: true },
      {
        head: 'Explored',
        cell: ({ learner }) => learner.curve.filter(({ explored }) => explored).length,
        figures: true,
      },
      {
        head: 'Over the oracle at the end',
        cell: ({ unit, learner }) => signedPercent(lastExcess(unit, learner)),
        figures: true,
      },
      { head: 'Epochs below floor', cell: ({ learner }) => learner.floorViolations, figures: true },
    ]),
  });
}

/** Of the best joint placement known at the end. */
function lastExcess({ oracleMs }: LearningResult, { curve }: LearningResult['learners'][number]) {
  const last = curve.at(-1);
  return last === undefined ? undefined : excessOver(oracleMs)(last);
}
