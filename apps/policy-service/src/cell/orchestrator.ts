import { FailedPrecondition, finish, NotFound, type Steps } from '@weir/base';
import {
  type AccuracyCorrection,
  type CellFigures,
  type CellStatus,
  correctedCell,
  type Objective,
  type Outcome,
} from '@weir/domain';
import {
  type AccuracyDevices,
  AccuracyGuard,
  type CellCorrection,
  type CellObservation,
  type Learner,
} from '@weir/learning';
import { attainableRange, checkAttainable, meetsFloor } from '../planning/attainable.ts';
import { CellDevices, type CellDevicesOptions, type DeviceEvents, type DeviceTimes } from './devices.ts';
import { Crowd } from './crowd.ts';
import { CellLearner } from './learner.ts';
import { deviceStatuses } from './status.ts';
import { ContinuousPlanning, type PlanningTimes } from '../planning/continuous-planning.ts';
import { directivesOf } from '../planning/directives.ts';
import { EpochRun } from '../planning/epoch-run.ts';
import { InTurn, type Work } from '../planning/in-turn.ts';
import { Turnstile } from '../planning/turnstile.ts';
import { JointPlan, type JointPlanOptions, type PlannedDevice } from '../planning/joint-plan.ts';
import { Trials } from './trials.ts';
import { PredictionError } from './prediction-error.ts';
import { Witnesses } from './witnesses.ts';

/** Batches of outcomes that are learned from without a stop. */
const batchesAtOnce = 16;
/** Batches of outcomes that may wait to be learned, before acknowledgements wait for that. */
const mostHeld = 1_024;
/** Nothing itself: what is held is learned after each work. */
const catchingUp = function* (): Steps<void> {};

export interface OrchestratorTimes extends DeviceTimes, PlanningTimes {}

export interface OrchestratorOptions
  extends CellDevicesOptions, JointPlanOptions, Pick<DeviceEvents, 'onDescribed' | 'onExpired'> {
  readonly learner: Learner;
  readonly objective: Objective;
  readonly times: OrchestratorTimes;
  /** While false another process may own the cell by now: nothing is planned, and no directive goes out. */
  readonly owned: () => boolean;
  /** Shared with the other cells of the process. @default one of its own */
  readonly turnstile?: Turnstile | undefined;
}

/**
 * One cell's protocol state: its devices, what is learned of them, what is planned for them and what each was told.
 * Plans regularly and on change, or in epochs while a run of them stands; pushes a directive when it says something new
 * or half of the lease has passed. Knows neither gRPC nor the disk.
 */
export class CellOrchestrator implements Disposable {
  readonly #options: OrchestratorOptions;
  /** Sessions join, report and leave here. */
  readonly devices: CellDevices;
  readonly #learner: CellLearner;
  readonly #plan: JointPlan;
  readonly #continuous: ContinuousPlanning;
  readonly #error = new PredictionError();
  readonly #guard = new AccuracyGuard();
  readonly #trials = new Trials();
  readonly #witnesses = new Witnesses();
  /** What plans and directives go by. */
  #correction: CellCorrection | undefined;
  #exploringFrames = 0;
  readonly #stopExpiring: () => void;
  /** Devices that join or leave at once are planned for together. */
  readonly #crowd: Crowd;
  #objective: Objective;
  #epochs: EpochRun | undefined;
  /** Plans, and what else of a large cell takes longer than its devices can wait for an acknowledgement. */
  readonly #turns: InTurn;
  readonly #planning = () => this.#planAndPush();
  readonly #recalling = () => this.#guard.observeInSteps(this.devices.members.family());
  #caughtUp: Promise<void> | undefined;
  /** Outcomes to be learned: a plan is made of what was known at its beginning. */
  #held: (readonly Outcome[])[] = [];
  /** Of them those that are learned next, the last one first: Array.shift would copy what is left of a long list each time. */
  #nextHeld: (readonly Outcome[])[] = [];
  /** Outcomes of plans up to this version belong to epochs that are over: they come too late to be learned from. */
  #overThrough = 0;
  /** Devices may still hold directives of an epoch that is over. */
  #afterEpochs = false;

