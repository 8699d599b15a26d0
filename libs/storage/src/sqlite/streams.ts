import type { DatabaseSync } from 'node:sqlite';
import type { StoreLimits } from '../limits.ts';
import { SequenceWindow } from '../sequence-window.ts';

/** Sequences seen from one agent instance. */
export interface Stream {
  readonly id: number;
  readonly window: SequenceWindow;
  /** Sequences ahead of the window, as stored. */
  savedAhead: Set<number>;
}

/** Streams of outcomes, one per agent instance; the least recently used of a cell are forgotten. */
export class StreamTable {
  readonly #database: DatabaseSync;
  readonly #limits: StoreLimits;
  readonly #open = new Map<string, Stream>();
  readonly #sql;
  #used: number;

  constructor(database: DatabaseSync, limits: StoreLimits) {
    this.#database = database;
    this.#limits = limits;
    this.#sql = {
      find: database.prepare('select id, through from stream where cell = ? and device = ? and instance = ?'),
      add: database.prepare('insert into stream(cell, device, instance) values (?, ?, ?)'),
      save: database.prepare('update stream set through = ?, used = ? where id = ?'),
      forget: database.prepare(
        `delete from stream where cell = ?1 and used <=
          (select used from stream where cell = ?1 order by used desc limit 1 offset ?2)`,
      ),
      ahead: database.prepare('select sequence from ahead where stream = ?'),
      addAhead: database.prepare('insert into ahead values (?, ?)'),
      dropAhead: database.prepare('delete from ahead where stream = ? and sequence = ?'),
    };
    this.#used = this.#lastUsed();
  }

  open(cell: number, device: string, instance: string): Stream {
    const key = JSON.stringify([cell, device, instance]);
    const known = this.#open.get(key);
    if (known) return known;
    const row = this.#sql.find.get(cell, device, instance) as { id: number; through: number } | undefined;
    // Forget before adding: a new stream must never be the least recently used.
    if (!row && this.#sql.forget.run(cell, this.#limits.maxStreams - 1).changes) this.#open.clear();
    const id = row?.id ?? Number(this.#sql.add.run(cell, device, instance).lastInsertRowid);
    const ahead = row ? this.#sql.ahead.all(id).map(({ sequence }) => sequence as number) : [];
    const window = new SequenceWindow({ through: row?.through ?? 0, ahead, limit: this.#limits.maxAhead });
    const stream = { id, window, savedAhead: new Set(ahead) };
    if (this.#open.size >= this.#limits.maxStreams) this.#open.clear();
    this.#open.set(key, stream);
    return stream;
  }

  save(stream: Stream): void {
    this.#sql.save.run(stream.window.through, ++this.#used, stream.id);
    const { ahead } = stream.window;
    if (ahead.size === 0 && stream.savedAhead.size === 0) return;
    for (const sequence of ahead)
      if (!stream.savedAhead.has(sequence)) this.#sql.addAhead.run(stream.id, sequence);
    for (const sequence of stream.savedAhead)
      if (!ahead.has(sequence)) this.#sql.dropAhead.run(stream.id, sequence);
    stream.savedAhead = new Set(ahead);
  }

  reset(): void {
    this.#open.clear();
    this.#used = this.#lastUsed();
  }

  #lastUsed(): number {
    return Number(this.#database.prepare('select max(used) as used from stream').get()?.used ?? 0);
  }
}
