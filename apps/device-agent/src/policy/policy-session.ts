import { Cancelled, type Clock, type Logger, type Random, sleep, Unavailable } from '@weir/base';
import { OutcomePause, StateReports, statePeriodMs } from '@weir/dispatch';
import type { DeviceState, Directive } from '@weir/domain';
import type { policy } from '@weir/proto';
import { type ClientDuplex, keepOpen, type KeepOpenOptions } from '@weir/rpc';
import { directiveFromWire, outcomeToWire, stateToWire } from '@weir/wire';
import type { OutcomeBuffer, PendingOutcome } from './outcome-buffer.ts';

export type OrchestrateStream = ClientDuplex<policy.OrchestrateRequest, policy.OrchestrateResponse>;

export interface PolicySessionOptions {
  /** Opens a stream to PolicyService; the signal cancels it. */
  readonly openStream: (signal: AbortSignal) => OrchestrateStream;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly outcomes: OutcomeBuffer;
  /** What a new session begins with. */
  readonly hello: () => policy.Hello;
  readonly state: () => DeviceState;
  /** Why PolicyService cannot be reached; undefined once it can. */
  readonly onFault?: KeepOpenOptions['onFault'];
  /** As `connected` of `keepOpen`. */
  readonly connectionStands?: KeepOpenOptions['connected'];
  /** As `onFailure` of `keepOpen`. */
  readonly onEnded?: KeepOpenOptions['onFailure'];
  readonly onDirective: (directive: Directive) => void;
  /** The directive of this version holds for another lease. Only where `hello` takes renewals. */
  readonly onRenewed?: (version: number) => void;
  /** The policy has these, and they are forgotten here. */
  readonly onAcknowledged?: (outcomes: readonly PendingOutcome[]) => void;
  /** The last decisions, the newest first, at most so many. */
  readonly decisions: (limit: number) => policy.TracedDecision[];
  /** How long an outcome waits for others to go with, ms. @default 100 */
  readonly batchMs?: number;
}

/** Outcomes in one message. */
const batchLimit = 256;
/** Least time between two messages of outcomes where the policy asks for no longer one, ms: it plans once a second, and each costs it. */
const leastPauseMs = 500;
/** How long the end of the agent waits for the policy to take the last outcomes, ms. */
const farewellMs = 1_000;

/** Who sent the directive owned the cell before its present owner did. */
class FormerOwner extends Unavailable {}

/**
 * The agent's session with PolicyService, opened again with back-off whenever it ends. Outcomes stay in the buffer until
 * they are acknowledged; each new session sends all of them again, by their numbers, so that none counts twice.
 */
export class PolicySession implements AsyncDisposable {
  readonly #options: PolicySessionOptions;
  readonly #stop = new AbortController();
  readonly #kept: Promise<void>;
  #stream: OrchestrateStream | undefined;
  #connected = false;
  /** Highest sequence sent on this stream. */
  #sentThrough = 0n;
  /** In epochs, where a plan is to be obeyed, somebody waits for each outcome. */
  #obeys = true;
  /** Of the last owner of the cell that has sent a directive. */
  #ownerEpoch = 0;
  readonly #pause: OutcomePause;
  #pumping = false;
  #batchTimer: (() => void) | undefined;
  readonly #reports: StateReports;
  #stateTimer: (() => void) | undefined;
  #allAcknowledged: (() => void) | undefined;

