import { Unavailable } from '@weir/base';
import type { OutcomeBatch, RefusedOutcome } from '@weir/domain';
import { storeNotWritable } from '@weir/storage';
import type { CellHost } from '../cell/host.ts';
import type { AgentRun } from './instances.ts';
import type { Outbox } from './outbox.ts';

/** Batches of one agent that may be at the disk at once; a further one is not read before one of them is safe. */
const batchesInFlight = 32;

interface JournalingOptions {
  readonly cell: CellHost;
  readonly agent: AgentRun;
  readonly outbox: Outbox;
  /** The session cannot go on. */
  readonly onFailure: (error: Error) => void;
}

const isNotWritable = (error: Error): boolean =>
  error instanceof Unavailable && error.reason === storeNotWritable;

const diskIsBack = () =>
  new Unavailable('the disk takes outcomes again: join again, and send them again', {
    reason: 'DISK_IS_BACK',
    retryAfterMs: 100,
  });

/**
 * The batches of one session on their way to the disk, in order. While the disk takes nothing the session goes on, because its
 * agent needs directives all the same, and nothing is acknowledged; once it takes something, the session ends, because what
 * came before is missing.
 */
export class Journaling {
  readonly #cell: CellHost;
  readonly #agent: AgentRun;
  readonly #outbox: Outbox;
  readonly #inFlight = new Set<Promise<void>>();
  /** Outcomes that the disk did not take: the agent has them, and sends them again in its next session. */
  #owed = false;
  readonly #onFailure: (error: Error) => void;
  #failure: Error | undefined;

  constructor({ cell, agent, outbox, onFailure }: JournalingOptions) {
    this.#cell = cell;
    this.#agent = agent;
    this.#outbox = outbox;
    this.#onFailure = onFailure;
  }

  /** Resolves when the next batch may come. Throws when one has failed. */
  async take(batch: OutcomeBatch): Promise<void> {
    const { deviceId, instanceId } = this.#agent;
    const refused = batch.outcomes.flatMap((outcome): RefusedOutcome[] =>
      'faults' in outcome ? [outcome] : [],
    );
    const journaled = this.#cell
      .journal({ deviceId, instanceId, batch })
      .then(
        (through) => {
          if (this.#owed) this.#fail(diskIsBack());
          else this.#outbox.acknowledge(through, refused);
        },
        (error: Error) => {
          if (isNotWritable(error)) this.#owed = true;
          else this.#fail(error);
        },
      )
      .finally(() => this.#inFlight.delete(journaled));
    this.#inFlight.add(journaled);
    while (this.#inFlight.size >= batchesInFlight && !this.#failure) await Promise.race(this.#inFlight);
    if (this.#failure) throw this.#failure;
  }

  #fail(error: Error): void {
    if (this.#failure) return;
    this.#failure = error;
    this.#onFailure(error);
  }

  /** All are durable. Throws when one has failed. */
  async all(): Promise<void> {
    await this.settled();
    if (this.#failure) throw this.#failure;
  }

  async settled(): Promise<void> {
    await Promise.all(this.#inFlight);
  }
}
