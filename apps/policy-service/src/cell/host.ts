import { type Clock, finish, type Logger, type Steps, Unavailable } from '@weir/base';
import type { LearnerRestored, Objective, Outcome, OutcomeBatch } from '@weir/domain';
import { type BeliefPrior, type Learner, type LearnerSnapshot, snapshotText } from '@weir/learning';
import {
  memberFromJson,
  type NewVersion,
  objectiveSchema,
  type Store,
  type StoredSnapshot,
  type StoredVersion,
  storedRow,
} from '@weir/storage';
import { randomUUID } from 'node:crypto';
import type { CellDevices } from './devices.ts';
import { CellOrchestrator, type OrchestratorTimes } from './orchestrator.ts';
import type { PlanMade } from '../planning/joint-plan.ts';
import type { Turnstile } from '../planning/turnstile.ts';
import { KeptVersions } from './kept-versions.ts';
import type { KnownFamilies } from './known-families.ts';
import type { Learners } from './learners.ts';
import type { InternalErrors } from '../internal-errors.ts';
import { memberToJson } from '../journal/rows.ts';
import { learnerFrom, learnJournal, recallJournal } from '../journal/recovery.ts';
import { VersionCounter } from '../journal/version-counter.ts';

export interface CellHostOptions {
  readonly store: Store;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly learners: Learners;
  /** Learner of a cell for which none was chosen. */
  readonly learner: string;
  /** Objective of a cell for which none was set. */
  readonly objective: Objective;
  readonly times: OrchestratorTimes;
  readonly maxDevices: number;
  /** Time between snapshots of a learner that has learned something, ms. */
  readonly snapshotMs: number;
  /** Time between versions of what the learner knew that are kept, ms. @default 3 600 000 */
  readonly versionMs?: number;
  readonly errors: InternalErrors;
  /** As of `OrchestratorOptions`. */
  readonly turnstile?: Turnstile;
  /** What is known of model families: devices redefine none of it. @default nothing */
  readonly families?: KnownFamilies | undefined;
  /** Aborted when the service stops: cells that are being opened are not waited for. @default never */
  readonly signal?: AbortSignal;
  /** What other cells have learned, for one that opens with nothing learned. @default nothing */
  readonly prior?: () => BeliefPrior | undefined;
  readonly onPlanned?: (plan: PlanMade) => void;
  /** Least time between two messages of outcomes of an agent, ms. @default 0, as it likes */
  readonly outcomePauseMs?: () => number;
}

const defaultVersionMs = 3_600_000;

/**
 * A cell that survives its process: an orchestrator whose outcomes are journaled before they are acknowledged, and whose
 * learner starts from its last snapshot and everything journaled since.
 */
export class CellHost implements AsyncDisposable {
  readonly #cellId: string;
  readonly #options: CellHostOptions;
  readonly orchestrator: CellOrchestrator;
  /** Position of the last outcome that was journaled. */
  #journaledThrough: number;
  /** Position up to which the learner had learned when the last outcomes came. */
  #learnedBefore: number;
  #savedThrough: number;
  #saving = false;
  readonly #stopSaving: () => void;
  readonly versions: KeptVersions;
  #restored: (Omit<LearnerRestored, 'ageMs'> & { readonly at: number }) | undefined;
  readonly #closed = new AbortController();

  private constructor(
    cellId: string,
    options: CellHostOptions,
    orchestrator: CellOrchestrator,
    { versions, learnedThrough }: { versions: KeptVersions; learnedThrough: number },
  ) {
    this.#cellId = cellId;
    this.#options = options;
    this.orchestrator = orchestrator;
    this.versions = versions;
    this.#journaledThrough = learnedThrough;
    this.#learnedBefore = learnedThrough;
    this.#savedThrough = learnedThrough;
    this.#stopSaving = options.clock.every(options.snapshotMs, () => this.#saveInPassing());
  }

