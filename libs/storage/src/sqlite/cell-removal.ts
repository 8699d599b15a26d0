import type { DatabaseSync } from 'node:sqlite';
import type { CellSize } from '../experience.ts';
import { unsealed } from './sealed.ts';

/** Rows that one step deletes: each is a commit of its own, and other cells' commits go between. */
const STEP = 2_000;
/** Newest outcomes whose mean size stands for all. */
const SAMPLE = 1_000;

/** A condition on the table of cells: not being deleted. No id of a cell is as long as the name that one gets meanwhile. */
export const isPresent = 'length(name) <= 128';

/** Deletes cells, and tells how much there would be to delete. */
export function cellRemoval(database: DatabaseSync) {
  const dropRows = ['stream', 'member', 'snapshot', 'version'].map((table) =>
    database.prepare(`delete from ${table} where cell = ?`),
  );
  const sql = {
    begin: database.prepare(
      `update cell set name = printf('%0200d', id), objective = null, learner = null where id = ?`,
    ),
    begun: database.prepare(`select id from cell where not (${isPresent}) limit 1`),
    dropSome: database.prepare(
      'delete from experience where position in (select position from experience where cell = ? limit ?)',
    ),
    dropCell: database.prepare('delete from cell where id = ?'),
    size: database.prepare(
      `select learner, joined_at as joinedAt,
        (select count(*) from experience where cell = cell_.id) as outcomes,
        (select avg(octet_length(outcome)) from
          (select outcome from experience where cell = cell_.id order by position desc limit ?)) as outcomeBytes,
        (select count(*) from version where cell = cell_.id) as versions,
        (select total(octet_length(state)) from version where cell = cell_.id) as versionBytes,
        (select total(octet_length(state)) from snapshot where cell = cell_.id) as snapshotBytes,
        (select total(octet_length(state)) from member where cell = cell_.id) as memberBytes
       from cell as cell_ where id = ?`,
    ),
  };
  const drop = (cell: number): void => {
    for (const rows of dropRows) rows.run(cell);
    sql.dropCell.run(cell);
  };
  return {
    /** A cell without a journal, at once. */
    drop,
    begin: (cell: number): void => void sql.begin.run(cell),
    /** Deletes the next rows of a cell that is being deleted; false when nothing is left of any. */
    goOn(): boolean {
      const cell = sql.begun.get()?.id as number | undefined;
      if (cell === undefined) return false;
      if (Number(sql.dropSome.run(cell, STEP).changes) === 0) drop(cell);
      return true;
    },
    size(cell: number): CellSize {
      const { learner, joinedAt, outcomes, versions, ...bytes } = sql.size.get(SAMPLE, cell) as {
        learner: string | null;
        joinedAt: number | null;
      } & Record<'outcomes' | 'versions' | 'versionBytes' | 'snapshotBytes' | 'memberBytes', number> & {
          outcomeBytes: number | null;
        };
      const { outcomeBytes, versionBytes, snapshotBytes, memberBytes } = bytes;
      return {
        ...(learner !== null && { learner: unsealed(learner) }),
        ...(joinedAt !== null && { joinedAt }),
        outcomes,
        versions,
        bytes: Math.round(outcomes * (outcomeBytes ?? 0) + versionBytes + snapshotBytes + memberBytes),
      };
    },
  };
}
