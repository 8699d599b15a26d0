import {
  Cancelled,
  type Clock,
  DeadlineExceeded,
  type Logger,
  NotFound,
  ResourceExhausted,
  Unavailable,
  WeirError,
} from '@weir/base';
import { nodeReport, type NodeReport, type Tier } from '@weir/domain';
import type { Preprocessor } from '@weir/inference';
import type { common, inference } from '@weir/proto';
import { noAnswer, PeerFaultTeller, type PeerFaultTellerOptions } from '@weir/rpc';
import { createLinkProbe, type LinkProbe } from '@weir/telemetry';
import { inputFromWire } from '@weir/wire';
import { bounded } from '../../frames/bounded.ts';
import { InFlight } from '../in-flight.ts';
import { inputBytes } from '../input-bytes.ts';
import { Reachability } from '../reachability.ts';
import type { LinkedTarget, TargetAnswer, TargetRequest } from '../target.ts';
import { callFailure } from './call-failure.ts';
import { InferredLoad } from './inferred-load.ts';
import type { ModelTimes } from './model-times.ts';
import { prepareInput, readAnswer, requestOf, toldTimes } from './oip-exchange.ts';
import type { OipCall, OipServer } from './oip-server.ts';
import { Repertoire } from './repertoire.ts';
import type { MappedModel, ServedModel } from './served-model.ts';
import type { Survey } from './survey.ts';

export interface OipTargetOptions {
  readonly nodeId: string;
  readonly tier: Tier;
  readonly server: OipServer;
  /** As the device's family and the target's description have them now. */
  readonly models: () => readonly MappedModel[];
  /** A picture to try classifiers with, PNG. */
  readonly picture: Uint8Array;
  /** Inferences at once. @default as the server says, or 1 */
  readonly slots?: number | undefined;
  readonly preprocessor: Preprocessor;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Most inferences in flight. @default 64 */
  readonly maxInFlight?: number;
  /** How often the server is asked whether it lives, and what its statistics say. @default 1000 */
  readonly pingPeriodMs?: number;
  /** Silence, ms, after which everything in flight fails; also the longest wait for an answer about a model. @default 5000 */
  readonly silentAfterMs?: number;
  /** Why the server cannot be reached; undefined once it can. */
  readonly onFault?: PeerFaultTellerOptions['onFault'];
  /** Called before the server is asked about its models for the first time since it came. */
  readonly onOpening?: () => void;
  /** Called with what the server was found to serve, and what not. */
  readonly onSurvey?: (survey: Survey) => void;
  /** Called with each newer load that is inferred. */
  readonly onLoad?: (report: NodeReport) => void;
  /** Called at each change, and with every sign of life. */
  readonly onReachable?: (reachable: boolean) => void;
  /** Energy of one ms on the network, J. @default 0 */
  readonly radioJPerMs?: number;
}

interface Arrival {
  readonly response: inference.ModelInferResponse;
  /** Of the input. */
  readonly bytes: number;
  readonly decodeMs: number;
  /** From sending the request to the arrival of its answer. */
  readonly roundTripMs: number;
}

/**
 * A server of the Open Inference Protocol. Pictures are prepared on the device; each inference is a call of its own. A server
 * that comes, comes back or contradicts itself is asked about its models, and these are tried, before frames go there.
 */
export class OipTarget implements LinkedTarget, AsyncDisposable {
  readonly nodeId: string;
  readonly tier: Tier;
  readonly link: LinkProbe;
  readonly #options: OipTargetOptions;
  readonly #clock: Clock;
  readonly #inFlight: InFlight<Arrival>;
  readonly #reachability: Reachability;
  readonly #repertoire: Repertoire;
  readonly #stop = new AbortController();
  readonly #stopBeat: () => void;
  readonly #pingPeriodMs: number;
  readonly #silentAfterMs: number;
  readonly #faults: PeerFaultTeller;
  #pinging = false;
  #heardAt = -Infinity;
  #inferred: InferredLoad;
  #slots: number;
  #load: { value: NodeReport; at: number } | undefined;
  #requests = 0;

