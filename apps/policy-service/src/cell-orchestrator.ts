import {
  type Clock,
  FailedPrecondition,
  type Logger,
  NotFound,
  ResourceExhausted,
  Unavailable,
} from '@weir/base';
import {
  type CellObservation,
  createTransferLedger,
  epochOutcomes,
  type Learner,
  type LearnerStatus,
  type Objective,
  type Outcome,
  type Placement,
  type Plan,
  tightenObjective,
  type TransferLedger,
} from '@weir/policy';
import type { DeviceHello, DeviceState } from './agent-messages.ts';
import { attainableAccuracy, attainableObservation } from './attainable.ts';
import { Epoch } from './epoch.ts';
import { type Member, Members } from './members.ts';
import { PredictionError } from './prediction-error.ts';
import { samePlacement } from './directive-change.ts';
import { type AgentLink, Sessions, type Undated } from './sessions.ts';

export interface OrchestratorTimes {
  /** Validity of a directive, ms. */
  readonly leaseMs: number;
  /** Time between regular plans, ms. */
  readonly replanMs: number;
  /** Least time between plans when changes ask for them, ms. */
  readonly leastReplanMs: number;
  /** How long a device without a session stays in the plan, ms. */
  readonly graceMs: number;
}

export interface OrchestratorOptions {
  readonly cellId: string;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly learner: Learner;
  readonly objective: Objective;
  readonly times: OrchestratorTimes;
  readonly maxDevices: number;
  /** Numbers that rise, over restarts too; undefined while none is to be had, and then nothing is pushed. */
  readonly nextVersion: () => number | undefined;
  /** An id that no ledger of this cell ever had. */
  readonly newLedgerId: () => string;
  /** Devices that have left the plan for good. */
  readonly onExpired?: (deviceIds: readonly string[]) => void;
  readonly onPlanned?: (plan: PlanMade) => void;
}

/** What is told of a plan when it is made. */
export interface PlanMade {
  readonly cellId: string;
  readonly planningMs: number;
  /** Devices that the plan before placed elsewhere. */
  readonly changes: number;
}

/** How learning and the plan stand. */
export interface CellStatus extends LearnerStatus {
  readonly learner: string;
  readonly predictionError: number;
  readonly planningMs: number;
  readonly objective: Objective;
  readonly devices: readonly DeviceStatus[];
}

export interface DeviceStatus {
  readonly deviceId: string;
  readonly planned?: Placement;
  readonly predictedMs: number;
  readonly connected: boolean;
  readonly balance: number;
}

/** A cell in synchronous epochs, until disposed. */
export interface EpochRun extends Disposable {
  /**
   * Waits until the epoch before has all its outcomes, or for `settleMs`; learns from them; plans and pushes the next.
   * Throws FailedPrecondition when there is no plan or no device is connected, Unavailable when no version is to be had.
   */
  next(options: EpochWait): Promise<EpochPlan>;
  /** Learns from the last epoch too. */
  finish(options: EpochWait): Promise<void>;
}

export interface EpochWait {
  readonly settleMs: number;
  readonly signal: AbortSignal;
}

export interface EpochPlan {
  readonly version: number;
  readonly learner: string;
  readonly plan: Plan;
  /** As far as the learner knows, were there nothing left to learn. */
  readonly bestKnown: ReadonlyMap<string, Placement>;
  /** Outcomes of the epoch before that were learned from. */
  readonly outcomes: number;
  /** Devices whose outcome of the epoch before did not come in time. */
  readonly missing: readonly string[];
  /** Time to learn and to plan, ms. */
  readonly planningMs: number;
}

/**
 * One cell's protocol state: which devices it has, what they report, what is planned for them and what each was told.
 * Plans regularly and on change; pushes a directive when it says something new or half of the lease has passed. Knows
 * neither gRPC nor the disk.
 */
export class CellOrchestrator implements Disposable {
  readonly #options: OrchestratorOptions;
  readonly #members = new Members();
  readonly #sessions: Sessions;
  readonly #error = new PredictionError();
  #learner: Learner;
  #objective: Objective;
  #ledger: TransferLedger;
  #plan: Plan | undefined;
  #planFault = '';
  #plannedAt = -Infinity;
  #planningMs = 0;
  #cancelPending: (() => void) | undefined;
  /** Set while the cell runs in synchronous epochs. */
  #epochs: { current?: Epoch } | undefined;
  /** Outcomes of plans up to this version belong to epochs that are over: they come too late to be learned from. */
  #overThrough = 0;
  /** A device has joined that the learner has not been told of. */
  #unobserved = false;
  readonly #stopRegular: () => void;

