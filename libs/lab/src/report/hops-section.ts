import type { ExperimentResult, LearnerResult } from '../measure/results.ts';
import { barRows } from './bar-rows.ts';
import { figure } from './figure.ts';
import { figure as plain, ms } from './format.ts';
import { hopLooks, otherHop } from './looks.ts';
import type { Markup } from './markup.ts';
import {
  atMostUsers,
  cellName,
  unitColumns,
  floorName,
  headlineUnit,
  learnerOf,
  learnersOf,
  users,
} from './select.ts';
import { table } from './table.ts';

/** Plot 5: of which parts each learner's response consists. */
export function hopsFigure(units: readonly ExperimentResult[]): Markup | undefined {
  const shown = atMostUsers(units)
    .map(headlineUnit)
    .filter(({ learners }) => learners.length > 0);
  if (shown.length === 0) return undefined;
  const rows = shown.flatMap((unit) => withOracle(unit).map((learner) => ({ unit, learner })));
  const parts = partsOf(rows.map(({ learner }) => learner));
  const top = Math.max(...rows.map(({ learner }) => total(learner.hopsMs)));
  return figure({
    id: 'figure-hops',
    legend: parts.map(({ name, look }) => ({ name, look, kind: 'bar' })),
    panels: shown.map((unit) => {
      const title = `${cellName(unit)}, ${users(unit.users)}, ${floorName(unit.floor)}`;
      const learners = withOracle(unit);
      return {
        title,
        description: `${title}. For each learner the mean milliseconds of each part of a response, stacked.`,
        plot: barRows(
          learners.map(({ learner, hopsMs }) => ({
            name: learner,
            parts: parts.map(({ key, name, look }) => ({
              ...look,
              value: hopsMs[key] ?? 0,
              title: `${learner}, ${name}: ${ms(hopsMs[key])}`,
            })),
            end: ms(total(hopsMs)),
          })),
          { domain: [0, top], nice: 4, label: 'mean response time, ms', tickFormat: plain },
        ),
      };
    }),
    caption: 'Mean of each part of the response after the learning phase.',
    numbers: table('Parts of the response', rows, [
      ...unitColumns,
      { head: 'Learner', cell: ({ learner }) => learner.learner },
      ...parts.map(({ key, name }) => ({
        head: `${name}, ms`,
        cell: ({ learner }: { learner: LearnerResult }) => plain(learner.hopsMs[key]),
        figures: true,
      })),
      { head: 'Sum, ms', cell: ({ learner }) => plain(total(learner.hopsMs)), figures: true },
    ]),
  });
}

/** Those that took any time, known ones first. */
export function partsOf(learners: readonly Pick<LearnerResult, 'hopsMs'>[]) {
  const present = [...new Set(learners.flatMap(({ hopsMs }) => Object.keys(hopsMs)))];
  const others = present
    .filter((key) => !hopLooks.some((hop) => hop.key === key))
    .sort()
    .map((key) => ({ key, name: key, look: otherHop }));
  return [...hopLooks.filter(({ key }) => present.includes(key)), ...others];
}

const total = (hopsMs: LearnerResult['hopsMs']): number =>
  Object.values(hopsMs).reduce((sum, value) => sum + (value ?? 0), 0);

const withOracle = (unit: ExperimentResult): LearnerResult[] => {
  const oracle = learnerOf(unit, 'oracle');
  return oracle === undefined ? learnersOf(unit) : [...learnersOf(unit), oracle];
};
