import { type Clock, type Logger, WeirError } from '@weir/base';
import { elementBytes, type ServiceFigure } from '@weir/domain';
import { type InferenceInput, type Preprocessor, zeroInput } from '@weir/inference';
import { ModelCounts } from './model-counts.ts';
import { blend, ModelTimes } from './model-times.ts';
import { prepareInput, readAnswer, requestOf, toldTimes } from './oip-exchange.ts';
import type { OipServer } from './oip-server.ts';
import type { MappedModel, ServedModel } from './served-model.ts';
import { type Survey, surveyModels, type SurveyOptions } from './survey.ts';

export interface RepertoireOptions {
  readonly nodeId: string;
  readonly server: OipServer;
  /** As they are to be now. */
  readonly models: () => readonly MappedModel[];
  readonly picture: Uint8Array;
  readonly preprocessor: Preprocessor;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly ask: SurveyOptions['ask'];
  readonly linkRoundTripMs: () => number;
  readonly onOpening?: () => void;
  readonly onSurvey: (survey: Survey) => void;
}

interface Entry {
  readonly model: ServedModel;
  readonly times: ModelTimes;
  readonly counts: ModelCounts;
  /** Since its statistics were read. */
  used: boolean;
}

/** How often all models are asked about again, ms; sooner where some are missing. */
const surveyMs = { all: 10_000, someMissing: 3_000 };
/** The first of them warms the model. */
const trials = 3;

/** The models that a server serves, by variant, with what they take. */
export class Repertoire {
  readonly #options: RepertoireOptions;
  #entries = new Map<string, Entry>();
  readonly #doubted = new Set<string>();
  #surveyed: { readonly at: number; readonly misfits: number } | undefined;
  #surveying = false;
  #reading = false;
  /** Mean of making an input, ms. */
  #prepareMs = 0;
  #toldFailure = false;
  /** False once the server has said that it has none. */
  #hasStatistics = true;
  /** Since the server came. */
  #run = Symbol('run');

  constructor(options: RepertoireOptions) {
    this.#options = options;
  }

  /** Whether the server has been asked since it came. */
  get known(): boolean {
    return this.#surveyed !== undefined;
  }

  get size(): number {
    return this.#entries.size;
  }

  of(variant: string): Pick<Entry, 'model' | 'times'> | undefined {
    const entry = this.#entries.get(variant);
    if (entry) entry.used = true;
    return entry;
  }