  constructor(options: OrchestratorOptions) {
    this.#options = options;
    this.#learner = options.learner;
    this.#objective = options.objective;
    this.#sessions = new Sessions({
      clock: options.clock,
      renewMs: options.times.leaseMs / 2,
      nextVersion: options.nextVersion,
    });
    this.#ledger = createTransferLedger({ ledgerId: options.newLedgerId() });
    this.#stopRegular = options.clock.every(options.times.replanMs, () => {
      // A cell that nobody talks to costs nothing and tries nothing out; one in epochs plans when it is told to.
      if (this.#sessions.size > 0 && !this.#epochs) this.replan();
      else this.#expire();
    });
  }

  get learner(): Learner {
    return this.#learner;
  }

  get objective(): Objective {
    return this.#objective;
  }

  member(deviceId: string): Member | undefined {
    return this.#members.get(deviceId);
  }

  /** A device as it was before a restart: in the plan until its grace has passed or its agent is back. */
  remember(hello: DeviceHello): void {
    this.#members.join(hello, this.#options.clock.now());
  }

  /** Tells the learner of the cell as it is, e.g. before it learns from a journal. */
  observe(): void {
    this.#unobserved = false;
    if (this.#members.size > 0) this.#learner.observe(this.#observation());
  }

  /**
   * From now on plans are made one at a time and obeyed, and the outcomes of one are learned together; whatever comes
   * late for its epoch is journaled, but not learned. Throws FailedPrecondition when the cell runs in epochs already.
   */
  runEpochs(): EpochRun {
    if (this.#epochs)
      throw new FailedPrecondition(
        `cell ${this.#options.cellId} runs in epochs already, for another caller`,
        {
          reason: 'EPOCHS_RUNNING',
        },
      );
    const epochs: { current?: Epoch } = {};
    this.#epochs = epochs;
    this.#cancelPending?.();
    this.#cancelPending = undefined;
    const { clock } = this.#options;
    const settle = async ({ settleMs, signal }: EpochWait) => {
      const before = await epochs.current?.settled({ withinMs: settleMs, clock, signal });
      delete epochs.current;
      const startedAt = clock.now();
      if (before) this.#learnFrom(epochOutcomes(before.outcomes));
      return { before, startedAt };
    };
    return {
      next: async (wait) => {
        const { before, startedAt } = await settle(wait);
        const version = this.#planAndPush({ always: true });
        const plannedAt = clock.now();
        if (!this.#plan || this.#planFault)
          throw new FailedPrecondition(this.#planFault || 'the cell has no devices', { reason: 'NO_PLAN' });
        if (version === undefined)
          throw this.#sessions.size === 0
            ? new FailedPrecondition('no device of the cell is connected', { reason: 'NO_DEVICES' })
            : new Unavailable('no directive could be sent; look at the log of PolicyService');
        this.#overThrough = version;
        epochs.current = new Epoch(version, this.#plan.placements, [...this.#sessions.deviceIds()]);
        return {
          version,
          learner: this.#learner.name,
          plan: this.#plan,
          bestKnown: this.#learner.best(),
          outcomes: before?.outcomes.length ?? 0,
          missing: before?.missing ?? [],
          planningMs: plannedAt - startedAt,
        };
      },
      finish: async (wait) => void (await settle(wait)),
      [Symbol.dispose]: () => {
        this.#epochs = undefined;
        this.#requestReplan();
      },
    };
  }

  /** Begins a session; one of the same device that still stands ends. Throws ResourceExhausted when the cell is full. */
  join(hello: DeviceHello, link: AgentLink): void {
    const { deviceId } = hello;
    const { maxDevices } = this.#options;
    if (!this.#members.get(deviceId) && this.#members.size >= maxDevices)
      throw new ResourceExhausted(`the cell has ${maxDevices} devices, and takes no more (--max-devices)`);
    this.#sessions.open(deviceId, link);
    this.#members.join(hello);
    this.#unobserved = true;
    this.#openAccount(deviceId);
    this.#requestReplan();
  }

  /** The session has ended; a session that was replaced changes nothing. */
  leave(deviceId: string, link: AgentLink): void {
    if (!this.#sessions.close(deviceId, link)) return;
    this.#ledger.leave(deviceId);
    this.#members.disconnect(deviceId, this.#options.clock.now());
    this.#requestReplan();
  }

  /** Takes an agent's report. True when the device names other nodes or variants than before. */
  report(deviceId: string, state: DeviceState): boolean {
    const { urgent, renamed } = this.#members.report(deviceId, state);
    if (state.balance) this.#ledger.report(deviceId, state.balance);
    if (urgent) this.#requestReplan();
    return renamed;
  }

  /** Learns from outcomes that are safe, in the order of the journal. */
  learn(outcomes: readonly Outcome[]): void {
    for (const outcome of outcomes) if (!outcome.failure) this.#error.add(outcome);
    if (this.#epochs) for (const outcome of outcomes) this.#epochs.current?.add(outcome);
    else
      this.#learnFrom(
        outcomes.filter(({ planVersion }) => planVersion === 0 || planVersion > this.#overThrough),
      );
  }

  #learnFrom(outcomes: readonly Outcome[]): void {
    // A learner makes nothing of devices that it does not know: outcomes may be here before the first plan.
    if (this.#unobserved) this.observe();
    const alarms = this.#learner.status().driftAlarms;
    try {
      this.#learner.learn(outcomes);
    } catch (err) {
      // An outcome that a learner cannot take must neither end the service nor keep it from starting again.
      this.#options.logger.error({ err, outcomes: outcomes.length }, 'learner failed to learn');
    }
    if (this.#learner.status().driftAlarms > alarms) this.#requestReplan();
  }

  /** Throws FailedPrecondition, naming the best attainable accuracy, for a floor that the cell cannot meet. */
  checkObjective(objective: Objective): void {
    if (this.#members.size === 0) return;
    const cell = this.#members.cell(this.#options.cellId, objective);
    const most = attainableAccuracy(cell);
    if (most !== undefined && objective.accuracyFloor > most + 1e-9)
      throw new FailedPrecondition(
        `an accuracy floor of ${objective.accuracyFloor} cannot be met: the best attainable average accuracy is ` +
          `${most.toFixed(4)} with the variants and tiers at hand`,
        { reason: 'FLOOR_UNATTAINABLE' },
      );
  }

  setObjective(objective: Objective): void {
    const floorChanged = objective.accuracyFloor !== this.#objective.accuracyFloor;
    this.#objective = objective;
    if (floorChanged) {
      // Accuracy was earned over the former floor: what is under way belongs to another account.
      this.#ledger = createTransferLedger({ ledgerId: this.#options.newLedgerId() });
      for (const deviceId of this.#sessions.deviceIds()) this.#openAccount(deviceId);
    }
    this.#requestReplan();
  }

  setLearner(learner: Learner): void {
    this.#learner = learner;
    this.#plan = undefined;
    this.observe();
    this.#requestReplan();
  }

  /** Where the plan sends the device. Throws NotFound for a device that is none, FailedPrecondition without a plan. */
  decide(deviceId: string): { placement: Placement; predictedMs: number; version: number } {
    if (!this.#members.get(deviceId))
      throw new NotFound(`device ${deviceId} is not registered in cell ${this.#options.cellId}`);
    if (!this.#plan?.placements.has(deviceId)) this.replan();
    const placement = this.#plan?.placements.get(deviceId);
    if (!placement)
      throw new FailedPrecondition(this.#planFault || `no plan covers device ${deviceId}`, {
        reason: 'NO_PLAN',
      });
    return {
      placement,
      predictedMs: this.#plan?.predictedMs.get(deviceId) ?? 0,
      version: this.#sessions.lastVersion(deviceId),
    };
  }

  status(): CellStatus {
    return {
      ...this.#learner.status(),
      learner: this.#learner.name,
      predictionError: this.#error.value(),
      planningMs: this.#planningMs,
      objective: this.#objective,
      devices: this.devicePlans(),
    };
  }

  /** Where the plan sends each device. */
  devicePlans(): DeviceStatus[] {
    return [...this.#members.entries()].map(([deviceId, { balance }]) => {
      const planned = this.#plan?.placements.get(deviceId);
      return {
        deviceId,
        ...(planned && { planned }),
        predictedMs: this.#plan?.predictedMs.get(deviceId) ?? 0,
        connected: this.#sessions.has(deviceId),
        balance,
      };
    });
  }

  /** Plans anew and pushes what is new. */
  replan(): void {
    this.#planAndPush();
  }

  [Symbol.dispose](): void {
    this.#stopRegular();
    this.#cancelPending?.();
  }

  /** Version of what went out; undefined when nothing did. */
  #planAndPush({ always = false } = {}): number | undefined {
    this.#cancelPending?.();
    this.#cancelPending = undefined;
    const { clock } = this.#options;
    this.#expire();
    if (this.#members.size === 0) return undefined;
    this.#plannedAt = clock.now();
    const before = this.#plan;
    try {
      this.#plan = this.#propose();
      this.#planFault = '';
    } catch (err) {
      const { message } = err as Error;
      // Agents go on by their last directive and their own balance; the fault is said once, not every second.
      if (message !== this.#planFault) this.#options.logger.warn({ err }, 'no plan');
      this.#planFault = message;
      return undefined;
    } finally {
      this.#planningMs = clock.now() - this.#plannedAt;
    }
    this.#options.onPlanned?.({
      cellId: this.#options.cellId,
      planningMs: this.#planningMs,
      changes: before ? changesBetween(before, this.#plan) : 0,
    });
    this.#ledger.rebalance();
    return this.#sessions.push(this.#directives(this.#plan), { always });
  }

  #expire(): void {
    const { clock, times, onExpired } = this.#options;
    const expired = this.#members.expire(clock.now(), times.graceMs);
    if (expired.length > 0) onExpired?.(expired);
  }

  #propose(): Plan {
    const observation = this.#observation();
    this.#unobserved = false;
    try {
      this.#learner.observe(observation);
      return this.#learner.propose();
    } catch (error) {
      if (!(error instanceof FailedPrecondition)) throw error;
      // The constraints cannot be met at present: the best that can be is still worth a plan.
      this.#learner.observe(attainableObservation(observation));
      return this.#learner.propose();
    }
  }

  #observation(): CellObservation {
    const cell = this.#members.cell(this.#options.cellId, this.#objective);
    const now = this.#options.clock.now();
    return this.#epochs ? this.#members.epochObservation(now, cell) : this.#members.observation(now, cell);
  }

  #directives(plan: Plan): Map<string, Undated> {
    const directives = new Map<string, Undated>();
    for (const deviceId of this.#sessions.deviceIds()) {
      const directive = this.#directive(deviceId, plan);
      if (directive) directives.set(deviceId, directive);
    }
    return directives;
  }

  #directive(deviceId: string, plan: Plan): Undated | undefined {
    const planned = plan.placements.get(deviceId);
    const member = this.#members.get(deviceId);
    if (!planned || !member) return undefined;
    return {
      leaseMs: this.#options.times.leaseMs,
      learner: this.#learner.name,
      planned,
      // In an epoch the joint placement is tried as a whole.
      thresholdMs: this.#epochs ? Infinity : plan.thresholdMs,
      explored: plan.explored,
      propensity: plan.propensity,
      actions: plan.actions.get(deviceId) ?? [],
      accuracyPriceMs: plan.accuracyPriceMs,
      objective: tightenObjective(this.#objective, member.hello.objective),
      ledger: this.#ledger.ledgerOf(deviceId),
      predictedMs: plan.predictedMs.get(deviceId) ?? 0,
    };
  }

  /** A device with an objective of its own has a floor for itself alone, and shares nothing. */
  #openAccount(deviceId: string): void {
    if (this.#members.get(deviceId)?.hello.objective) this.#ledger.leave(deviceId);
    else this.#ledger.join(deviceId);
  }

  /** Soon, and once for all that asks at the same time. */
  #requestReplan(): void {
    if (this.#cancelPending || this.#epochs) return;
    const { clock, times } = this.#options;
    const waitMs = Math.max(0, this.#plannedAt + times.leastReplanMs - clock.now());
    this.#cancelPending = clock.after(waitMs, () => this.replan());
  }
}

/** Devices of both plans that they place differently. */
const changesBetween = (before: Plan, after: Plan): number =>
  [...after.placements].filter(([deviceId, placement]) => {
    const former = before.placements.get(deviceId);
    return former && !samePlacement(former, placement);
  }).length;
