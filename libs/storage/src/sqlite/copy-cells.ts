import type { DatabaseSync, SQLInputValue } from 'node:sqlite';
import { isPresent } from './cell-removal.ts';
import { isDamaged, sealed, unsealed } from './sealed.ts';
import { snapshotKey } from './tables.ts';

type Row = Record<string, SQLInputValue>;

/** What of a cell was copied. */
export interface CopiedCell {
  readonly cellId: string;
  readonly devices: number;
  readonly outcomes: number;
  readonly versions: number;
}

/** Names of the cells of an open store. */
export const cellsIn = (database: DatabaseSync): string[] =>
  database
    .prepare(`select name from cell where ${isPresent} order by name`)
    .all()
    .map(({ name }) => name as string);

/**
 * Copies these cells with all that is stored of them into another store, which has none of them, in one transaction of the
 * caller's. The journal keeps its order behind what is there: its positions move, and those of the snapshots with them.
 */
export function copyCells(
  source: DatabaseSync,
  target: DatabaseSync,
  cellIds: readonly string[],
): CopiedCell[] {
  const last = target.prepare('select max(seq) as position from sqlite_sequence').get()?.position;
  const offset = Number(last ?? 0);
  return cellIds.map((cellId) => copyCell(source, target, { cellId, offset }));
}

function copyCell(
  source: DatabaseSync,
  target: DatabaseSync,
  { cellId, offset }: { cellId: string; offset: number },
): CopiedCell {
  const { id: from, ...cell } = source.prepare('select * from cell where name = ?').get(cellId) as Row;
  const to = insert(target, 'cell', cell);
  const copy = (table: string, change: (row: Row) => Row = (row) => row): number => {
    let rows = 0;
    let put: ReturnType<typeof inserter> | undefined;
    // In the order of the primary key: that of the journal is the one in which it is learned.
    for (const row of source.prepare(`select * from ${table} where cell = ? order by 2, 1`).iterate(from!)) {
      const changed = change({ ...(row as Row), cell: to });
      put ??= inserter(target, table, changed);
      put(changed);
      rows++;
    }
    return rows;
  };
  const devices = copy('member');
  const outcomes = copy('experience', (row) => ({ ...row, position: Number(row.position) + offset }));
  const versions = copy('version');
  copy('snapshot', (row) => moved(row, offset));
  for (const { id, ...stream } of source.prepare('select * from stream where cell = ?').all(from!) as Row[]) {
    const copied = insert(target, 'stream', { ...stream, cell: to });
    for (const { sequence } of source.prepare('select sequence from ahead where stream = ?').all(id!))
      insert(target, 'ahead', { stream: copied, sequence: sequence! });
  }
  return { cellId, devices, outcomes, versions };
}

/** A snapshot after the same outcome at its new position, sealed for it; a damaged one stays so. */
function moved(row: Row, offset: number): Row {
  const [learner, position, stored] = [row.learner as string, row.position as number, row.state as string];
  const state = unsealed(stored, snapshotKey(learner, position));
  const newPosition = position + offset;
  return {
    ...row,
    position: newPosition,
    state: isDamaged(state) ? stored : sealed(state, snapshotKey(learner, newPosition)),
  };
}

const insert = (database: DatabaseSync, table: string, row: Row): number =>
  inserter(database, table, row)(row);

/** Inserts rows with the columns of this one; each insertion gives the row's id. */
function inserter(database: DatabaseSync, table: string, row: Row): (row: Row) => number {
  const columns = Object.keys(row);
  const places = columns.map(() => '?').join(', ');
  const statement = database.prepare(`insert into ${table}(${columns.join(', ')}) values (${places})`);
  return (values) => Number(statement.run(...columns.map((column) => values[column]!)).lastInsertRowid);
}
