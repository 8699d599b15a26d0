import type { DatabaseSync } from 'node:sqlite';
import type {
  Appended,
  Batch,
  CellChange,
  CellSize,
  JournalEntry,
  StoredCell,
  StoredMember,
  StoredSnapshot,
  StoredVersion,
} from '../experience.ts';
import { cellRemoval, isPresent } from './cell-removal.ts';
import type { StoreLimits } from '../limits.ts';
import { sealed, unsealed } from './sealed.ts';
import { StreamTable } from './streams.ts';
import { versionTable } from './versions.ts';

/** The store's operations on its open database; synchronous, the caller opens and commits the transaction. */
export type Tables = ReturnType<typeof openTables>;

export function openTables(database: DatabaseSync, limits: StoreLimits) {
  const streams = new StreamTable(database, limits);
  const versions = versionTable(database, limits);
  const removal = cellRemoval(database);
  const cellIds = new Map<string, number>();
  const kept = new Map<number, number>();
  const sql = {
    cells: database.prepare(`select name from cell where ${isPresent} order by name`),
    findCell: database.prepare('select * from cell where name = ?'),
    addCell: database.prepare('insert into cell(name) values (?)'),
    change: database.prepare(
      `update cell set objective = coalesce(?, objective), learner = coalesce(?, learner),
        joined_at = coalesce(?, joined_at) where id = ?`,
    ),
    reserve: database.prepare(
      'update cell set versions_reserved = max(versions_reserved, ?) + ? where id = ? returning versions_reserved',
    ),
    members: database.prepare('select device as deviceId, state from member where cell = ? order by device'),
    join: database.prepare('insert or replace into member values (?, ?, ?)'),
    leave: database.prepare('delete from member where cell = ? and device = ?'),
    putSnapshot: database.prepare('insert or replace into snapshot values (?, ?, ?, ?)'),
    snapshot: database.prepare('select position, state from snapshot where cell = ? and learner = ?'),
    withSnapshot: database.prepare(
      `select name from snapshot join cell on cell.id = snapshot.cell where snapshot.learner = ? and ${isPresent}
        order by joined_at desc, name limit ?`,
    ),
    fleet: database.prepare('select value from fleet where name = ?'),
    putFleet: database.prepare('insert or replace into fleet values (?, ?)'),
    remember: database.prepare('insert into experience(cell, outcome) values (?, ?)'),
    read: database.prepare(
      'select position, outcome from experience where cell = ? and position > ? order by position limit ?',
    ),
    newest: database.prepare(
      'select position, outcome from experience where cell = ? order by position desc limit ?',
    ),
    notJoined: database.prepare(`select name from cell where joined_at < ? and ${isPresent}`),
    unused: database.prepare(
      `select id from cell where name = ?1 and (?2 or (objective is null and learner is null))
        and not exists (select 1 from experience where cell = cell.id)`,
    ),
    count: database.prepare('select count(*) as n from experience where cell = ?'),
    expire: database.prepare(
      `delete from experience where cell = ?1 and position <=
        (select position from experience where cell = ?1 order by position desc limit 1 offset ?2)`,
    ),
  };

  const cellId = (name: string): number => {
    const known = cellIds.get(name) ?? (sql.findCell.get(name)?.id as number | undefined);
    const id = known ?? Number(sql.addCell.run(name).lastInsertRowid);
    cellIds.set(name, id);
    return id;
  };
  const find = (name: string): number | undefined =>
    cellIds.get(name) ?? (sql.findCell.get(name)?.id as number | undefined);
  const forget = (name: string, id: number): void => {
    cellIds.delete(name);
    kept.delete(id);
    streams.reset();
  };

  return {
    /** Drops the caches, which a roll-back may have made wrong. */
    reset(): void {
      streams.reset();
      cellIds.clear();
      kept.clear();
    },

    cells: (): string[] => sql.cells.all().map((row) => row.name as string),

    load(name: string): StoredCell | undefined {
      const row = sql.findCell.get(name) as
        { id: number; objective: string | null; learner: string | null } | undefined;
      if (!row) return undefined;
      const { id, objective, learner } = row;
      const members = sql.members.all(id) as unknown as StoredMember[];
      return {
        ...(objective && { objective: unsealed(objective) }),
        ...(learner && { learner: unsealed(learner) }),
        members: members.map(({ deviceId, state }) => ({ deviceId, state: unsealed(state, deviceId) })),
      };
    },

    change(name: string, change: CellChange): void {
      const { objective, learner, joined = [], left = [], snapshots = [], version } = change;
      const joinedAt = change.joinedAt === undefined ? null : Math.floor(change.joinedAt);
      const cell = cellId(name);
      const [chosen, named] = [objective, learner].map((text) => (text ? sealed(text) : null));
      if (chosen ?? named ?? joinedAt) sql.change.run(chosen!, named!, joinedAt, cell);
      for (const { deviceId, state } of joined) sql.join.run(cell, deviceId, sealed(state, deviceId));
      for (const deviceId of left) sql.leave.run(cell, deviceId);
      for (const { learner, position, state } of snapshots)
        sql.putSnapshot.run(cell, learner, position, sealed(state, snapshotKey(learner, position)));
      if (version) versions.keep(cell, version);
    },

    dropUnused(name: string, evenConfigured: boolean): boolean {
      const id = sql.unused.get(name, Number(evenConfigured))?.id as number | undefined;
      if (id === undefined) return false;
      removal.drop(id);
      forget(name, id);
      return true;
    },

    /** The cell's name is free at once, and its rows wait for `purge`. False when there is no such cell. */
    remove(name: string): boolean {
      const id = find(name);
      if (id === undefined) return false;
      removal.begin(id);
      forget(name, id);
      return true;
    },

    notJoinedSince: (at: number): string[] => sql.notJoined.all(at).map((row) => row.name as string),

    purge: (): boolean => removal.goOn(),

    size(name: string): CellSize | undefined {
      const id = find(name);
      return id === undefined ? undefined : removal.size(id);
    },

    versions(name: string): StoredVersion[] {
      const id = find(name);
      return id === undefined ? [] : versions.list(id);
    },

    version(name: string, number: number): (StoredVersion & { readonly state: string }) | undefined {
      const id = find(name);
      return id === undefined ? undefined : versions.read(id, number);
    },

    snapshot(name: string, learner: string): StoredSnapshot | undefined {
      const id = find(name);
      if (id === undefined) return undefined;
      const row = sql.snapshot.get(id, learner) as { position: number; state: string } | undefined;
      if (!row) return undefined;
      const { position } = row;
      return { learner, position, state: unsealed(row.state, snapshotKey(learner, position)) };
    },

    /** Cells with a snapshot of that learner, those that devices have joined last first. */
    withSnapshot: (learner: string, limit: number): string[] =>
      sql.withSnapshot.all(learner, limit).map((row) => row.name as string),

    fleet(name: string): string | undefined {
      const value = sql.fleet.get(name)?.value as string | undefined;
      return value === undefined ? undefined : unsealed(value, name);
    },

    setFleet: (name: string, value: string): void => void sql.putFleet.run(name, sealed(value, name)),

    reserveVersions(name: string, count: number, above: number): number {
      return sql.reserve.get(above, count, cellId(name))?.versions_reserved as number;
    },

    append(batch: Batch): Appended {
      const cell = cellId(batch.cellId);
      const stream = streams.open(cell, batch.deviceId, batch.instanceId);
      const added: { sequence: number; position: number }[] = [];
      for (const { sequence, outcome } of batch.records) {
        if (!stream.window.admit(sequence) || outcome === undefined) continue;
        added.push({ sequence, position: Number(sql.remember.run(cell, sealed(outcome)).lastInsertRowid) });
      }
      if (batch.oldestPending > 0) stream.window.settleBelow(batch.oldestPending);
      streams.save(stream);

      // Delete in steps, so that not every batch pays for a deletion.
      let count = (kept.get(cell) ?? Number(sql.count.get(cell)?.n) - added.length) + added.length;
      if (count > limits.retention + Math.max(100, limits.retention / 100))
        count -= Number(sql.expire.run(cell, limits.retention).changes);
      kept.set(cell, count);
      return { added, through: stream.window.through };
    },

    read: (name: string, after: number, limit: number): JournalEntry[] =>
      (sql.read.all(cellId(name), after, limit) as unknown as JournalEntry[]).map(unsealedEntry),

    newest: (name: string, limit: number): JournalEntry[] =>
      (sql.newest.all(cellId(name), limit) as unknown as JournalEntry[]).reverse().map(unsealedEntry),
  };
}

const unsealedEntry = ({ position, outcome }: JournalEntry): JournalEntry => ({
  position,
  outcome: unsealed(outcome),
});

export const snapshotKey = (learner: string, position: number) => `${learner} ${position}`;
