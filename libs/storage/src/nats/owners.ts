import { type Clock, Unavailable } from '@weir/base';
import { StorageType } from '@nats-io/jetstream';
import { type KV, Kvm } from '@nats-io/kv';
import { randomUUID } from 'node:crypto';
import { storeNotWritable } from '../store.ts';
import { attempt } from './connection.ts';
import type { JetStreams } from './jetstream.ts';
import { Lease } from './lease.ts';

/** A process that has not renewed its lease for so long owns nothing any more, ms. */
export const leaseMs = 5_000;
const renewMs = 1_500;
/** So long after its lease a process that others cannot hear of gives up what it owned, ms. */
const cutOffMs = 2 * leaseMs;
/**
 * As long a renewal may go unanswered before the server is taken for cut off from the others, ms. Twice as long each time, as all
 * that is under way is lost when the server is changed: servers that are merely slow must get something done.
 */
const silentMs = { first: 2 * renewMs, most: 30_000 };

export interface OwnersOptions {
  readonly clock: Clock;
  /**
   * The lease was over, and is renewed when this resolves: others may have taken the process for dead, and have taken its cells.
   * Rejects when that cannot be found out.
   */
  readonly onLapsed: () => Promise<void>;
  /** The lease has been over for so long that others have its cells, if they are not cut off as well. */
  readonly onCutOff: () => void;
  /** The server does not answer, or has not most of the others: another one may. Told again while that lasts. */
  readonly onSilent: () => void;
}

/**
 * Which processes share the store, and live: each renews a lease in a bucket whose entries expire. One lease a process, not a
 * cell: what it costs grows with the processes alone. Memory is enough, as who lives writes it again.
 */
export class Owners implements AsyncDisposable {
  /** Of this process. */
  readonly id = randomUUID();
  readonly #kv: KV;
  readonly #clock: Clock;
  readonly #lease: Lease;
  readonly #onLapsed: () => Promise<void>;
  readonly #onCutOff: () => void;
  readonly #onSilent: () => void;
  #address = '';
  #cutOff = false;
  /** When a renewal was answered last, or another server tried. */
  #heardAt = 0;
  #silentMs = silentMs.first;
  #stop = () => {};

  private constructor(kv: KV, { clock, onLapsed, onCutOff, onSilent }: OwnersOptions) {
    this.#kv = kv;
    this.#clock = clock;
    this.#lease = new Lease(clock, leaseMs);
    this.#onLapsed = onLapsed;
    this.#onCutOff = onCutOff;
    this.#onSilent = onSilent;
  }

  static async open(
    { js }: JetStreams,
    { name, replicas, ...options }: OwnersOptions & { name: string; replicas: number },
  ): Promise<Owners> {
    const kv = await new Kvm(js).create(`${name}-owners`, {
      description: 'Processes of PolicyService that live, and where they are reached.',
      replicas,
      ttl: leaseMs,
      storage: StorageType.Memory,
      allow_direct: false,
    });
    return new Owners(kv, options);
  }

  /** From now on others know this process, or once the store is there. */
  async share(address: string): Promise<void> {
    this.#address = address;
    this.#heardAt = this.#clock.now();
    this.#stop = this.#clock.every(renewMs, () => this.#renewInPassing());
    await this.#renew().catch(() => {
      // It is tried again.
    });
  }

  /** Throws Unavailable (reason `storeNotWritable`) while the others do not know this process. */
  checkShared(): void {
    if (!this.#lease.began)
      throw new Unavailable('the store does not know this process yet', { reason: storeNotWritable });
  }

  /** Whether others take this process for alive: then nobody else owns its cells. */
  get mayOwn(): boolean {
    return !this.#lease.lapsed;
  }

  /** Where that process is reached; undefined when it is this one, or lives no more. */
  async addressOf(id: string): Promise<string | undefined> {
    if (id === this.id) return undefined;
    const entry = await attempt(() => this.#kv.get(id));
    return entry?.operation === 'PUT' ? entry.string() : undefined;
  }

  /** The others take its cells at once. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop();
    // It expires by itself.
    if (this.#address !== '') await this.#kv.delete(this.id).catch(() => {});
  }

  #renewInPassing(): void {
    const now = this.#clock.now();
    if (now - this.#heardAt >= this.#silentMs) {
      this.#heardAt = now;
      this.#silentMs = Math.min(2 * this.#silentMs, silentMs.most);
      this.#onSilent();
    }
    if (!this.#cutOff && this.#lease.lapsedFor(cutOffMs)) {
      this.#cutOff = true;
      this.#onCutOff();
    }
    // Whether or not the one before is answered: it may have been lost with servers that are gone.
    this.#renew().catch(() => {
      // The store is away: those who use it tell.
    });
  }

  async #renew(): Promise<void> {
    const now = this.#clock.now();
    await this.#kv.put(this.id, this.#address);
    this.#heardAt = this.#clock.now();
    this.#silentMs = silentMs.first;
    if (this.#lease.lapsed) await this.#onLapsed();
    this.#lease.renewed(now);
    this.#cutOff = false;
  }
}