  constructor(options: OipTargetOptions) {
    const { nodeId, clock, logger, onReachable } = options;
    this.nodeId = nodeId;
    this.tier = options.tier;
    this.#options = options;
    this.#clock = clock;
    this.#pingPeriodMs = options.pingPeriodMs ?? 1000;
    this.#silentAfterMs = options.silentAfterMs ?? 5000;
    this.#inFlight = new InFlight(options.maxInFlight ?? 64);
    this.link = createLinkProbe({ peerNodeId: nodeId, clock, silentAfterMs: this.#silentAfterMs });
    this.#reachability = new Reachability({ nodeId, link: this.link, logger, onReachable });
    this.#faults = new PeerFaultTeller({ logger, peer: nodeId, onFault: options.onFault });
    this.#slots = options.slots ?? 1;
    this.#inferred = new InferredLoad({ slots: this.#slots, now: clock.now() });
    this.#repertoire = new Repertoire({
      ...options,
      ask: (question) => this.#ask(question),
      linkRoundTripMs: () => this.link.state().roundTripMs,
      onSurvey: (survey) => this.#surveyed(survey),
    });
    this.#stopBeat = clock.every(this.#pingPeriodMs, () => this.#beat());
    this.#beat();
  }

  /** True while the server lives and serves one variant at least. */
  get reachable(): boolean {
    return this.#reachability.now;
  }

  get load(): { readonly value: NodeReport; readonly at: number } | undefined {
    return this.#load;
  }

  get idle(): boolean {
    const { backlogMs, queued } = this.#inferred.read(this.#clock.now());
    return this.reachable && this.#inFlight.size === 0 && backlogMs + queued === 0;
  }

  get frameBytes(): number | undefined {
    return this.#repertoire.frameBytes;
  }

  sendingMs(input: common.Input): number {
    const bitsPerMs = this.link.state().uplinkBitsPerSecond / 1_000;
    // Where nothing tells the rate, no input has taken longer than the quickest answer to one.
    if (!(bitsPerMs > 0)) return this.#repertoire.mostSendingMs ?? Infinity;
    return (8 * (this.frameBytes ?? inputBytes(input))) / bitsPerMs;
  }

  compareAgain(): void {
    this.#repertoire.again();
  }

