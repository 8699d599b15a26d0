import type { ExperimentResult } from '../measure/results.ts';
import { barRows } from './bar-rows.ts';
import { figure } from './figure.ts';
import { ms, percent, whole } from './format.ts';
import type { Markup } from './markup.ts';
import {
  atMostUsers,
  cellName,
  unitColumns,
  floorName,
  headlineUnit,
  learnersOf,
  oracleOf,
  users,
} from './select.ts';
import { table } from './table.ts';
import { placementKey, placementLooks } from './variants.ts';

/** Plot 6: where each learner's frames ran and with which variant. */
export function placementsFigure(units: readonly ExperimentResult[]): Markup {
  const shown = atMostUsers(units).map(headlineUnit);
  const rows = shown.flatMap((unit) => rowsOf(unit).map((row) => ({ unit, ...row })));
  const looks = placementLooks(rows.flatMap(({ placements }) => placements));
  return figure({
    id: 'figure-placements',
    legend: [...looks.values()].map((placed) => ({ ...placed, kind: 'bar' })),
    panels: shown.map((unit) => {
      const title = `${cellName(unit)}, ${users(unit.users)}, ${floorName(unit.floor)}`;
      return {
        title,
        description: `${title}. For each learner the share of its frames by tier and variant, stacked.`,
        plot: barRows(
          rowsOf(unit).map(({ name, placements, end }) => ({
            name,
            end,
            parts: [...looks].flatMap(([key, { name: placement, short, look }]) => {
              const found = placements.find((placed) => placementKey(placed) === key);
              if (found === undefined) return [];
              const title = `${name}, ${placement}: ${percent(found.share)}`;
              // Where there is room.
              const text = short.length < 40 * found.share ? short : '';
              return [{ ...look, value: found.share * 100, text, title }];
            }),
          })),
          { domain: [0, 100], label: 'share of frames, %', tickFormat: whole },
        ),
      };
    }),
    caption:
      'Share of frames by tier (colour) and variant after the learning phase: narrower variants lighter, INT8 striped. At the right the mean response.',
    numbers: table(
      'Share of placements',
      rows.flatMap((row) => row.placements.map((placed) => ({ ...row, placed }))),
      [
        ...unitColumns,
        { head: 'Learner', cell: ({ name }) => name },
        { head: 'Tier', cell: ({ placed }) => placed.tier },
        { head: 'Variant', cell: ({ placed }) => placed.variant },
        { head: 'Share', cell: ({ placed }) => percent(placed.share), figures: true },
      ],
    ),
  });
}

/** The learners, and the oracle's joint placement. */
function rowsOf(unit: ExperimentResult) {
  const { placements } = unit.oracle;
  const oracle = placements.map(({ tier, variant }) => ({ tier, variant, share: 1 / placements.length }));
  const merged = [...Map.groupBy(oracle, placementKey).values()].map((same) => ({
    ...same[0]!,
    share: same.length / placements.length,
  }));
  return [
    ...learnersOf(unit).map(({ learner, placements: seen, steadyMs }) => ({
      name: learner,
      placements: seen,
      end: ms(steadyMs.mean),
    })),
    { name: 'oracle', placements: merged, end: ms(oracleOf(unit).mean) },
  ];
}
