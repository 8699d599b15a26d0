import { type Clock, Unavailable } from '@weir/base';
import type { Connection } from '@weir/rpc';
import { advertisedAddressFault } from '@weir/wire';

export interface PolicyRouteOptions {
  /** Policies that share the cells, HOST:PORT each, at least one. */
  readonly addresses: readonly string[];
  readonly connect: (address: string) => Connection;
  readonly clock: Clock;
}

/** Reason of a policy that another one owns the cell, whose address `info.owner` is. */
const ownedElsewhere = 'CELL_OWNED_ELSEWHERE';
/** How long a policy may take to answer where there is another one to try, ms: its machine may be gone. */
const answersWithinMs = 2_000;

/** As long as the lease of an owner that has died takes to run out, ms. */
const goneForMs = 5_000;

/**
 * The policy to talk to: one of those configured or, when that one names the owner of the cell, the owner; the next one of
 * those configured when it does not answer or cannot go on.
 */
export class PolicyRoute implements AsyncDisposable {
  readonly #options: PolicyRouteOptions;
  #at = 0;
  #connection: Connection;
  /** Could not be reached. */
  #gone: { readonly address: string; readonly at: number } | undefined;
  /** The connection was given up. */
  #isSilent = false;

  constructor(options: PolicyRouteOptions) {
    this.#options = options;
    this.#connection = options.connect(options.addresses[0]!);
  }

  get connection(): Connection {
    return this.#connection;
  }

  /** Calls `giveUp` when the connection does not stand in time, if there is another one to try. */
  expectAnswer(giveUp: () => void): void {
    const connection = this.#connection;
    if (!this.#hasOthers) return;
    this.#options.clock.after(answersWithinMs, () => {
      if (connection !== this.#connection || connection.connected) return;
      this.#isSilent = true;
      giveUp();
    });
  }

  /** A session over the connection is over: the next one may take another. How long to wait before it, ms. */
  ended(error: unknown): number {
    const isSilent = this.#isSilent;
    this.#isSilent = false;
    const isLost = error instanceof Unavailable && error.retryAfterMs === undefined;
    const owner = isLost ? ownerIn(error) : undefined;
    const { address } = this.#connection;
    // An owner that has just died is named until its lease has run out: ask the one that answers again then.
    if (owner !== undefined && this.#isGone(owner))
      return this.#gone!.at + goneForMs - this.#options.clock.now();
    if (owner !== undefined && owner !== address) this.#take(owner);
    else if ((isLost || isSilent) && this.#hasOthers) {
      this.#gone = { address, at: this.#options.clock.now() };
      const { addresses } = this.#options;
      this.#at = (this.#at + 1) % addresses.length;
      this.#take(addresses[this.#at]!);
    }
    return 0;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#connection[Symbol.asyncDispose]();
  }

  #isGone(address: string): boolean {
    return this.#gone?.address === address && this.#options.clock.now() - this.#gone.at < goneForMs;
  }

  get #hasOthers(): boolean {
    const { addresses } = this.#options;
    return addresses.length > 1 || this.#connection.address !== addresses[0];
  }

  #take(address: string): void {
    const former = this.#connection;
    if (former.address === address) return;
    this.#connection = this.#options.connect(address);
    void former[Symbol.asyncDispose]();
  }
}

function ownerIn({ reason, info }: Unavailable): string | undefined {
  const { owner } = info;
  const isOne =
    reason === ownedElsewhere && owner !== undefined && advertisedAddressFault(owner) === undefined;
  return isOne ? owner : undefined;
}
