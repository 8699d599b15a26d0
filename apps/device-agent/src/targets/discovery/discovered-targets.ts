import type { Clock, Logger } from '@weir/base';
import type { TargetAddress } from '@weir/wire';
import type { LinkedTarget } from '../target.ts';

/** A target in use, and its connection. */
export interface UsedTarget extends AsyncDisposable {
  readonly target: Pick<LinkedTarget, 'reachable'> & { readonly inFlight: number };
  /** No new frames go there from now on; those in flight may still be answered. */
  leave(): void;
}

export interface DiscoveredTargetsOptions {
  /** Connects a worker and sends frames there. */
  readonly use: (target: TargetAddress) => UsedTarget;
  /** Names that are not to be discovered: the device's own, and those of `--targets`. */
  readonly taken: ReadonlySet<string>;
  /** Most targets that are discovered. */
  readonly most: number;
  readonly clock: Clock;
  readonly logger: Logger;
  /** A target has come or gone. */
  readonly onChange: () => void;
}

interface Entry {
  readonly address: TargetAddress;
  readonly used: UsedTarget;
  listed: boolean;
}

const sweepPeriodMs = 1_000;
/** How long frames in flight may take at a worker that is used no longer, ms. */
const leavingMs = 30_000;

/**
 * The targets that the newest list of the cell's workers gives. The list says where workers are, their own streams whether
 * they are up: one that is listed no longer is used for as long as it answers, so that a list that is empty because
 * Telemetry has just started takes nothing away; one that drains or has died is dropped once nothing is in flight there.
 */
export class DiscoveredTargets implements AsyncDisposable {
  readonly #options: DiscoveredTargetsOptions;
  readonly #entries = new Map<string, Entry>();
  /** Used no longer, for their frames in flight; with the time at which these are given up. */
  readonly #leaving = new Map<UsedTarget, number>();
  readonly #closing = new Set<Promise<void>>();
  readonly #stopSweeping: () => void;
  #full = false;

  constructor(options: DiscoveredTargetsOptions) {
    this.#options = options;
    this.#stopSweeping = options.clock.every(sweepPeriodMs, () => this.#sweep());
  }

  /** The newest list, each name once. */
  take(listed: readonly TargetAddress[]): void {
    const names = new Set(listed.map(({ nodeId }) => nodeId));
    for (const [nodeId, entry] of this.#entries) entry.listed = names.has(nodeId);
    this.#sweep();
    let changed = false;
    for (const target of listed) {
      const { nodeId, tier, address } = target;
      const before = this.#entries.get(nodeId);
      if (this.#options.taken.has(nodeId)) continue;
      if (before?.address.address === address && before.address.tier === tier) continue;
      if (before) this.#drop(nodeId, before);
      changed = this.#use(target) || changed;
    }
    if (changed) this.#options.onChange();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopSweeping();
    for (const { used } of this.#entries.values()) this.#close(used);
    for (const used of this.#leaving.keys()) this.#close(used);
    await Promise.all(this.#closing);
  }

  #use(address: TargetAddress): boolean {
    const { most, use, logger } = this.#options;
    const { nodeId: node, tier } = address;
    if (this.#entries.size >= most) {
      if (!this.#full) logger.warn({ node, most }, 'there are more workers than a device uses');
      this.#full = true;
      return false;
    }
    logger.info({ node, tier, address: address.address }, 'target discovered');
    this.#entries.set(node, { address, used: use(address), listed: true });
    return true;
  }

  #sweep(): void {
    const now = this.#options.clock.now();
    let changed = false;
    for (const [nodeId, entry] of this.#entries) {
      const { reachable, inFlight } = entry.used.target;
      if (entry.listed || reachable || inFlight > 0) continue;
      this.#options.logger.info({ node: nodeId }, 'target is no more');
      this.#drop(nodeId, entry);
      changed = true;
    }
    for (const [used, until] of this.#leaving)
      if (used.target.inFlight === 0 || now >= until) this.#close(used);
    if (changed) this.#options.onChange();
  }

  #drop(nodeId: string, { used }: Entry): void {
    this.#entries.delete(nodeId);
    this.#full = false;
    used.leave();
    if (used.target.inFlight === 0) this.#close(used);
    else this.#leaving.set(used, this.#options.clock.now() + leavingMs);
  }

  #close(used: UsedTarget): void {
    this.#leaving.delete(used);
    const closing: Promise<void> = Promise.resolve(used[Symbol.asyncDispose]()).finally(() =>
      this.#closing.delete(closing),
    );
    this.#closing.add(closing);
  }
}
