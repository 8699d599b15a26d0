import type { Meter } from '@opentelemetry/api';
import { type Clock, systemClock } from '@weir/base';
import type { PeerFault } from './peer-fault.ts';

/** A peer that cannot be reached, since when (epoch ms), and why. */
export interface StandingFault extends PeerFault {
  readonly peer: string;
  readonly since: number;
}

/** What is wrong with this process's peers now: for a status, and as a gauge. */
export class PeerFaults {
  readonly #clock: Clock;
  readonly #standing = new Map<string, StandingFault>();

  constructor({ meter, clock = systemClock }: { meter?: Meter | undefined; clock?: Clock } = {}) {
    this.#clock = clock;
    const gauge = meter?.createObservableGauge('weir.peer.fault', {
      unit: '1',
      description: '1 while a peer cannot be reached for this cause.',
    });
    gauge?.addCallback((result) => {
      for (const { peer, cause } of this.all) result.observe(1, { 'weir.peer': peer, 'weir.cause': cause });
    });
  }

  get all(): readonly StandingFault[] {
    return [...this.#standing.values()];
  }

  /** For `keepOpen`'s `onFault`. */
  readonly of =
    (peer: string) =>
    (fault: PeerFault | undefined): void => {
      if (!fault) this.#standing.delete(peer);
      else this.#standing.set(peer, { ...fault, peer, since: this.#clock.now() });
    };
}