  /**
   * Resolves when the learner knows all that was ever acknowledged, as far as the journal reaches. `ownerEpoch`: of this owner
   * of the cell.
   */
  static async open(cellId: string, options: CellHostOptions, ownerEpoch = 0): Promise<CellHost> {
    const { store, clock, learners, errors } = options;
    const logger = withCell(options.logger, cellId);
    const counter = await VersionCounter.open(cellId, { store, clock, logger });
    const stored = await store.load(cellId);
    const name =
      stored?.learner && learners.names.includes(stored.learner) ? stored.learner : options.learner;
    if (stored?.learner && stored.learner !== name)
      logger.error({ learner: stored.learner, instead: name }, 'the chosen learner is not known here');
    const { learner, position } = learnerFrom(await store.snapshot(cellId, name), {
      name,
      cellId,
      learners,
      logger,
      prior: options.prior?.(),
    });
    const { priorCells, outcomes } = learner.status();
    if (priorCells && outcomes === 0)
      logger.info({ learner: name, priorCells }, 'the learner begins with what other cells have learned');
    using opened = new DisposableStack();
    const orchestrator: CellOrchestrator = new CellOrchestrator({
      cellId,
      clock,
      logger,
      errors,
      instanceId: randomUUID(),
      ownerEpoch,
      owned: () => store.mayOwn(),
      turnstile: options.turnstile,
      learner,
      objective: stored?.objective
        ? storedRow(stored.objective, 'objective', objectiveSchema)
        : options.objective,
      times: options.times,
      maxDevices: options.maxDevices,
      nextVersion: () => counter.next(),
      newLedgerId: randomUUID,
      outcomePauseMs: options.outcomePauseMs,
      families: options.families,
      ...(options.onPlanned && { onPlanned: options.onPlanned }),
      // Written before any outcome of the device, as the store keeps the order of its calls.
      onDescribed: (member) =>
        inPassing(
          store.change(cellId, {
            joinedAt: clock.now(),
            joined: [{ deviceId: member.hello.deviceId, state: memberToJson(member) }],
          }),
          logger,
        ),
      onExpired: (deviceIds) => inPassing(store.change(cellId, { left: deviceIds }), logger),
    });
    opened.use(orchestrator);
    for (const { deviceId, state } of stored?.members ?? [])
      try {
        orchestrator.devices.remember(memberFromJson(state));
      } catch (err) {
        // It is left out until it joins again.
        errors.report('replay', err, { cellId, deviceId });
      }
    await recallJournal(cellId, { store, orchestrator });
    orchestrator.observe();
    const learnedThrough = await learnJournal(cellId, {
      store,
      orchestrator,
      errors,
      from: position,
      signal: options.signal,
    });
    if (learnedThrough > position)
      logger.info({ learner: name, from: position, through: learnedThrough }, 'learned the journal again');
    const versions = await KeptVersions.open({
      cellId,
      store,
      clock,
      learners,
      everyMs: options.versionMs ?? defaultVersionMs,
    });
    const host = new CellHost(cellId, { ...options, logger }, orchestrator, { versions, learnedThrough });
    opened.defer(host.#stopSaving);
    await host.save();
    opened.move();
    return host;
  }

  /** Aborts when the cell is closed, because nobody has used it for long or others need its place. */
  get closed(): AbortSignal {
    return this.#closed.signal;
  }

  /** Nobody is planned for. */
  get isIdle(): boolean {
    const { devices, inEpochs } = this.orchestrator;
    return devices.sessions.size === 0 && devices.members.size === 0 && !inEpochs;
  }

  get devices(): CellDevices {
    return this.orchestrator.devices;
  }

  /**
   * Journals what is new, then learns from it. Resolves, when it is durable, to the sequence up to which all are
   * settled; rejects with Unavailable when the disk does not take it, and then nothing was acknowledged.
   */
  async journal({
    deviceId,
    instanceId,
    batch,
  }: {
    deviceId: string;
    instanceId: string;
    batch: OutcomeBatch;
  }): Promise<number> {
    // What comes after the end must not make the cell anew.
    this.#closed.signal.throwIfAborted();
    const outcomes = new Map<number, Outcome>();
    const records = batch.outcomes.map((numbered) => {
      if (!('outcome' in numbered)) return { sequence: numbered.sequence };
      const { sequence, outcome } = numbered;
      // As in the store, the first of two with the same number counts.
      if (!outcomes.has(sequence)) outcomes.set(sequence, outcome);
      return { sequence, outcome: JSON.stringify(outcome) };
    });
    const { added, through } = await this.#options.store.append({
      cellId: this.#cellId,
      deviceId,
      instanceId,
      oldestPending: batch.oldestPending,
      records,
    });
    const last = added.at(-1);
    if (last) {
      this.#learnedBefore = this.#learnedThrough;
      this.orchestrator.learn(added.map(({ sequence }) => outcomes.get(sequence)!));
      this.#journaledThrough = last.position;
      await this.orchestrator.caughtUp();
    }
    return through;
  }

  /** Throws FailedPrecondition when the floor cannot be met. */
  async setObjective(objective: Objective): Promise<void> {
    this.orchestrator.checkObjective(objective);
    await this.#options.store.change(this.#cellId, { objective: JSON.stringify(objective) });
    this.orchestrator.setObjective(objective);
  }

  /** The learner goes on from what it had learned before in this cell, if anything. */
  async setLearner(name: string): Promise<void> {
    const { store, learners, logger, prior } = this.#options;
    if (name === this.orchestrator.learner.name) {
      // Said explicitly: it is to stay when the default changes.
      await store.change(this.#cellId, { learner: name });
      return;
    }
    learners.create(name, this.#cellId);
    const snapshot = await store.snapshot(this.#cellId, name);
    await this.#replaceLearner(
      learnerFrom(snapshot, { name, cellId: this.#cellId, learners, logger, prior: prior?.() }).learner,
      'learner set',
    );
  }

  /** What the learner knows, with its envelope as JSON. */
  exportSnapshot(): Promise<{ readonly learner: string; readonly text: string }> {
    const { orchestrator } = this;
    return orchestrator.undisturbed(function* () {
      const { learner } = orchestrator;
      return { learner: learner.name, text: yield* snapshotText(learner) };
    });
  }

  /** Throws InvalidInput for a snapshot that is corrupt or of another learner. */
  async importSnapshot(name: string, snapshot: LearnerSnapshot): Promise<void> {
    const learner = this.#options.learners.create(name, this.#cellId);
    learner.restore(snapshot);
    await this.#replaceLearner(learner, 'import');
    this.#tellRestored(learner, 0);
    this.#options.logger.info({ learner: name }, 'the learner goes on from an imported snapshot');
  }

  /**
   * Puts the learner back to a version; what it knew until now becomes a version, too. 0: the newest that no rollback has
   * kept. Throws NotFound for a version that is none, FailedPrecondition for a damaged one.
   */
  async rollBack(number: number): Promise<{ restored: StoredVersion; kept: number }> {
    const { learner, version } = await this.versions.restore(number);
    await this.#replaceLearner(learner, 'rollback');
    this.#tellRestored(learner, version.number);
    const [{ number: kept } = version] = await this.versions.list();
    this.#options.logger.warn(
      { learner: learner.name, version: version.number, kept },
      `the learner is back at version ${version.number}; what it knew until now is version ${kept}`,
    );
    return { restored: version, kept };
  }

  /** The last time that an operator put the learner back or gave it a snapshot. */
  get restored(): LearnerRestored | undefined {
    if (!this.#restored) return undefined;
    const { at, ...restored } = this.#restored;
    return { ...restored, ageMs: this.#options.clock.now() - at };
  }

  #tellRestored({ name: learner }: Learner, version: number): void {
    const count = (this.#restored?.count ?? 0) + 1;
    this.#restored = { count, learner, version, at: this.#options.clock.now() };
  }

  /** Saves what the learner knows, and how far in the journal it has come. */
  async save(): Promise<void> {
    const { learner, snapshot } = await this.orchestrator.undisturbed(() => this.#takeSnapshot());
    // Whoever has replaced the learner meanwhile has saved what it knew.
    if (this.orchestrator.learner !== learner) return;
    const version = this.versions.isDue(learner)
      ? { version: this.versions.regular(learner, snapshot.state) }
      : {};
    try {
      await this.#options.store.change(this.#cellId, { snapshots: [snapshot], ...version });
    } catch (error) {
      if ('version' in version) this.versions.lost();
      throw error;
    }
    this.#savedThrough = Math.max(this.#savedThrough, snapshot.position);
  }

  /** Ends the sessions of the cell's devices. How many there were. */
  endSessions(reason: Error): number {
    const { sessions } = this.devices;
    const deviceIds = [...sessions.deviceIds()];
    for (const deviceId of deviceIds) sessions.end(deviceId, reason);
    this.#closed.abort(reason);
    return deviceIds.length;
  }

  /** Closes it without a word to the store: another process owns the cell now. */
  lose(reason: Error): void {
    this.endSessions(reason);
    this.#stopSaving();
    this.orchestrator[Symbol.dispose]();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed.abort(new Unavailable('the cell is closed: ask again', { reason: 'CELL_CLOSED' }));
    this.#stopSaving();
    this.orchestrator[Symbol.dispose]();
    await this.save();
  }

  /**
   * Position in the journal up to which the learner has learned. It learns an epoch when that is over: after a crash
   * before, the epoch's outcomes must be learned from the journal, whatever snapshots were saved meanwhile.
   */
  get #learnedThrough(): number {
    return this.orchestrator.holdsOutcomes ? this.#learnedBefore : this.#journaledThrough;
  }

  /**
   * At once, and durable before it is answered; the former learner keeps what it knew for another time, and for one who wants
   * `change` undone.
   */
  async #replaceLearner(learner: Learner, change: string): Promise<void> {
    const former = this.orchestrator.learner;
    this.orchestrator.setLearner(learner);
    const snapshots = [this.#snapshotOf(learner)];
    const kept = this.#snapshotOf(former);
    const version: NewVersion = this.versions.before(change, former, kept.state);
    if (former.name !== learner.name) snapshots.unshift(kept);
    try {
      await this.#options.store.change(this.#cellId, { learner: learner.name, snapshots, version });
    } catch (error) {
      this.versions.lost();
      this.orchestrator.setLearner(former);
      throw error;
    }
  }

  #snapshotOf(learner: Learner): StoredSnapshot {
    return { learner: learner.name, position: this.#learnedThrough, state: finish(snapshotText(learner)) };
  }

  /** The learner as it is at the first step: nothing is learned until the last one. */
  *#takeSnapshot(): Steps<{ learner: Learner; snapshot: StoredSnapshot }> {
    const { learner } = this.orchestrator;
    const position = this.#learnedThrough;
    const state = yield* snapshotText(learner);
    return { learner, snapshot: { learner: learner.name, position, state } };
  }

  #saveInPassing(): void {
    const hasLearned = this.#learnedThrough > this.#savedThrough;
    if (this.#saving || !(hasLearned || this.versions.isDue(this.orchestrator.learner))) return;
    this.#saving = true;
    inPassing(
      this.save().finally(() => (this.#saving = false)),
      this.#options.logger,
    );
  }
}

/** For writes that nobody waits for: a disk that fails is noticed where something is to be acknowledged. */
function inPassing(writing: Promise<void>, logger: Logger): void {
  writing.catch((err: unknown) => logger.warn({ err }, 'not stored'));
}

function withCell(logger: Logger, cellId: string): Logger {
  return {
    debug: (fields, message) => logger.debug({ cellId, ...fields }, message),
    info: (fields, message) => logger.info({ cellId, ...fields }, message),
    warn: (fields, message) => logger.warn({ cellId, ...fields }, message),
    error: (fields, message) => logger.error({ cellId, ...fields }, message),
  };
}
