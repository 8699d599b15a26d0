import { Unavailable } from '@weir/base';
import type { Appended, Batch, JournalEntry } from '../experience.ts';
import type { StoreLimits } from '../limits.ts';
import { cellFenced } from '../store.ts';
import { attempt, isConflict } from './connection.ts';
import { type JetStreams, lastOf, messagesOf } from './jetstream.ts';
import {
  messageFromBytes,
  messageToBytes,
  mostInMessage,
  type OutcomesMessage,
  outcomesOf,
  type Volume,
  volumeOf,
} from './message.ts';
import { tokenOf } from './names.ts';
import { Seen, type StoredSeen } from './seen.ts';

/** What need not be read from the journal again: how it stood after a message. */
export interface JournalCheckpoint {
  /** Sequence of that message in the stream. */
  readonly through: number;
  readonly seen: StoredSeen;
  /** What was ever stored, and of that, dropped. */
  readonly total: Volume;
  readonly dropped: Volume;
  readonly marks: readonly Mark[];
}

/** A place in the journal: so much was ever stored up to and including this message. */
interface Mark {
  readonly sequence: number;
  readonly total: Volume;
}

const nothing: Volume = { outcomes: 0, bytes: 0 };
const plus = (a: Volume, b: Volume): Volume => ({
  outcomes: a.outcomes + b.outcomes,
  bytes: a.bytes + b.bytes,
});
const minus = (a: Volume, b: Volume): Volume => ({
  outcomes: a.outcomes - b.outcomes,
  bytes: a.bytes - b.bytes,
});

/** What was stored since a checkpoint before another one is due. */
const checkpointEvery = { outcomes: 20_000, messages: 5_000 };
/** Marks within the retention: outcomes are dropped in such steps. */
const marksKept = 200;
/** Outcomes of one message, and characters of them: a quarter of what a message may have, as a character may take three bytes. */
const most = { outcomes: 1_000, charactersShare: 1 / 4 };

export interface CellJournalOptions {
  readonly streams: JetStreams;
  readonly cellId: string;
  /** Of this owner of the cell. */
  readonly epoch: number;
  readonly limits: StoreLimits;
  readonly checkpoint?: JournalCheckpoint | undefined;
}

/**
 * The outcomes of a cell as one writer knows them. Each message names the one that it follows, so that NATS refuses it when
 * anything else has been stored meanwhile: a writer that another one has followed stores nothing any more, and nothing is
 * stored twice.
 */
export class CellJournal {
  readonly #options: CellJournalOptions;
  readonly #subject: string;
  readonly #seen: Seen;
  #marks: Mark[];
  #total: Volume;
  #dropped: Volume;
  /** Sequence of the last message. */
  #last = 0;
  #published = 0;
  #sinceCheckpoint = { outcomes: 0, messages: 0 };
  /** A message was given up and may have been stored all the same. */
  #isUncertain = false;
  /** Positions of what was stored and not yet answered, by outcome. */
  readonly #unanswered = new Map<string, number>();

  constructor(options: CellJournalOptions) {
    const { checkpoint, limits } = options;
    this.#options = options;
    this.#subject = tokenOf(options.cellId);
    this.#seen = new Seen(limits, checkpoint?.seen);
    this.#marks = [...(checkpoint?.marks ?? [])];
    this.#total = checkpoint?.total ?? nothing;
    this.#dropped = checkpoint?.dropped ?? nothing;
  }

