import type { Directive, RefusedOutcome } from '@weir/domain';
import type { policy } from '@weir/proto';
import { ackToWire, directiveToWire } from '@weir/wire';

const maxRefused = 16;
const maxWanted = 16;

/**
 * What waits to be sent to one agent: at most one directive, the newest, and one acknowledgement, the furthest; so a
 * slow agent costs no memory and gets nothing that is out of date. Questions of operators come last.
 */
export class Outbox {
  #directive: Directive | undefined;
  #through: number | undefined;
  #refused: RefusedOutcome[] = [];
  readonly #wanted: policy.DecisionsWanted[] = [];
  #wake: (() => void) | undefined;
  #closed = false;
  readonly #renewal: () => number | undefined;

  /** `renewal`: version of the directive that an acknowledgement which goes out now may renew. @default none */
  constructor(renewal: () => number | undefined = () => undefined) {
    this.#renewal = renewal;
  }

  push(directive: Directive): void {
    this.#directive = directive;
    this.#wake?.();
  }

  acknowledge(through: number, refused: readonly RefusedOutcome[]): void {
    this.#through = Math.max(through, this.#through ?? 0);
    this.#refused = [...this.#refused, ...refused].slice(0, maxRefused);
    this.#wake?.();
  }

  ask(wanted: policy.DecisionsWanted): void {
    // While the agent takes nothing, the oldest question has long been given up.
    if (this.#wanted.length >= maxWanted) this.#wanted.shift();
    this.#wanted.push(wanted);
    this.#wake?.();
  }

  /** What still waits goes out, then `run` resolves. */
  close(): void {
    this.#closed = true;
    this.#wake?.();
  }

  /** Sends until closed. `send` resolves when the next may follow, and rejects when the agent has gone. */
  async run(send: (message: policy.OrchestrateResponse) => Promise<void>): Promise<void> {
    for (;;) {
      const message = this.#next();
      if (message) await send({ message });
      else if (this.#closed) return;
      else await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }

  /** Acknowledgements first: they let the agent forget. */
  #next(): policy.OrchestrateResponse['message'] {
    if (this.#through !== undefined) {
      const value = ackToWire(this.#through, this.#refused, this.#renewal());
      this.#through = undefined;
      this.#refused = [];
      return { $case: 'ack', value };
    }
    if (this.#directive) {
      const value = directiveToWire(this.#directive);
      this.#directive = undefined;
      return { $case: 'directive', value };
    }
    const wanted = this.#wanted.shift();
    return wanted && { $case: 'decisionsWanted', value: wanted };
  }
}