  constructor(options: PolicySessionOptions) {
    this.#options = options;
    const { clock, random, logger, state } = options;
    this.#reports = new StateReports(state);
    this.#pause = new OutcomePause(random.uniform, leastPauseMs);
    this.#kept = keepOpen({
      open: (signal) => this.#session(signal),
      onFailure: options.onEnded,
      signal: this.#stop.signal,
      clock,
      random,
      logger,
      maxMs: 2000,
      peer: 'policy',
      onFault: options.onFault,
      connected: options.connectionStands,
    });
  }

  /** True once PolicyService has answered on this stream. */
  get connected(): boolean {
    return this.#connected;
  }

  /** New outcomes are in the buffer; they are sent within `batchMs`, or a pause after the last. */
  outcomesAdded(): void {
    if (!this.#stream || this.#pumping) return;
    const { clock, batchMs = 100 } = this.#options;
    const pauseMs = this.#obeys ? 0 : this.#pause.leftMs(clock.now());
    this.#batchTimer ??= clock.after(Math.max(batchMs, pauseMs), () => this.#pump());
  }

  /** Something that the policy should know before the next regular report has changed, e.g. a target has gone. */
  stateChanged(): void {
    if (this.#stream) this.#sendState(this.#reports.now(this.#options.clock.now()));
  }

  /** Begins a new session, because what a session begins with has changed. */
  renew(): void {
    this.#stream?.cancel();
  }

  /** Sends what is left, waits a moment for its acknowledgement, and closes. */
  async [Symbol.asyncDispose](): Promise<void> {
    const { outcomes, clock } = this.#options;
    if (this.#connected && outcomes.pending > 0) {
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#allAcknowledged = resolve;
      const settled = new AbortController();
      this.#pump();
      await Promise.race([promise, sleep(farewellMs, { clock, signal: settled.signal }).catch(() => {})]);
      settled.abort();
    }
    this.#stop.abort(new Cancelled('the agent stops'));
    await this.#kept;
  }

  /** One stream, from its opening to its end. */
  async #session(signal: AbortSignal): Promise<void> {
    const { openStream, hello, logger } = this.#options;
    const stream = openStream(signal);
    this.#stream = stream;
    this.#sentThrough = 0n;
    this.#pause.begin();
    this.#obeys = true;
    this.#send({ $case: 'hello', value: hello() });
    this.#reports.begin();
    this.stateChanged();
    try {
      this.#pump();
      for await (const message of stream) {
        if (!this.#connected) logger.info({}, 'policy connected');
        this.#connected = true;
        this.#receive(message);
      }
      throw new Unavailable('PolicyService closed the session');
    } finally {
      this.#stateTimer?.();
      if (this.#connected && !signal.aborted)
        logger.warn({}, 'policy lost; carrying on by the last directive');
      this.#connected = false;
      this.#stream = undefined;
      this.#batchTimer?.();
      this.#batchTimer = undefined;
      stream.cancel();
    }
  }

  #receive({ message }: policy.OrchestrateResponse): void {
    const { outcomes, onDirective, onRenewed, onAcknowledged, logger } = this.#options;
    switch (message?.$case) {
      case 'directive':
        try {
          const { value, leftOut } = directiveFromWire(message.value);
          if (leftOut.length > 0) logger.warn({ leftOut }, 'unusable actions of a directive are left out');
          this.#checkOwner(value);
          this.#reports.pauseAtMost(value.statePauseMs ?? 0);
          this.#pause.ask(Math.max(leastPauseMs, value.outcomePauseMs ?? 0));
          this.#obeys = value.thresholdMs === Infinity;
          onDirective(value);
        } catch (err) {
          if (err instanceof FormerOwner) throw err;
          // The directive before it stays in force.
          logger.error({ err }, 'directive refused');
        }
        break;
      case 'ack': {
        const acknowledged = outcomes.acknowledge(message.value.throughSequence);
        onAcknowledged?.(acknowledged);
        if (message.value.renewedVersion > 0n) onRenewed?.(Number(message.value.renewedVersion));
        for (const { sequence, faults } of message.value.refused)
          logger.error({ sequence: String(sequence), faults }, 'outcome refused');
        if (outcomes.pending === 0) this.#allAcknowledged?.();
        break;
      }
      case 'decisionsWanted': {
        const { id, limit } = message.value;
        this.#send({ $case: 'decisions', value: { id, decisions: this.#options.decisions(limit) } });
        break;
      }
      case undefined:
        break;
    }
  }

  /** A policy that was suspended may not know yet that another one owns the cell now. */
  #checkOwner({ ownerEpoch = 0 }: Directive): void {
    if (ownerEpoch > 0 && ownerEpoch < this.#ownerEpoch)
      throw new FormerOwner('the policy owns the cell no more');
    this.#ownerEpoch = Math.max(this.#ownerEpoch, ownerEpoch);
  }

  /** Sends what this stream has not carried yet, no faster than flow control allows. */
  #pump(): void {
    this.#batchTimer?.();
    this.#batchTimer = undefined;
    const stream = this.#stream;
    if (this.#pumping || !stream) return;
    this.#pumping = true;
    void this.#sendPending(stream).finally(() => {
      this.#pumping = false;
      // A stream that was opened meanwhile, or outcomes that came with the last batch, still wait.
      if (this.#stream && this.#options.outcomes.after(this.#sentThrough, 1).length > 0) this.outcomesAdded();
    });
  }

  async #sendPending(stream: OrchestrateStream): Promise<void> {
    const { outcomes, clock } = this.#options;
    for (let first = true; stream === this.#stream; first = false) {
      const batch = outcomes.after(this.#sentThrough, batchLimit);
      if (batch.length === 0) return;
      this.#sentThrough = batch.at(-1)!.sequence;
      const now = clock.now();
      // What waits goes in one message or several, and then there is one pause.
      if (first) this.#pause.sent(now);
      const state = this.#reports.dueWithOutcomes(now);
      if (state) this.#lookAgain();
      const value = {
        outcomes: batch.map((outcome) => outcomeToWire(outcome, now)),
        oldestPendingSequence: outcomes.oldest,
        state: state && stateToWire(state),
      };
      const sent = stream.send({ message: { $case: 'outcomes', value } });
      // A stream that broke is noticed where it is read.
      await sent.catch(() => {});
    }
  }

  /** Looks a period from now whether the state is due. */
  #lookAgain(): void {
    this.#stateTimer?.();
    this.#stateTimer = this.#options.clock.after(statePeriodMs, () => this.#report());
  }

  /** Tells the state if that is due and no outcomes wait that it goes with. */
  #report(): void {
    this.#lookAgain();
    if (this.#batchTimer && this.#reports.withOutcomes) return;
    const state = this.#reports.due(this.#options.clock.now());
    if (state) this.#sendState(state);
  }

  #sendState(state: DeviceState): void {
    this.#lookAgain();
    this.#send({ $case: 'state', value: stateToWire(state) });
  }

  #send(message: NonNullable<policy.OrchestrateRequest['message']>): void {
    void this.#stream?.send({ message });
  }
}