  constructor(options: OrchestratorOptions) {
    const { clock, errors, learner, times, turnstile = new Turnstile(clock) } = options;
    this.#options = options;
    this.#objective = options.objective;
    this.#crowd = new Crowd(clock, () => this.#continuous.request());
    this.devices = new CellDevices({
      ...options,
      onJoined: () => this.#learner.joined(),
      onCameOrWent: () => this.#crowd.comes(),
      onUrgent: () => this.#continuous.request(),
      onDescribed: (member) => {
        options.onDescribed?.(member);
        // With curves, of which the guard may be told for the first time.
        if (member.hello.looks && this.#guard.hasPast) this.#inTurn(this.#recalling);
      },
      onTruths: (deviceId, truths, instanceId) => this.#guard.learnTruths(deviceId, truths, instanceId),
      onTrials: (deviceId, trials) => this.#trials.learnTruths(deviceId, trials),
      onExpired: (deviceIds) => {
        for (const deviceId of deviceIds) {
          this.#guard.forget(deviceId);
          this.#trials.forget(deviceId);
        }
        this.#witnesses.forget(deviceIds);
        options.onExpired?.(deviceIds);
      },
    });
    this.#learner = new CellLearner({
      learner,
      errors,
      observation: () => this.#observing(),
      onDrift: () => this.#continuous.request(),
    });
    this.#plan = new JointPlan(options);
    this.#turns = new InTurn({ clock, turnstile, between: () => this.#learnHeld() });
    this.#stopExpiring = clock.every(times.replanMs, () => this.devices.expire());
    this.#continuous = new ContinuousPlanning({
      clock,
      times,
      // A cell that nobody talks to costs nothing and tries nothing out.
      needed: () => this.devices.sessions.size > 0 && options.owned(),
      outcomePauseMs: options.outcomePauseMs,
      plan: () => this.#turns.add(this.#planning),
    });
  }

  get inEpochs(): boolean {
    return this.#epochs !== undefined;
  }

  get learner(): Learner {
    return this.#learner.current;
  }

  get objective(): Objective {
    return this.#objective;
  }

  /** Tells the learner of the cell as it is, e.g. before it learns from a journal. */
  observe(): void {
    this.#learner.observe();
  }

  /**
   * From now on the cell runs in epochs, until the run is disposed; whatever comes late for its epoch is journaled, but
   * not learned. Throws FailedPrecondition when the cell runs in epochs already.
   */
  runEpochs(): EpochRun {
    const { cellId, clock } = this.#options;
    if (this.#epochs)
      throw new FailedPrecondition(`cell ${cellId} runs in epochs already, for another caller`, {
        reason: 'EPOCHS_RUNNING',
      });
    this.#continuous.pause();
    this.#turns.giveUp(this.#planning);
    this.#turns.finish();
    this.#epochs = new EpochRun({
      clock,
      learner: this.#learner,
      plan: this.#plan,
      sessions: this.devices.sessions,
      planAndPush: () => finish(this.#planAndPush({ always: true })),
      onEnd: (lastVersion) => {
        this.#overThrough = Math.max(this.#overThrough, lastVersion);
        this.#epochs = undefined;
        this.#afterEpochs = true;
        this.#continuous.resume();
      },
    });
    return this.#epochs;
  }

  /** The last outcomes of the journal: what they tell of accuracy holds on. */
  recall(outcomes: readonly Outcome[]): void {
    this.#guard.recall(outcomes);
    this.#trials.learn(outcomes);
    this.devices.answered(outcomes, this.#objective.accuracyFloor);
  }

  /**
   * Learns from outcomes that are safe, in the order of the journal: at once where there is time for that in this turn of the
   * event loop, so that a crowd of them does not keep their devices waiting for acknowledgements.
   */
  learn(journaled: readonly Outcome[]): void {
    this.#held.push(journaled);
    if (!this.#turns.isUnderWay) this.#inTurn(catchingUp);
  }

  /** Resolves at once, unless so much waits to be learned that whoever sends more had better wait, too. */
  async caughtUp(): Promise<void> {
    if (this.#heldBatches < mostHeld) return;
    // One turn for all who wait: plans are to have theirs.
    this.#caughtUp ??= this.undisturbed(catchingUp).finally(() => (this.#caughtUp = undefined));
    await this.#caughtUp;
  }

  /** Learns at once from outcomes of the journal, which are among those that the guard recalls. */
  relearn(journaled: readonly Outcome[]): void {
    this.#learn(journaled, true);
  }

  /**
   * Does it in slices, while nothing is planned and the learner learns nothing. Resolves to its result, or rejects with what it
   * throws.
   */
  undisturbed<T>(work: () => Steps<T>): Promise<T> {
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    this.#inTurn(function* () {
      try {
        resolve(yield* work());
      } catch (error) {
        reject(error);
      }
    });
    return promise;
  }

  #inTurn(work: Work): void {
    this.#turns.add(work);
    // A run of epochs learns when an epoch is over, whatever is under way.
    if (this.#epochs) this.#turns.finish();
  }

  #learn(journaled: readonly Outcome[], recalled = false): void {
    this.#guard.observe(this.devices.members.family());
    if (!recalled) this.#trials.learn(journaled);
    if (!recalled) this.devices.answered(journaled, this.#objective.accuracyFloor);
    // Devices that obey an epoch's plan are shown the same pictures at once: less evidence than it seems.
    if (!this.#epochs && !recalled) this.#guard.learn(journaled.filter((outcome) => !this.#isOver(outcome)));
    // Nobody waited for an audit: its times are those of a node that is busy with nothing else.
    const outcomes = journaled.filter(({ auditProbability }) => auditProbability === undefined);
    const now = this.#options.clock.now();
    for (const outcome of outcomes) {
      if (outcome.failure || outcome.shadow) continue;
      this.#error.add(outcome);
      if (outcome.reason === 'explored') this.#exploringFrames++;
    }
    if (this.#epochs) this.#epochs.take(outcomes);
    else
      this.#learner.learn(
        outcomes.flatMap((outcome) => {
          if (this.#isOver(outcome) || isByCanary(outcome)) return [];
          const { nodeId, variant } = outcome.placement;
          return this.#witnesses.hear(outcome, {
            serviceMs: this.devices.members.serviceMs(nodeId, variant),
            now,
          });
        }),
      );
  }

  /** Whether it belongs to an epoch that is over. */
  #isOver({ planVersion }: Outcome): boolean {
    return planVersion !== 0 && planVersion <= this.#overThrough;
  }

  /** True while outcomes wait for the end of their epoch or of what is under way, and the learner knows nothing of them. */
  get holdsOutcomes(): boolean {
    return this.#heldBatches > 0 || (this.#epochs?.holdsOutcomes ?? false);
  }

  /** Throws FailedPrecondition, naming the best attainable accuracy, for a floor that the cell cannot meet. */
  checkObjective(objective: Objective): void {
    checkAttainable(finish(this.#accuracyDevices(objective)));
  }

  setObjective(objective: Objective): void {
    this.#turns.giveUp(this.#planning);
    // What was answered before counts for the accounts of the former floor.
    this.#turns.finish();
    const floorChanged = objective.accuracyFloor !== this.#objective.accuracyFloor;
    this.#objective = objective;
    if (floorChanged) this.devices.renewAccounts(objective.accuracyFloor);
    this.#continuous.request();
  }

  /** Throws what the learner throws when it is told of the cell, and then the former one goes on as before. */
  setLearner(learner: Learner): void {
    this.#turns.giveUp(this.#planning);
    this.#turns.finish();
    this.#learner.replace(learner);
    this.#plan.withdraw();
    this.#continuous.request();
  }

  /**
   * Where the plan sends the device; one is made for a device that has none, unless the cell runs in epochs. Throws
   * NotFound for a device that is none, FailedPrecondition without a plan.
   */
  decide(deviceId: string): PlannedDevice & { version: number } {
    if (!this.devices.members.get(deviceId))
      throw new NotFound(`device ${deviceId} is not registered in cell ${this.#options.cellId}`);
    // In epochs a plan is made when it is asked for: another one would take the outcomes away from theirs.
    if (!this.#plan.of(deviceId)) this.#turns.finish();
    if (!this.#plan.of(deviceId) && !this.#epochs) finish(this.#planAndPush());
    const planned = this.#plan.of(deviceId);
    if (!planned)
      throw new FailedPrecondition(this.#plan.fault || `no plan covers device ${deviceId}`, {
        reason: 'NO_PLAN',
      });
    return { ...planned, version: this.devices.sessions.lastVersion(deviceId) };
  }

  status(): CellStatus {
    return finish(this.statusInSteps());
  }

  /** The same; what is told of each device is as it is at its step. */
  *statusInSteps(): Steps<CellStatus> {
    const floorRange = attainableRange(yield* this.#accuracyDevices());
    yield;
    const devices = yield* deviceStatuses(this.devices, this.#plan);
    yield;
    const trials = this.#trials.value(this.devices.sessions.deviceIds());
    return { ...this.figures(), trials, floorRange, devices };
  }

  figures(): CellFigures {
    return {
      ...this.learner.status(),
      learner: this.learner.name,
      exploringFrames: this.#exploringFrames,
      predictionError: this.#error.value(),
      planningMs: this.#plan.planningMs,
      objective: this.#objective,
      accuracy: this.#guard.accuracy(this.devices.sessions.deviceIds()),
    };
  }

  [Symbol.dispose](): void {
    this.#stopExpiring();
    this.#crowd[Symbol.dispose]();
    this.#continuous[Symbol.dispose]();
    this.#turns.giveUp(this.#planning);
    this.#turns.finish();
  }

  /** Version of what went out; undefined when nothing did. */
  *#planAndPush({ always = false } = {}): Steps<number | undefined> {
    this.devices.expire();
    if (this.devices.members.size === 0) return undefined;
    this.#continuous.begun();
    try {
      return yield* this.#pushPlan(always);
    } finally {
      this.#continuous.ended(this.#plan.planningMs);
    }
  }

  *#pushPlan(always: boolean): Steps<number | undefined> {
    yield* this.#correct();
    yield;
    const learner = this.#learner;
    let propensities: ReadonlyMap<string, number> | undefined;
    const plan = yield* this.#plan.make(function* () {
      const made = yield* learner.propose();
      propensities = learner.current.propensities?.();
      return made;
    });
    if (!plan || !this.#options.owned()) return undefined;
    this.devices.ledger.rebalance();
    const directives = yield* directivesOf(plan, this.devices, {
      objective: this.#objective,
      learner: this.learner.name,
      leaseMs: this.#options.times.leaseMs,
      obey: this.#epochs !== undefined,
      correction: this.#correction,
      propensities,
    });
    const version = yield* this.devices.sessions.push(directives, { always: always || this.#afterEpochs });
    if (version !== undefined) this.#afterEpochs = false;
    return version;
  }

  get #heldBatches(): number {
    return this.#held.length + this.#nextHeld.length;
  }

  *#learnHeld(): Steps<void> {
    for (let batches = 0; this.#heldBatches > 0; batches++) {
      if (batches > 0 && batches % batchesAtOnce === 0) yield;
      if (this.#nextHeld.length === 0) [this.#nextHeld, this.#held] = [this.#held.reverse(), []];
      this.#learn(this.#nextHeld.pop()!);
    }
  }

  /** As far as the floor can still be met; in full where it cannot be met anyway. */
  *#correct(): Steps<void> {
    const { members } = this.devices;
    this.#guard.observe(members.family());
    let meets: ((correction?: AccuracyCorrection) => boolean) | undefined;
    this.#correction = yield* this.#guard.correctInSteps({
      devices: members.ids,
      attains: (correction) => (meets ??= this.#floorCheck())(correction) || !meets(),
    });
  }

  /** Tells whether the floor can be met where pictures are so. */
  #floorCheck(): (correction?: AccuracyCorrection) => boolean {
    const devices = finish(this.#accuracyDevices());
    const meets = meetsFloor(devices);
    return (correction) => meets(correctedCell(devices.cell, correction).variants);
  }

  /** As the family says. */
  *#accuracyDevices(objective = this.#objective): Steps<AccuracyDevices> {
    const { members } = this.devices;
    const cell = members.cell(this.#options.cellId, objective);
    return { cell, devices: this.#epochs ? [] : yield* members.ratesInSteps(cell) };
  }

  /** What the learner is told: pictures as they were taken to be when the last plan was begun. */
  *#observing(): Steps<CellObservation> {
    const { cellId, clock } = this.#options;
    const { members } = this.devices;
    const cell = correctedCell(members.cell(cellId, this.#objective), this.#correction?.plan);
    return this.#epochs
      ? members.epochObservation(clock.now(), cell)
      : yield* members.observationInSteps(clock.now(), cell);
  }
}

/** No plan sends frames to a canary: what it does teaches nothing of plans. */
const isByCanary = ({ placement, trial }: Outcome): boolean => placement.variant === trial;