  async run(request: TargetRequest): Promise<TargetAnswer> {
    const { variant, deadlineAt, signal, background = false, wantOutputs = false } = request;
    if (!this.reachable) throw new Unavailable(`${this.nodeId} is unreachable`);
    const entry = this.#repertoire.of(variant);
    if (!entry) throw new NotFound(`${this.nodeId} serves no ${variant}`);
    if (signal.aborted) throw new Cancelled('the frame was cancelled');
    const from = this.#clock.now();
    if (from >= deadlineAt) throw new DeadlineExceeded('no time left for this frame');
    const concurrency = this.#inFlight.size;
    if (background && concurrency > 0)
      throw new ResourceExhausted(`${this.nodeId} is not idle`, { reason: 'NOT_IDLE' });

    const { model, times } = entry;
    const id = String(++this.#requests);
    const arrival = this.#inFlight.add(id);
    this.#inferred.began(id, { expectedMs: times.serviceMs ?? 0, now: from });
    const stop = new AbortController();
    this.#exchange(model, request, { id, signal: stop.signal }).then(
      (answer) => this.#inFlight.resolve(id, answer),
      (error: unknown) => this.#inFlight.reject(id, error),
    );
    let waitedMs: number | undefined;
    try {
      const onGiveUp = (error: Error) => void this.#inFlight.reject(id, error);
      const arrived = await bounded(arrival, { deadlineAt, signal, clock: this.#clock, onGiveUp });
      const read = this.#read(model, arrived, wantOutputs);
      const answered = this.#answered(arrived, times);
      waitedMs = answered.hops.queueMs;
      return { ...read, ...answered, concurrency };
    } finally {
      // Whatever has ended the wait, the call itself is over too.
      stop.abort();
      this.#inferred.ended(id, { waitedMs, now: this.#clock.now() });
      this.#tellLoad();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopBeat();
    this.#stop.abort(new Cancelled('the agent stops'));
    this.#inFlight.rejectAll(new Unavailable('the agent stops'));
  }

  async #exchange(
    model: ServedModel,
    { input, deadlineAt, trace }: TargetRequest,
    { id, signal }: { id: string; signal: AbortSignal },
  ): Promise<Arrival> {
    const { preprocessor, server } = this.#options;
    const prepared = await prepareInput(inputFromWire(input), model, preprocessor);
    const sentAt = this.#clock.now();
    try {
      const response = await server.infer(requestOf(model, prepared, id), { signal, deadlineAt, trace });
      const at = this.#clock.now();
      this.#heardAt = at;
      const bytes = prepared.tensors.reduce((sum, { data }) => sum + data.length, 0);
      return { response, bytes, decodeMs: prepared.decodeMs, roundTripMs: at - sentAt };
    } catch (error) {
      const { variant } = model;
      if (error instanceof Unavailable && !server.connected) this.#lost(error);
      const failure = callFailure(error, { nodeId: this.nodeId, variant });
      if (failure.doubtful) this.#doubt(variant.name);
      throw failure.error;
    }
  }

  #read(model: ServedModel, { response }: Arrival, wantOutputs: boolean) {
    const { nodeId } = this;
    try {
      return readAnswer(response, model, { nodeId, wantOutputs });
    } catch (error) {
      if (error instanceof WeirError && error.reason !== 'OUTPUT_NOT_FINITE') this.#doubt(model.variant.name);
      throw error;
    }
  }

  #answered({ response, bytes, decodeMs, roundTripMs }: Arrival, times: ModelTimes) {
    this.#repertoire.prepared(decodeMs);
    const linkRoundTripMs = this.link.state().roundTripMs;
    const told = toldTimes(response);
    const { hops, source } = times.answered({ roundTripMs, linkRoundTripMs, told });
    const { uplinkMs, downlinkMs } = hops;
    if (source !== 'client') this.link.transferred({ bytes, uplinkMs });
    return {
      hops: { ...hops, decodeMs: hops.decodeMs + decodeMs },
      server: { preparedMs: decodeMs, timesFrom: source },
      energyJ: (uplinkMs + downlinkMs) * (this.#options.radioJPerMs ?? 0),
      batchSize: 1,
    };
  }

  #beat(): void {
    const silentMs = this.#clock.now() - this.#heardAt;
    if (this.reachable && silentMs > 2 * this.#pingPeriodMs) this.#reachability.set(false);
    if (silentMs > this.#silentAfterMs)
      this.#inFlight.rejectAll(new Unavailable(`${this.nodeId} has fallen silent`));
    if (!this.#pinging) void this.#ping();
  }

  async #ping(): Promise<void> {
    const { server, logger } = this.#options;
    this.#pinging = true;
    try {
      // The first question also waits for the connection, and for code to be loaded.
      if (this.link.state().roundTripMs === 0) await this.#ask((call) => server.live(call));
      const sentAt = this.#clock.now();
      const live = await this.#ask((call) => server.live(call));
      const at = this.#clock.now();
      this.#heardAt = at;
      if (!live) throw new Unavailable(`${this.nodeId} says that it does not live`);
      this.#faults.reached();
      this.link.echoed({ payloadBytes: 0, roundTripMs: at - sentAt, peerMs: 0 });
      if (this.#repertoire.known) this.#reachability.set(this.#repertoire.size > 0);
      this.#repertoire.beat();
      this.#tellLoad();
    } catch (error) {
      if (!this.#stop.signal.aborted) {
        this.#lost(error);
        this.#faults.failed(error instanceof DeadlineExceeded ? noAnswer(this.#silentAfterMs) : error);
      }
      if (!(error instanceof WeirError)) logger.error({ err: error, node: this.nodeId }, 'ping failed');
    } finally {
      this.#pinging = false;
    }
  }

  /** Whoever answers next may serve other models. */
  #lost(error: unknown): void {
    const { logger } = this.#options;
    if (this.reachable) logger.debug({ err: error, node: this.nodeId }, 'target lost');
    this.#repertoire.forget();
    this.#reachability.set(false);
  }

  #doubt(variant: string): void {
    this.#repertoire.doubt(variant);
    if (this.#repertoire.size === 0) this.#reachability.set(false);
    this.#tellLoad();
  }

  #surveyed(survey: Survey): void {
    const slots = this.#options.slots ?? this.#repertoire.instances ?? 1;
    if (slots !== this.#slots) {
      this.#slots = slots;
      this.#inferred = new InferredLoad({ slots, now: this.#clock.now() });
    }
    this.#options.onSurvey?.(survey);
    this.#reachability.set(this.#repertoire.size > 0);
    this.#tellLoad();
  }

  #tellLoad(): void {
    if (!this.#repertoire.known) return;
    const now = this.#clock.now();
    const value = nodeReport(this, this.#inferred.read(now), { figures: this.#repertoire.figures() });
    this.#load = { value, at: now };
    if (this.reachable) this.#options.onLoad?.(value);
  }

  /** One question that is no frame's. */
  async #ask<T>(question: (call: OipCall) => Promise<T>): Promise<T> {
    const stop = new AbortController();
    const deadlineAt = this.#clock.now() + this.#silentAfterMs;
    try {
      return await bounded(question({ signal: stop.signal, deadlineAt }), {
        deadlineAt,
        signal: this.#stop.signal,
        clock: this.#clock,
      });
    } finally {
      stop.abort();
    }
  }
}
