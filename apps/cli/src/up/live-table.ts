import { bold, dim, yellow } from 'ansis';
import Table from 'cli-table3';

export interface Column<Row> {
  readonly head: string;
  readonly align: 'left' | 'right';
  readonly cell: (row: Row) => string | number;
}

export const text = <Row>(head: string, cell: Column<Row>['cell']): Column<Row> => ({
  head,
  align: 'left',
  cell,
});
export const number = <Row>(head: string, cell: Column<Row>['cell']): Column<Row> => ({
  head,
  align: 'right',
  cell,
});

/**
 * A table under a heading, notes below it, with as many columns as fit into `width` characters; those of `dispensable` go
 * first, in this order.
 */
export function drawTable<Row>({
  columns,
  dispensable,
  rows,
  notes,
  heading,
  width = Infinity,
}: {
  columns: readonly Column<Row>[];
  dispensable: readonly string[];
  rows: readonly Row[];
  notes: readonly string[];
  heading: string;
  width?: number | undefined;
}): string {
  const drawn = (without: readonly string[]) => {
    const shown = columns.filter(({ head }) => !without.includes(head));
    const drawing = new Table({
      head: shown.map(({ head }) => head),
      style: { head: [], border: [], compact: true },
      colAligns: shown.map(({ align }) => align),
    });
    for (const row of rows) drawing.push(shown.map(({ cell }) => cell(row)));
    return drawing.toString();
  };
  let dropped = 0;
  let shown = drawn([]);
  while (shown.indexOf('\n') > width && dropped < dispensable.length)
    shown = drawn(dispensable.slice(0, ++dropped));
  return [bold(heading), shown, ...notes.map((note) => yellow(note)), dim('Ctrl-C drains and sums up')].join(
    '\n',
  );
}
