import { FailedPrecondition } from '@weir/base/errors';
import { storeNotWritable } from '../store.ts';
import { notWritable } from './not-writable.ts';
import { chmodSync, closeSync, openSync, statSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';

const ownerOnly = 0o600;
/** Marks the file as Weir's ("weir" in ASCII). */
const APPLICATION_ID = 0x77656972;
/**
 * 2: texts have a checksum behind them; those of 1, which have none, are read as they are. 3: cells know when they were last
 * joined, and versions of snapshots are kept. 4: so is what belongs to no cell.
 */
const SCHEMA_VERSION = 4;

const VERSION_TABLE = `
  create table version (
    cell integer not null references cell(id),
    number integer not null,
    learner text not null,
    at integer not null, -- epoch ms
    outcomes integer not null,
    why text not null,
    state text not null,
    primary key (cell, number)
  ) strict;
`;

const FLEET_TABLE = `
  create table fleet (
    name text primary key,
    value text not null
  ) strict, without rowid;
`;

const SCHEMA = `
  create table cell (
    id integer primary key,
    name text not null unique,
    objective text,
    learner text,
    versions_reserved integer not null default 0,
    joined_at integer -- epoch ms
  ) strict;
  create table member (
    cell integer not null references cell(id),
    device text not null,
    state text not null,
    primary key (cell, device)
  ) strict, without rowid;
  create table experience (
    position integer primary key autoincrement, -- autoincrement: a position is never used again after retention
    cell integer not null references cell(id),
    outcome text not null
  ) strict;
  create index experience_of_cell on experience(cell);
  create table stream (
    id integer primary key,
    cell integer not null references cell(id),
    device text not null,
    instance text not null,
    through integer not null default 0,
    used integer not null default 0,
    unique (cell, device, instance)
  ) strict;
  create table ahead (
    stream integer not null references stream(id) on delete cascade,
    sequence integer not null,
    primary key (stream, sequence)
  ) strict, without rowid;
  create table snapshot (
    cell integer not null references cell(id),
    learner text not null,
    position integer not null,
    state text not null,
    primary key (cell, learner)
  ) strict;
  ${VERSION_TABLE}
  ${FLEET_TABLE}
`;

/** From formats 1 and 2: nobody knows when cells were last joined, so that now counts. */
const FROM_2 = `
  alter table cell add column joined_at integer;
  update cell set joined_at = unixepoch() * 1000;
  ${VERSION_TABLE}
`;

/**
 * Opens the store's file, and creates it where there is none; its folder must exist. The file belongs to one process at a
 * time; a commit has reached the disk when it returns. Throws FailedPrecondition, naming the cure, when the file is
 * corrupt, of another program, of a newer Weir, or in use.
 */
export function openDatabase(path: string): DatabaseSync {
  let database: DatabaseSync | undefined;
  try {
    keepPrivate(path);
    database = new DatabaseSync(path, { timeout: 1_000, enableForeignKeyConstraints: true });
    // Exclusive first: the write-ahead log then needs no shared memory, and a second process is refused.
    database.exec('pragma locking_mode = exclusive; pragma journal_mode = wal; pragma synchronous = full;');
    // What is deleted is overwritten, and not left lying in free pages.
    database.exec('pragma secure_delete = on');
    prepareSchema(database, path);
    const check = database.prepare('pragma quick_check(1)').get() as { quick_check: string };
    if (check.quick_check !== 'ok') throw corrupt(path, check.quick_check.replaceAll(/\s+/g, ' '));
    return database;
  } catch (error) {
    try {
      database?.close();
    } catch {
      // The first error says more.
    }
    throw refusal(path, error);
  }
}

/** What devices did is nobody else's to read. The files beside it get the same permissions. */
function keepPrivate(path: string): void {
  try {
    closeSync(openSync(path, 'a', ownerOnly));
    if ((statSync(path).mode & 0o077) !== 0) chmodSync(path, ownerOnly);
  } catch {
    // Of another user, or read-only: SQLite says what matters of that.
  }
}

function prepareSchema(database: DatabaseSync, path: string): void {
  const applicationId = pragma(database, 'application_id');
  const version = pragma(database, 'user_version');
  const tables = database.prepare('select count(*) as n from sqlite_schema').get() as { n: number };
  if (applicationId === 0 && tables.n === 0) {
    database.exec(
      `begin exclusive; ${SCHEMA} pragma application_id = ${APPLICATION_ID}; pragma user_version = ${SCHEMA_VERSION}; commit;`,
    );
  } else if (applicationId !== APPLICATION_ID)
    throw new FailedPrecondition(`${path} is a database of another program; name another file`);
  else if (version >= 1 && version < SCHEMA_VERSION)
    database.exec(
      `begin exclusive; ${version < 3 ? FROM_2 : ''} ${FLEET_TABLE} pragma user_version = ${SCHEMA_VERSION}; commit;`,
    );
  else if (version !== SCHEMA_VERSION)
    throw new FailedPrecondition(
      `${path} has format ${version}, this Weir reads format ${SCHEMA_VERSION}; use the Weir that wrote it or another file`,
    );
}

const pragma = (database: DatabaseSync, name: string): number =>
  (database.prepare(`pragma ${name}`).get() as Record<string, number>)[name] ?? 0;

const corrupt = (path: string, detail: string, cause?: unknown) =>
  new FailedPrecondition(
    `${path} is corrupt (${detail}); restore a copy, or move it away to start with nothing learned: ` +
      `mv '${path}' '${path}.corrupt'`,
    { reason: 'STORE_CORRUPT', cause },
  );

function refusal(path: string, error: unknown): Error {
  if (error instanceof FailedPrecondition) return error;
  const { errcode, message } = error as { errcode?: number; message: string };
  // SQLite result codes; the low byte is the class. https://sqlite.org/rescode.html
  const kind = (errcode ?? 0) & 0xff;
  if (kind === 11 || kind === 26) return corrupt(path, message, error);
  if (kind === 5 || kind === 6)
    return new FailedPrecondition(
      `${path} is in use by another process; stop it, or name another directory`,
      {
        reason: 'STORE_IN_USE',
        cause: error,
      },
    );
  const reason = notWritable(error);
  if (reason) return new FailedPrecondition(`${path}: ${reason}`, { reason: storeNotWritable, cause: error });
  return new FailedPrecondition(
    `${path} cannot be opened (${message}); name a directory that can be written to`,
    {
      reason: 'STORE_UNUSABLE',
      cause: error,
    },
  );
}