  /** Makes every message of a former writer that is still to come be refused, and learns what there is. */
  async claim(): Promise<void> {
    const { streams, epoch, checkpoint } = this.#options;
    for (let claimed = false; !claimed;) {
      const last = await this.#lastMessage();
      if (last && messageFromBytes(last.data).epoch > epoch) throw fenced(this.#options.cellId);
      this.#last = last?.seq ?? 0;
      claimed = await this.#publish([]).then(
        () => true,
        (error: unknown) => {
          if (!isConflict(error)) throw error;
          return false;
        },
      );
    }
    const from = (checkpoint?.through ?? 0) + 1;
    for await (const { data, seq } of messagesOf(streams, streams.outcomes, {
      filter: this.#subject,
      from,
    })) {
      const message = messageFromBytes(data);
      if (message.epoch > epoch) throw fenced(this.#options.cellId);
      this.#follow(message.batches, seq);
    }
    // Whoever claims a cell learns from its journal.
    this.#unanswered.clear();
  }

  /** What has not been dropped. */
  get kept(): Volume {
    return minus(this.#total, this.#dropped);
  }

  /** Sequence of the last message in the stream. */
  get last(): number {
    return this.#last;
  }

  /** Stores what is new. Throws Unavailable (reason `cellFenced`) when there is another writer, and what `attempt` throws. */
  async append(batches: readonly Batch[]): Promise<readonly Appended[]> {
    if (this.#isUncertain) await this.#catchUp();
    for (const group of this.#groups(batches)) await this.#store(group);
    return batches.map((batch) => {
      const added = batch.records.flatMap(({ sequence }) => {
        const key = outcomeKey({ ...batch, sequence });
        const position = this.#unanswered.get(key);
        return position !== undefined && this.#unanswered.delete(key) ? [{ sequence, position }] : [];
      });
      return { added: added.sort((a, b) => a.position - b.position), through: this.#seen.through(batch) };
    });
  }

  /** Something has come since the last checkpoint that it would take long to read again, or to keep. */
  get isCheckpointDue(): boolean {
    const { outcomes, messages } = this.#sinceCheckpoint;
    return outcomes >= checkpointEvery.outcomes || messages >= checkpointEvery.messages || this.#isOverfull;
  }

  checkpoint(): JournalCheckpoint {
    return {
      through: this.#last,
      seen: this.#seen.toJSON(),
      total: this.#total,
      dropped: this.#dropped,
      marks: this.#marks,
    };
  }

  /** After `checkpoint` has been stored: drops what is beyond the retention. */
  async checkpointStored(): Promise<void> {
    this.#sinceCheckpoint = { outcomes: 0, messages: 0 };
    if (!this.#isOverfull) return;
    const { streams, limits } = this.#options;
    const { name, prefix } = streams.outcomes;
    const mark = this.#markBefore(limits.retention);
    if (!mark) return;
    const purge = { filter: prefix + this.#subject, seq: mark.sequence + 1 };
    await attempt(() => streams.jsm.streams.purge(name, purge));
    this.#dropped = mark.total;
    this.#marks = this.#marks.filter(({ sequence }) => sequence > mark.sequence);
  }

  /** The last entries, at most `limit`, oldest first. */
  async newest(limit: number): Promise<readonly JournalEntry[]> {
    const { streams, cellId } = this.#options;
    const mark = this.#markBefore(limit);
    const entries: JournalEntry[] = [];
    for await (const entry of entriesOf(streams, cellId, { from: (mark?.sequence ?? 0) + 1 }))
      entries.push(entry);
    return entries.slice(-limit);
  }

  get #isOverfull(): boolean {
    const { retention } = this.#options.limits;
    return this.kept.outcomes > retention + Math.max(100, retention / 100);
  }

  /** The last mark with so many outcomes behind it. */
  #markBefore(count: number): Mark | undefined {
    return this.#marks.findLast(({ total }) => total.outcomes <= this.#total.outcomes - count);
  }

  /** The batches in pieces that make one message each. */
  *#groups(batches: readonly Batch[]): Generator<readonly Batch[]> {
    const mostCharacters = (this.#options.streams.nc.info?.max_payload ?? 2 ** 20) * most.charactersShare;
    let group: Batch[] = [];
    let [outcomes, characters] = [0, 0];
    for (const batch of batches) {
      let records: Batch['records'][number][] = [];
      for (const record of batch.records) {
        const size = record.outcome?.length ?? 0;
        if (outcomes > 0 && (outcomes >= most.outcomes || characters + size > mostCharacters)) {
          // What may still come is known only with the last piece.
          yield [...group, { ...batch, records, oldestPending: 0 }];
          [group, records, outcomes, characters] = [[], [], 0, 0];
        }
        records.push(record);
        outcomes++;
        characters += size;
      }
      group.push({ ...batch, records });
    }
    yield group;
  }

  async #store(batches: readonly Batch[]): Promise<void> {
    for (;;) {
      const draft = this.#seen.draft(batches);
      const { batches: news, isNews } = draft;
      // Heard of, at least.
      if (!isNews) return this.#seen.commit(draft);
      try {
        const sequence = await this.#publish(news);
        this.#follow(news, sequence);
        return;
      } catch (error) {
        this.#isUncertain = true;
        if (!isConflict(error)) throw error;
      }
      await this.#catchUp();
    }
  }

  /** Resolves to the message's sequence. Throws the conflict when another message was stored instead. */
  #publish(batches: readonly Batch[]): Promise<number> {
    const { streams, epoch } = this.#options;
    const { js, outcomes } = streams;
    const id = `${this.#subject}.${epoch}.${++this.#published}`;
    const kept = plus(this.kept, volumeOf(batches));
    const bytes = messageToBytes({ epoch, kept, batches });
    const expect = { lastSubjectSequence: this.#last };
    return attempt(async () => {
      try {
        const options = { msgID: id, expect };
        return (await js.publish(outcomes.prefix + this.#subject, bytes, options)).seq;
      } catch (error) {
        if (!isConflict(error)) throw error;
        // Its own first try may have been stored, and only the answer lost.
        const last = await lastOf(streams, outcomes, this.#subject);
        if (last?.header.get('Nats-Msg-Id') === id) return last.seq;
        throw error;
      }
    });
  }

  /** Learns of messages that were given up and stored all the same. */
  async #catchUp(): Promise<void> {
    const { streams, epoch, cellId } = this.#options;
    const range = { filter: this.#subject, from: this.#last + 1 };
    for await (const { data, seq } of messagesOf(streams, streams.outcomes, range)) {
      const message = messageFromBytes(data);
      if (message.epoch !== epoch) throw fenced(cellId);
      this.#follow(message.batches, seq);
    }
    this.#isUncertain = false;
  }

  #follow(batches: OutcomesMessage['batches'], sequence: number): void {
    this.#seen.commit(this.#seen.draft(batches.map((batch) => ({ ...batch, cellId: '' }))));
    const outcomes = outcomesOf(batches, sequence);
    for (const outcome of outcomes) this.#unanswered.set(outcomeKey(outcome), outcome.position);
    this.#last = sequence;
    this.#total = plus(this.#total, volumeOf(batches));
    this.#sinceCheckpoint.outcomes += outcomes.length;
    this.#sinceCheckpoint.messages++;
    const step = this.#options.limits.retention / marksKept;
    if (minus(this.#total, this.#marks.at(-1)?.total ?? this.#dropped).outcomes >= step)
      this.#marks.push({ sequence, total: this.#total });
  }

  #lastMessage() {
    const { streams } = this.#options;
    return attempt(() => lastOf(streams, streams.outcomes, this.#subject));
  }
}

const outcomeKey = ({
  deviceId,
  instanceId,
  sequence,
}: {
  deviceId: string;
  instanceId: string;
  sequence: number;
}) => JSON.stringify([deviceId, instanceId, sequence]);

export const fenced = (cellId: string) =>
  new Unavailable(`another PolicyService has taken cell ${cellId} over`, { reason: cellFenced });

/** What there is of a cell's outcomes, whoever writes. */
export async function journalVolume(streams: JetStreams, cellId: string): Promise<Volume> {
  const last = await attempt(() => lastOf(streams, streams.outcomes, tokenOf(cellId)));
  return last ? messageFromBytes(last.data).kept : nothing;
}

/** At most `limit` entries after `position`, oldest first, whoever writes. */
export async function readJournal(
  streams: JetStreams,
  cellId: string,
  { after, limit }: { after: number; limit: number },
): Promise<readonly JournalEntry[]> {
  const entries: JournalEntry[] = [];
  for await (const entry of entriesOf(streams, cellId, { from: Math.floor(after / mostInMessage), limit }))
    if (entry.position > after && entries.push(entry) >= limit) break;
  return entries;
}

async function* entriesOf(
  streams: JetStreams,
  cellId: string,
  { from, limit }: { from: number; limit?: number },
): AsyncGenerator<JournalEntry> {
  const range = { filter: tokenOf(cellId), from, ...(limit !== undefined && { atOnce: limit }) };
  for await (const { data, seq } of messagesOf(streams, streams.outcomes, range))
    for (const { position, outcome } of outcomesOf(messageFromBytes(data).batches, seq))
      yield { position, outcome };
}
