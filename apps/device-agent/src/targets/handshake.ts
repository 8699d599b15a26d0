import type { Listing } from '@weir/wire';

/** A worker's process and the models that it serves, as each of its loads tells; fields are empty where it does not say. */
export interface WorkerRun {
  readonly instanceId: string;
  readonly familyVersion: string;
}

export interface Questions {
  /** What the worker serves; undefined where it cannot say. */
  readonly ask: () => Promise<Listing | undefined>;
  /** Compares that with what this device knows. Returns the names that mean other models there. */
  readonly compare: (listing: Listing) => ReadonlySet<string>;
}

export interface HandshakeOptions {
  /** @default nobody asks, and every model is what it is called */
  readonly questions: Questions | undefined;
  /** Called once a run has been compared. */
  readonly onDone: () => void;
  /** Called with the first failure to ask a run. */
  readonly onFailed: (error: unknown) => void;
}

const none: ReadonlySet<string> = new Set();

/**
 * Whether the run of a worker that speaks on a stream serves what this device means by its variants. Each new run is asked
 * before an answer of it counts: a restart may bring other models under the same names.
 */
export class Handshake {
  readonly #options: HandshakeOptions;
  #run: WorkerRun | undefined;
  #asking: symbol | undefined;
  #foreign: ReadonlySet<string> | undefined;
  #failed = false;
  /** The run has not been compared since it was last to be. */
  #due = false;

  constructor(options: HandshakeOptions) {
    this.#options = options;
  }

  /** The run heard last; undefined before the first of a stream. */
  get run(): WorkerRun | undefined {
    return this.#run;
  }

  /** Names of variants that must not run there; undefined while the run has not been compared. */
  get foreign(): ReadonlySet<string> | undefined {
    return this.#foreign;
  }

  /** Asks, if another run speaks than before. */
  heard(run: WorkerRun): void {
    if (run.instanceId === this.#run?.instanceId && run.familyVersion === this.#run.familyVersion) return;
    // The same process with other models: what was known of it holds until it has been compared anew.
    const isSame = run.instanceId !== '' && run.instanceId === this.#run?.instanceId;
    const known = isSame ? this.#foreign : undefined;
    this.forget();
    this.#run = run;
    this.#foreign = known;
    if (this.#options.questions) this.#ask(run, this.#options.questions);
    else this.#foreign = none;
  }

  /** Compares the run once more, as what it is compared with has changed. What was found before holds meanwhile. */
  again(): void {
    const { questions } = this.#options;
    if (questions && this.#run) this.#ask(this.#run, questions);
  }

  /** Asks again where that has failed. */
  retry(): void {
    const { questions } = this.#options;
    if (questions && this.#run && this.#due && !this.#asking) this.#ask(this.#run, questions);
  }

  /** Whoever answers next is asked. */
  forget(): void {
    this.#run = undefined;
    this.#foreign = undefined;
    this.#asking = undefined;
    this.#failed = false;
    this.#due = false;
  }

  #ask(run: WorkerRun, { ask, compare }: Questions): void {
    const { onDone, onFailed } = this.#options;
    const asking = Symbol('one question');
    this.#asking = asking;
    this.#due = true;
    const isCurrent = () => this.#asking === asking;
    ask()
      .then((listing) => {
        if (!isCurrent()) return;
        // The call may have reached another process than the stream.
        if (listing && !isOf(run, listing)) return;
        this.#foreign = listing ? compare(listing) : none;
        this.#due = false;
        onDone();
      })
      .catch((error: unknown) => {
        if (!isCurrent() || this.#failed) return;
        this.#failed = true;
        onFailed(error);
      })
      .finally(() => {
        if (isCurrent()) this.#asking = undefined;
      });
  }
}

const isOf = ({ instanceId, familyVersion }: WorkerRun, listing: Listing): boolean =>
  sameIfSaid(instanceId, listing.instanceId) && sameIfSaid(familyVersion, listing.family?.version);

const sameIfSaid = (a: string, b: string | undefined): boolean => a === '' || b === undefined || a === b;
