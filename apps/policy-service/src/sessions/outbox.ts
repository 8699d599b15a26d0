import type { Directive, RefusedOutcome } from '@weir/domain';
import type { policy } from '@weir/proto';
import { ackToWire, directiveToWire } from '@weir/wire';

const maxRefused = 16;
const maxWanted = 16;
const none: readonly never[] = [];

/**
 * What waits to be sent to one agent: at most one directive, the newest, and one acknowledgement, the furthest; so a
 * slow agent costs no memory and gets nothing that is out of date. Questions of operators come last.
 */
export class Outbox {
  readonly #send: (message: policy.OrchestrateResponse) => Promise<void>;
  readonly #renewal: () => number | undefined;
  #directive: Directive | undefined;
  #through: number | undefined;
  #refused: readonly RefusedOutcome[] = none;
  #wanted: readonly policy.DecisionsWanted[] = none;
  /** While something is on its way. */
  #sending: Promise<void> | undefined;

  /**
   * `send`: resolves when the next may follow, and rejects when the agent has gone. `renewal`: version of the directive that an
   * acknowledgement which goes out now may renew. @default none
   */
  constructor(
    send: (message: policy.OrchestrateResponse) => Promise<void>,
    renewal: () => number | undefined = () => undefined,
  ) {
    this.#send = send;
    this.#renewal = renewal;
  }

  push(directive: Directive): void {
    this.#directive = directive;
    this.#goOn();
  }

  acknowledge(through: number, refused: readonly RefusedOutcome[]): void {
    this.#through = Math.max(through, this.#through ?? 0);
    if (refused.length > 0) this.#refused = [...this.#refused, ...refused].slice(0, maxRefused);
    this.#goOn();
  }

  ask(wanted: policy.DecisionsWanted): void {
    // While the agent takes nothing, the oldest question has long been given up.
    this.#wanted = [...this.#wanted, wanted].slice(-maxWanted);
    this.#goOn();
  }

  /** Resolves when what waits has gone out, or the agent has gone. */
  async sent(): Promise<void> {
    await this.#sending;
  }

  #goOn(): void {
    this.#sending ??= this.#sendAll().catch(() => {
      // The agent has gone, which ends its messages too; nothing more is sent.
    });
  }

  async #sendAll(): Promise<void> {
    // What is said in one go, goes out in one message of each kind.
    await Promise.resolve();
    for (let message = this.#next(); message; message = this.#next()) await this.#send({ message });
    this.#sending = undefined;
  }

  /** Acknowledgements first: they let the agent forget. */
  #next(): policy.OrchestrateResponse['message'] {
    if (this.#through !== undefined) {
      const value = ackToWire(this.#through, this.#refused, this.#renewal());
      this.#through = undefined;
      this.#refused = none;
      return { $case: 'ack', value };
    }
    if (this.#directive) {
      const value = directiveToWire(this.#directive);
      this.#directive = undefined;
      return { $case: 'directive', value };
    }
    const [wanted, ...others] = this.#wanted;
    if (wanted) this.#wanted = others;
    return wanted && { $case: 'decisionsWanted', value: wanted };
  }
}
