import { median } from '@weir/base';
import type { ArrivalsResult, ExperimentResult, Overheads } from '../measure/results.ts';
import { figure as plain, isFigure, percent, whole } from './format.ts';
import { markup, type Markup } from './markup.ts';
import { folded, table, type Column } from './table.ts';

interface Row {
  readonly kind: string;
  readonly users: number;
  readonly units: number;
  readonly of: (pick: (overheads: Overheads) => number | null | undefined) => number | undefined;
}

/** Plot 10 is a table: what orchestration itself costs, as medians over units; each unit's own folded away. */
export function overheadsTables(units: readonly (ExperimentResult | ArrivalsResult)[]): Markup {
  const groups = Map.groupBy(
    units,
    ({ kind, users }) => `${kind === 'epochs' ? 'epochs' : 'arrivals'} ${users}`,
  );
  const rows = [...groups.values()]
    .map((group) => rowOf(group))
    .sort((a, b) => (a.kind === b.kind ? a.users - b.users : a.kind < b.kind ? 1 : -1));
  const each = units.map((unit) => ({ ...rowOf([unit]), title: unit.title }));
  return markup`${table('Overheads', rows, [
    { head: 'Frames', cell: ({ kind }) => kind },
    { head: 'Users', cell: ({ users }) => users, figures: true },
    { head: 'Units', cell: (row) => row.units, figures: true },
    ...columns,
  ])}${folded(
    'Each unit',
    table('Overheads of each unit', each, [
      { head: 'Unit', cell: ({ title }) => title },
      { head: 'Frames', cell: ({ kind }) => kind },
      { head: 'Users', cell: ({ users }) => users, figures: true },
      ...columns,
    ]),
  )}`;
}

const column = (
  head: string,
  pick: (overheads: Overheads) => number | null | undefined,
  format = plain,
): Column<Row> => ({ head, cell: ({ of }) => format(of(pick)), figures: true });

const columns: readonly Column<Row>[] = [
  column('Planning p50, ms', ({ planningMs }) => planningMs.p50),
  column('p95, ms', ({ planningMs }) => planningMs.p95),
  column('Push p50, ms', ({ pushMs }) => pushMs.p50),
  column('p95, ms', ({ pushMs }) => pushMs.p95),
  column('Agent a frame, ms', ({ agentMs }) => agentMs),
  column('Up a remote inference, bytes', ({ bytesPerRemoteInference }) => bytesPerRemoteInference?.up, whole),
  column('Down, bytes', ({ bytesPerRemoteInference }) => bytesPerRemoteInference?.down, whole),
  column('Core: telemetry', ({ processorShare }) => processorShare?.telemetry, percent),
  column('policy', ({ processorShare }) => processorShare?.policy, percent),
  column('agents', ({ processorShare }) => processorShare?.agents, percent),
  column('workers', ({ processorShare }) => processorShare?.workers, percent),
];

function rowOf(group: readonly (ExperimentResult | ArrivalsResult)[]): Row {
  const [first] = group as [ExperimentResult | ArrivalsResult];
  return {
    kind: first.kind === 'epochs' ? 'in epochs' : 'as they arrive',
    users: first.users,
    units: group.length,
    of(pick) {
      const seen = group.map(({ overheads }) => pick(overheads)).filter(isFigure);
      return seen.length === 0 ? undefined : median(seen);
    },
  };
}
