import { type Clock, FailedPrecondition, NotFound } from '@weir/base';
import type { Learner, LearnerSnapshot } from '@weir/learning';
import { isDamaged, type NewVersion, type Store, type StoredVersion } from '@weir/storage';
import type { Learners } from './learners.ts';

export interface KeptVersionsOptions {
  readonly cellId: string;
  readonly store: Store;
  readonly clock: Clock;
  readonly learners: Learners;
  /** Time between versions that nobody asked for, ms. */
  readonly everyMs: number;
}

/** Why a version was kept; the newest of another kind is where a rollback goes without being told. */
const beforeRollback = 'before rollback';

/** The versions of what the learner of a cell knew: from time to time, and before an operator changes it. */
export class KeptVersions {
  readonly #options: KeptVersionsOptions;
  #last: Pick<StoredVersion, 'learner' | 'outcomes' | 'at'> | undefined;

  private constructor(options: KeptVersionsOptions, last: StoredVersion | undefined) {
    this.#options = options;
    this.#last = last;
  }

  static async open(options: KeptVersionsOptions): Promise<KeptVersions> {
    const [last] = await options.store.versions(options.cellId);
    return new KeptVersions(options, last);
  }

  /** Whether it is time for the next version, and something new has been learned. */
  isDue(learner: Learner): boolean {
    const { clock, everyMs } = this.#options;
    const { outcomes } = learner.status();
    const last = this.#last;
    const isNew = outcomes > 0 && (last?.learner !== learner.name || last.outcomes !== outcomes);
    return isNew && (!last || clock.now() - last.at >= everyMs);
  }

  /** `state`: the learner's snapshot, JSON. */
  regular(learner: Learner, state: string): NewVersion {
    return this.#of(learner, { why: 'regular', state });
  }

  /** Likewise. `change`: what comes of it next, e.g. "rollback". */
  before(change: string, learner: Learner, state: string): NewVersion {
    return this.#of(learner, { why: `before ${change}`, state });
  }

  /** The last one did not get onto the disk: the next is due. */
  lost(): void {
    this.#last = undefined;
  }

  list(): Promise<readonly StoredVersion[]> {
    const { store, cellId } = this.#options;
    return store.versions(cellId);
  }

  /** What the learner knew then, as JSON. Throws NotFound for a version that is none, FailedPrecondition for a damaged one. */
  async read(number: number): Promise<{ version: StoredVersion; learner: string; text: string }> {
    const { store, cellId } = this.#options;
    const stored = await store.version(cellId, number);
    if (!stored) throw await this.#unknown(number);
    const { state: text, ...version } = stored;
    if (isDamaged(text)) throw damaged(number);
    return { version, learner: version.learner, text };
  }

  /** A learner as it was then; 0: at the newest version that no rollback has kept. Throws as `read`. */
  async restore(number: number): Promise<{ learner: Learner; version: StoredVersion }> {
    const { learners, cellId } = this.#options;
    const { version, text } = await this.read(number || (await this.#latest()));
    const learner = learners.create(version.learner, cellId);
    learner.restore(snapshotOf(text, version.number));
    return { learner, version };
  }

  async #latest(): Promise<number> {
    const latest = (await this.list()).find(({ why }) => why !== beforeRollback);
    if (!latest) throw await this.#unknown(0);
    return latest.number;
  }

  async #unknown(number: number): Promise<NotFound> {
    const kept = (await this.list()).map((version) => version.number);
    const which = number === 0 ? 'no version to go back to' : `no version ${number}`;
    return new NotFound(
      kept.length > 0 ? `there is ${which}; kept are ${kept.join(', ')}` : `no version has been kept yet`,
      { reason: 'NO_VERSION' },
    );
  }

  #of(learner: Learner, { why, state }: Pick<NewVersion, 'why' | 'state'>): NewVersion {
    const { outcomes } = learner.status();
    const at = this.#options.clock.now();
    this.#last = { learner: learner.name, outcomes, at };
    return { learner: learner.name, at, outcomes, why, state };
  }
}

function snapshotOf(text: string, number: number): LearnerSnapshot {
  try {
    return JSON.parse(text) as LearnerSnapshot;
  } catch (cause) {
    throw damaged(number, cause);
  }
}

const damaged = (number: number, cause?: unknown): Error =>
  new FailedPrecondition(`version ${number} was damaged on the disk; take another one`, {
    reason: 'VERSION_DAMAGED',
    cause,
  });
