import type { DatabaseSync } from 'node:sqlite';
import type { NewVersion, StoredVersion } from '../experience.ts';
import type { StoreLimits } from '../limits.ts';
import { sealed, unsealed } from './sealed.ts';

/** Versions of what the learners of a cell knew: the newest of them are kept. */
export function versionTable(database: DatabaseSync, { versions }: Pick<StoreLimits, 'versions'>) {
  const columns = 'number, learner, at, outcomes, why, octet_length(state) as bytes';
  const sql = {
    last: database.prepare('select max(number) as number from version where cell = ?'),
    add: database.prepare('insert into version values (?, ?, ?, ?, ?, ?, ?)'),
    expire: database.prepare('delete from version where cell = ? and number <= ?'),
    list: database.prepare(`select ${columns} from version where cell = ? order by number desc`),
    read: database.prepare(`select ${columns}, state from version where cell = ? and number = ?`),
  };
  return {
    keep(cell: number, { learner, at, outcomes, why, state }: NewVersion): void {
      // The newest is always kept, so that no number comes twice.
      const number = Number(sql.last.get(cell)?.number ?? 0) + 1;
      const text = sealed(state, versionKey(learner, number));
      sql.add.run(cell, number, learner, Math.floor(at), outcomes, why, text);
      sql.expire.run(cell, number - versions);
    },
    /** The newest first. */
    list: (cell: number) => sql.list.all(cell) as unknown as StoredVersion[],
    read(cell: number, number: number): (StoredVersion & { readonly state: string }) | undefined {
      const row = sql.read.get(cell, number) as unknown as
        (StoredVersion & { readonly state: string }) | undefined;
      return row && { ...row, state: unsealed(row.state, versionKey(row.learner, number)) };
    },
  };
}

export const versionKey = (learner: string, number: number) => `${learner} version ${number}`;
