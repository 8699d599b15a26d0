import type { TransferResult } from '../measure/results.ts';
import { excessCurves } from './curve.ts';
import { figure, learnersLegend } from './figure.ts';
import { figure as plain, ms, whole } from './format.ts';
import type { Markup } from './markup.ts';
import { table } from './table.ts';

/** Plot 8: learning from a snapshot of elsewhere against learning from nothing. */
export function transferFigure(units: readonly TransferResult[]): Markup {
  const rows = units.flatMap((unit) => unit.starts.map((start) => ({ unit, start })));
  return figure({
    id: 'figure-transfer',
    legend: learnersLegend('line', ['snapshot', 'scratch']),
    panels: units.map((unit) => ({
      title: `${unit.learner}: ${unit.from} → ${unit.to}`,
      description: `${unit.title}. Cost over the oracle in per cent by epochs, of ${unit.learner} started from a snapshot of ${unit.from} and from scratch, in ${unit.to}.`,
      plot: excessCurves(
        unit.oracleMs,
        unit.starts.map(({ start, curve }) => ({ learner: start, curve })),
      ),
    })),
    caption:
      'What the cost table says of the best joint placement that the learner knew, over the oracle’s: nearly linear up to 5 %, logarithmic beyond; dashed: 5 %.',
    numbers: table('Transfer', rows, [
      { head: 'From', cell: ({ unit }) => unit.from },
      { head: 'To', cell: ({ unit }) => unit.to },
      { head: 'Learner', cell: ({ unit }) => unit.learner },
      { head: 'Start', cell: ({ start }) => start.start },
      { head: 'Epochs to 5 %', cell: ({ start }) => whole(start.interactionsTo5pct), figures: true },
      { head: 'Regret', cell: ({ start }) => ms(start.regretMs), figures: true },
      { head: 'First epoch, ms', cell: ({ start }) => plain(start.curve[0]?.responseMs), figures: true },
      { head: 'Oracle, ms', cell: ({ unit }) => plain(unit.oracleMs), figures: true },
    ]),
  });
}
