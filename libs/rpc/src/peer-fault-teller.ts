import type { Logger } from '@weir/base';
import { isRefusal, type PeerFault, peerFaultOf } from './tls/peer-fault.ts';

export interface PeerFaultTellerOptions {
  readonly logger: Logger;
  /** Whom it is about, for the log. */
  readonly peer?: string | undefined;
  /** Why the peer cannot be reached; undefined once it can. */
  readonly onFault?: ((fault: PeerFault | undefined) => void) | undefined;
}

/** Failures in a row after which a fault stands: one that passes with a restart of the peer, and one that nobody knows. */
const standsAfter = { known: 3, unknown: 8 };
const mostWords = 500;

/** Tells what keeps one from a peer as it begins to stand, changes and ends: a line of the log each. */
export class PeerFaultTeller {
  readonly #options: PeerFaultTellerOptions;
  #cause: string | undefined;
  #times = 0;
  #told = false;

  constructor(options: PeerFaultTellerOptions) {
    this.#options = options;
  }

  /** The peer has answered. */
  reached(): void {
    const { logger, peer, onFault } = this.#options;
    if (this.#told) {
      logger.info({ peer, cause: this.#cause }, 'peer can be reached again');
      onFault?.(undefined);
    }
    this.#begin(undefined);
  }

  /** A try has failed. */
  failed(error: unknown): void {
    const { logger, peer, onFault } = this.#options;
    const why = error instanceof Error ? error.message.trim().slice(0, mostWords) : '';
    const known = peerFaultOf(error);
    const fault = known ?? { cause: 'failing', text: why, lasting: false, certain: false };
    if (fault.cause !== this.#cause) {
      if (this.#told) onFault?.(undefined);
      this.#begin(fault.cause);
    }
    this.#times++;
    const stands = fault.certain || this.#times >= (known ? standsAfter.known : standsAfter.unknown);
    if (this.#told || !stands || fault.text === '') return;
    this.#told = true;
    logger.warn(
      { peer, cause: fault.cause, why },
      `${isRefusal(error) ? 'peer refuses' : 'peer cannot be reached'}: ${fault.text}`,
    );
    onFault?.(fault);
  }

  #begin(cause: string | undefined): void {
    [this.#cause, this.#times, this.#told] = [cause, 0, false];
  }
}
