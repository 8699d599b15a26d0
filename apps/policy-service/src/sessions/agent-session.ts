import { type Clock, type FieldViolation, InvalidInput, type Logger, Unavailable } from '@weir/base';
import type { Directive } from '@weir/domain';
import type { policy } from '@weir/proto';
import type { CallCaller } from '@weir/rpc';
import { checkDecisionTrace, firstFromWire, outcomesFromWire, stateFromWire, tellOnce } from '@weir/wire';
import type { Families } from '../cell/families.ts';
import type { CellHost } from '../cell/host.ts';
import { DecisionQuestions } from './decision-questions.ts';
import type { AgentRun, Claim, DeviceInstances } from './instances.ts';
import { Journaling } from './journaling.ts';
import { Outbox } from './outbox.ts';
import { type AgentLink, isReplaced } from './registry.ts';

export interface AgentSessionOptions {
  readonly families: Families;
  readonly instances: DeviceInstances;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly caller: CallCaller;
  /** Resolves when the next message may follow, and rejects when the agent has gone. */
  readonly send: (message: policy.OrchestrateResponse) => Promise<void>;
  /** The session should end, and why. */
  readonly onEnd: (reason: Error) => void;
}

/** An agent in its cell, from its Hello to its end. Of thousands little is ever used: that is made when it is. */
export class AgentSession implements AgentLink {
  readonly #run: AgentRun;
  readonly #claim: Claim;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #onEnd: (reason: Error) => void;
  readonly #outbox: Outbox;
  /** These two come with the cell. */
  #cell!: CellHost;
  #journaling!: Journaling;
  #questions: DecisionQuestions | undefined;
  #tellLeftOut: ReturnType<typeof tellOnce> | undefined;

  private constructor(
    run: AgentRun,
    claim: Claim,
    { takesRenewals = false, options }: { takesRenewals?: boolean | undefined; options: AgentSessionOptions },
  ) {
    this.#run = run;
    this.#claim = claim;
    this.#clock = options.clock;
    this.#logger = options.logger;
    this.#onEnd = options.onEnd;
    const renewal = () => this.#cell.devices.sessions.renewal(run.deviceId, this);
    this.#outbox = new Outbox(options.send, takesRenewals ? renewal : undefined);
  }

  /** Throws as `firstFromWire`, `DeviceInstances.claim` and `Families.join`. */
  static async join(first: policy.OrchestrateRequest, options: AgentSessionOptions): Promise<AgentSession> {
    const { value, leftOut } = firstFromWire(first);
    const { cellId, hello, takesRenewals } = value;
    const { deviceId, instanceId } = hello;
    const run = { cellId, deviceId, instanceId };
    const claim = options.instances.claim(run);
    try {
      const session = new AgentSession(run, claim, { takesRenewals, options });
      const { families, caller, onEnd } = options;
      const cell = await families.join(cellId, hello, { link: session, by: caller });
      session.#cell = cell;
      session.#journaling = new Journaling({ cell, agent: run, outbox: session.#outbox, onFailure: onEnd });
      claim.stands();
      options.logger.info(run, 'device joined');
      session.#tell(leftOut);
      return session;
    } catch (error) {
      claim[Symbol.dispose]();
      throw error;
    }
  }

  push(directive: Directive): void {
    this.#outbox.push(directive);
  }

  async ask(limit: number): Promise<readonly policy.TracedDecision[]> {
    this.#questions ??= new DecisionQuestions((wanted) => this.#outbox.ask(wanted), this.#clock);
    return this.#questions.ask(limit);
  }

  end(reason: Error): void {
    this.#onEnd(isReplaced(reason) ? this.#claim.ending(reason) : reason);
  }

  /** Takes what the agent says next; resolves when it may go on. Throws InvalidInput, and why the session cannot go on. */
  take({ message }: policy.OrchestrateRequest): Promise<void> | undefined {
    switch (message?.$case) {
      case 'outcomes':
        if (message.value.state) this.#report(message.value.state);
        return this.#journaling.take(outcomesFromWire(message.value, this.#run.deviceId, this.#clock.now()));
      case 'state':
        this.#report(message.value);
        return undefined;
      case 'decisions':
        checkDecisionTrace(message.value);
        this.#questions?.answered(message.value);
        return undefined;
      case 'hello':
        throw new InvalidInput([{ field: 'message', description: 'hello comes once, at the beginning' }]);
      case undefined:
        throw new InvalidInput([{ field: 'message', description: 'expected outcomes or state' }]);
    }
  }

  /** The agent has said its last word; what is at the disk may still fail, and this then throws it. */
  journaled(): Promise<void> {
    return this.#journaling.all();
  }

  /** Leaves the cell. Resolves when what came is at the disk and, where somebody listens still, acknowledged. */
  async leave({ isHeard }: { isHeard: boolean }): Promise<void> {
    const { cellId, deviceId } = this.#run;
    try {
      this.#cell.devices.leave(deviceId, this);
      this.#logger.info({ cellId, deviceId }, 'device left');
      this.#questions?.end(new Unavailable('the session of the device has ended'));
      await this.#journaling.settled();
      if (isHeard) await this.#outbox.sent();
    } finally {
      this.#claim[Symbol.dispose]();
    }
  }

  #report(state: policy.AgentState): void {
    const { deviceId } = this.#run;
    const { value, leftOut } = stateFromWire(state, deviceId);
    this.#tell(leftOut);
    this.#cell.devices.report(deviceId, value);
  }

  #tell(leftOut: readonly FieldViolation[]): void {
    if (leftOut.length === 0) return;
    const { cellId, deviceId } = this.#run;
    this.#tellLeftOut ??= tellOnce((faults) =>
      this.#logger.warn({ cellId, deviceId, leftOut: faults }, 'unusable parts of a message are left out'),
    );
    this.#tellLeftOut(leftOut);
  }
}