  /** Most instances of any model; undefined where the server does not say. */
  get instances(): number | undefined {
    const counts = [...this.#entries.values()].flatMap(({ model }) => model.instances ?? []);
    return counts.length > 0 ? Math.max(...counts) : undefined;
  }

  /** Bytes of the largest classifier's input; undefined where they depend on the caller. */
  get frameBytes(): number | undefined {
    const bytes = [...this.#entries.values()].flatMap(({ model }) => bytesOf(model) ?? []);
    return bytes.length > 0 ? Math.max(...bytes) : undefined;
  }

  /** The longest that an input can have been under way; undefined before the first answer. */
  get mostSendingMs(): number | undefined {
    const times = [...this.#entries.values()].flatMap((entry) => entry.times.mostSendingMs ?? []);
    return times.length > 0 ? Math.min(...times) : undefined;
  }

  figures(): readonly ServiceFigure[] {
    return [...this.#entries].flatMap(([variant, { times }]) => {
      const serviceMs = times.serviceMs;
      return serviceMs === undefined ? [] : [{ variant, serviceMs: serviceMs + this.#prepareMs, energyJ: 0 }];
    });
  }

  /** The device has made an input, which took it so long. */
  prepared(decodeMs: number): void {
    this.#prepareMs = blend(this.#prepareMs || undefined, decodeMs);
  }

  /** The server has gone. */
  forget(): void {
    this.#run = Symbol('run');
    this.#entries.clear();
    this.#doubted.clear();
    this.#surveyed = undefined;
    this.#hasStatistics = true;
  }

  /** Asks about all models anew at the next beat; those that are known go on until then. */
  again(): void {
    if (this.#surveyed) this.#surveyed = { ...this.#surveyed, at: -Infinity };
  }

  /** Leaves a variant out until it has been tried again. */
  doubt(variant: string): void {
    if (this.#entries.delete(variant)) this.#doubted.add(variant);
  }

  /** The server lives: asks whatever is due. */
  beat(): void {
    if (!this.#surveying && this.#isDue()) void this.#survey();
    if (this.#hasStatistics && !this.#surveying && !this.#reading) void this.#readUsed();
  }

  #isDue(): boolean {
    if (!this.#surveyed || this.#doubted.size > 0) return true;
    const { at, misfits } = this.#surveyed;
    return this.#options.clock.now() - at >= (misfits > 0 ? surveyMs.someMissing : surveyMs.all);
  }

  async #survey(): Promise<void> {
    const { nodeId, models, server, ask, clock, logger, onOpening, onSurvey } = this.#options;
    this.#surveying = true;
    const run = this.#run;
    if (!this.#surveyed) onOpening?.();
    this.#doubted.clear();
    const known = new Map([...this.#entries].map(([variant, { model }]) => [variant, model]));
    const tried = new Map<string, Entry>();
    try {
      const survey = await surveyModels(models(), {
        server,
        known,
        ask,
        tryOut: async (model) => void tried.set(model.variant.name, await this.#tryOut(model)),
      });
      if (run !== this.#run) return;
      const entries = [...survey.served.keys()].flatMap((variant) => {
        const entry = tried.get(variant) ?? this.#entries.get(variant);
        // One that has come into doubt meanwhile is asked about once more.
        return entry && !this.#doubted.has(variant) ? [[variant, entry] as const] : [];
      });
      this.#entries = new Map(entries);
      this.#surveyed = { at: clock.now(), misfits: survey.misfits.size };
      this.#toldFailure = false;
      onSurvey(survey);
    } catch (err) {
      if (run === this.#run && !this.#toldFailure) logger.warn({ err, node: nodeId }, 'models not known');
      this.#toldFailure = true;
    } finally {
      this.#surveying = false;
    }
  }

  /** A picture, or zeros, a few times. */
  async #tryOut(model: ServedModel): Promise<Entry> {
    const { nodeId, server, preprocessor, picture, clock, ask, linkRoundTripMs } = this.#options;
    const entry: Entry = { model, times: new ModelTimes(), counts: new ModelCounts(), used: false };
    const input: InferenceInput =
      model.variant.task === 'tensor' ? zeroInput(model.variant) : { image: picture };
    for (let trial = 1; trial <= trials; trial++) {
      const prepared = await prepareInput(input, model, preprocessor);
      const sentAt = clock.now();
      const response = await ask((call) => server.infer(requestOf(model, prepared, `trial-${trial}`), call));
      const roundTripMs = clock.now() - sentAt;
      readAnswer(response, model, { nodeId, wantOutputs: false });
      if (trial > 1) this.prepared(prepared.decodeMs);
      const told = toldTimes(response);
      entry.times.answered({ roundTripMs, linkRoundTripMs: linkRoundTripMs(), told });
      if (trial === 1 || trial === trials) await this.#read(entry);
    }
    return entry;
  }

  async #readUsed(): Promise<void> {
    this.#reading = true;
    for (const entry of this.#entries.values()) {
      if (!entry.used) continue;
      entry.used = false;
      await this.#read(entry);
    }
    this.#reading = false;
  }

  async #read({ model, counts, times }: Entry): Promise<void> {
    if (!this.#hasStatistics) return;
    const { server, ask, logger, nodeId } = this.#options;
    try {
      const means = counts.read(await ask((call) => server.statistics(model.model, call)));
      if (means) times.told(means);
    } catch (err) {
      // Without them times are told from here alone.
      if (err instanceof WeirError && server.connected) this.#hasStatistics = false;
      logger.debug({ err, node: nodeId }, 'no statistics');
    }
  }
}

function bytesOf({ variant }: ServedModel): number | undefined {
  if (variant.task === 'tensor') return undefined;
  const { dtype, shape } = variant.input;
  return shape.reduce((product, size) => product * size, elementBytes[dtype]);
}
