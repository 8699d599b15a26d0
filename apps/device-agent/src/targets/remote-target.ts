import {
  Cancelled,
  type Clock,
  DeadlineExceeded,
  Internal,
  type Logger,
  NotFound,
  type Random,
  Unavailable,
  Violations,
} from '@weir/base';
import { type NodeReport, type Tier, withoutVariants } from '@weir/domain';
import type { common, worker } from '@weir/proto';
import { type ClientDuplex, fromStatus, keepOpen, type KeepOpenOptions } from '@weir/rpc';
import { createLinkProbe, type LinkProbe } from '@weir/telemetry';
import {
  answerFiguresFromWire,
  bytesOf,
  limits,
  nodeReportReader,
  tellOnce,
  tierName,
  tierToWire,
} from '@weir/wire';
import { bounded } from '../frames/bounded.ts';
import { Deadlines } from '../frames/deadlines.ts';
import { remoteHops } from '../frames/hops.ts';
import { Handshake, type Questions } from './handshake.ts';
import { InFlight } from './in-flight.ts';
import { inputBytes } from './input-bytes.ts';
import { Pings, rateProbeBytes } from './pings.ts';
import { Reachability } from './reachability.ts';
import type { LinkedTarget, TargetAnswer, TargetRequest } from './target.ts';
import type { WorkerClaim } from './worker-claims.ts';

export type WorkerStream = ClientDuplex<worker.StreamInferRequest, worker.StreamInferResponse>;

export interface RemoteTargetOptions {
  readonly nodeId: string;
  readonly tier: Tier;
  /** Opens a stream to the worker; the signal cancels it. */
  readonly openStream: (signal: AbortSignal) => WorkerStream;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  /** Most inferences in flight. @default 64 */
  readonly maxInFlight?: number;
  /** @default 1000 */
  readonly pingPeriodMs?: number;
  /** Silence, ms, after which everything in flight fails. @default 5000 */
  readonly silentAfterMs?: number;
  /** Called with each newer load of the node, under the target's own name and tier. */
  readonly onLoad?: (report: NodeReport) => void;
  /** Why the worker cannot be reached; undefined once it can. */
  readonly onFault?: KeepOpenOptions['onFault'];
  /** Called at each change, and with every sign of life. */
  readonly onReachable?: (reachable: boolean) => void;
  /** Called when the worker says who it is, or something else than before; with undefined when its stream has ended. */
  readonly onClaim?: (claim: WorkerClaim | undefined) => void;
  /** How each run of the worker is asked what it serves. @default nobody asks, and all count as what they are called */
  readonly handshake?: Questions;
  /** Energy of one ms on the network, J. @default 0 */
  readonly radioJPerMs?: number;
}

/**
 * One worker over one long-lived stream, reopened with back-off whenever it ends. Requests are multiplexed by id; when
 * the stream breaks, all in flight fail at once with Unavailable, so that callers can turn elsewhere.
 */
export class RemoteTarget implements LinkedTarget, AsyncDisposable {
  readonly nodeId: string;
  readonly tier: Tier;
  readonly link: LinkProbe;
  readonly #options: RemoteTargetOptions;
  readonly #clock: Clock;
  readonly #deadlines: Deadlines;
  readonly #inFlight: InFlight<Arrival>;
  readonly #stop = new AbortController();
  readonly #kept: Promise<void>;
  readonly #pings: Pings;
  readonly #pingPeriodMs: number;
  readonly #silentAfterMs: number;
  readonly #handshake: Handshake;
  /** Came before its worker's models had been compared. */
  #earlyLoad: common.NodeLoad | undefined;
  /** Whether this stream has answered a ping. */
  #echoed = false;
  #stream: WorkerStream | undefined;
  readonly #reachability: Reachability;
  #heardAt = -Infinity;
  #draining = false;
  readonly #tellLeftOut = tellOnce((leftOut) =>
    this.#options.logger.warn({ node: this.nodeId, leftOut }, 'unusable parts of a message are left out'),
  );
  readonly #readLoad = nodeReportReader('load');
  #load: { value: NodeReport; at: number } | undefined;
  #claim: WorkerClaim | undefined;
  #requests = 0;

  constructor(options: RemoteTargetOptions) {
    const { nodeId, clock, random, logger, onReachable } = options;
    this.nodeId = nodeId;
    this.tier = options.tier;
    this.#options = options;
    this.#clock = clock;
    this.#deadlines = new Deadlines(clock);
    this.#pingPeriodMs = options.pingPeriodMs ?? 1000;
    this.#silentAfterMs = options.silentAfterMs ?? 5000;
    this.#inFlight = new InFlight(options.maxInFlight ?? 64);
    this.#handshake = new Handshake({
      questions: options.handshake,
      onDone: () => this.#compared(),
      onFailed: (err) => logger.warn({ err, node: nodeId }, 'variants not listed'),
    });
    this.link = createLinkProbe({ peerNodeId: nodeId, clock, silentAfterMs: this.#silentAfterMs });
    this.#reachability = new Reachability({ nodeId, link: this.link, logger, onReachable });
    this.#pings = new Pings(this.link, clock);
    const open = (signal: AbortSignal) => this.#session(signal);
    this.#kept = keepOpen({
      open,
      signal: this.#stop.signal,
      clock,
      random,
      logger,
      maxMs: 1000,
      peer: nodeId,
      onFault: options.onFault,
      connected: () => clock.now() - this.#heardAt <= this.#silentAfterMs,
    });
  }

  /** True while the worker answers and accepts work. */
  get reachable(): boolean {
    return this.#reachability.now;
  }

  /** Newest load and when it arrived, epoch ms. */
  get load(): { readonly value: NodeReport; readonly at: number } | undefined {
    return this.#load;
  }

  get inFlight(): number {
    return this.#inFlight.size;
  }

  /** By its newest report, and for all that this device has sent. */
  get idle(): boolean {
    const { inService = 1, queued = 0 } = this.#load?.value.load ?? {};
    return this.#reachability.now && this.#inFlight.size === 0 && inService + queued === 0;
  }

  sendingMs(input: common.Input): number {
    const bitsPerMs = this.link.state().uplinkBitsPerSecond / 1_000;
    const bytes = inputBytes(input);
    // As much is sent now and then to measure the rate.
    if (!(bitsPerMs > 0)) return bytes <= rateProbeBytes ? 0 : Infinity;
    return (8 * bytes) / bitsPerMs;
  }

  async run({
    variant,
    input,
    deadlineAt,
    signal,
    trace,
    background = false,
    wantOutputs = false,
  }: TargetRequest): Promise<TargetAnswer> {
    const stream = this.#stream;
    if (!stream || !this.#reachability.now) throw new Unavailable(`${this.nodeId} is unreachable`);
    if (this.#handshake.foreign?.has(variant))
      throw new NotFound(`${this.nodeId} serves another model by the name ${variant}`);
    const sentAt = this.#clock.now();
    if (signal.aborted) throw new Cancelled('the frame was cancelled');
    if (sentAt >= deadlineAt) throw new DeadlineExceeded('no time left for this frame');

    const requestId = String(++this.#requests);
    const arrival = this.#inFlight.add(requestId);
    const onGiveUp = (error: Error) => {
      this.#inFlight.reject(requestId, error);
      send(stream, { $case: 'cancel', value: { requestId } });
    };
    send(stream, {
      $case: 'infer',
      value: {
        requestId,
        variant,
        input,
        timeoutMs: deadlineAt - sentAt,
        trace,
        background,
        wantOutputs,
      },
    });
    const { answer, at } = await bounded(arrival, { deadlineAt, signal, clock: this.#deadlines, onGiveUp });
    return this.#answered(answer, at - sentAt, input);
  }

  /** The device's own models have changed: compares the worker's with them anew. */
  compareAgain(): void {
    this.#handshake.again();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort(new Cancelled('the agent stops'));
    await this.#kept;
    this.#deadlines[Symbol.dispose]();
  }

  /** One stream, from its opening to its end. */
  async #session(signal: AbortSignal): Promise<void> {
    const stream = this.#options.openStream(signal);
    this.#stream = stream;
    this.#echoed = false;
    this.#pings.forget();
    const stopHeartbeat = this.#clock.every(this.#pingPeriodMs, () => this.#heartbeat(stream));
    let cause: unknown = new Unavailable(`${this.nodeId} closed its stream`);
    try {
      send(stream, { $case: 'ping', value: this.#pings.ofBytes(0) });
      for await (const message of stream) this.#receive(message, stream);
    } catch (error) {
      cause = error;
    } finally {
      stopHeartbeat();
      this.#stream = undefined;
      this.#reachability.set(false);
      this.#setClaim(undefined);
      this.#handshake.forget();
      this.#earlyLoad = undefined;
      this.#inFlight.rejectAll(new Unavailable(`the stream to ${this.nodeId} broke`, { cause }));
      stream.cancel();
    }
    throw cause;
  }

  #receive({ message }: worker.StreamInferResponse, stream: WorkerStream): void {
    const at = this.#clock.now();
    this.#heardAt = at;
    switch (message?.$case) {
      case 'result': {
        const { requestId, load } = message.value;
        if (load) this.#takeLoad(load, at);
        // Nobody knows yet what this run of the worker means by the variant's name.
        if (this.#handshake.foreign) this.#inFlight.resolve(requestId, { answer: message.value, at });
        else this.#inFlight.reject(requestId, new Unavailable(`${this.nodeId} has restarted`));
        break;
      }
      case 'failure': {
        const { requestId, status, load } = message.value;
        if (load) this.#takeLoad(load, at);
        this.#inFlight.reject(
          requestId,
          status ? fromStatus(status) : new Internal(`${this.nodeId} failed without saying why`),
        );
        break;
      }
      case 'load':
        this.#takeLoad(message.value, at);
        break;
      case 'pong':
        this.#takePong(message.value, at, stream);
        break;
      case undefined:
        break;
    }
  }

  #takeLoad(load: common.NodeLoad, at: number): void {
    this.#draining = load.draining;
    const nodeId = load.nodeId.slice(0, limits.idLength);
    const instanceId = load.instanceId.slice(0, limits.idLength);
    const familyVersion = load.familyVersion.slice(0, limits.idLength);
    this.#setClaim({ nodeId, tier: tierName(load.tier), instanceId });
    this.#handshake.heard({ instanceId, familyVersion });
    const { foreign } = this.#handshake;
    if (!foreign) {
      this.#earlyLoad = load;
      if (this.#reachability.now) this.#reachability.set(false);
      return;
    }
    const leftOut = new Violations();
    // Renamed at the edge: nothing behind it ever sees what the worker calls itself.
    const named = { ...load, nodeId: this.nodeId, tier: tierToWire(this.tier) };
    const report = this.#readLoad(named, leftOut);
    this.#tellLeftOut(leftOut.found);
    const value = report && withoutVariants(report, foreign);
    if (value) this.#load = { value, at };
    if (load.draining) this.#reachability.set(false);
    else if (value) this.#options.onLoad?.(value);
  }

  #setClaim(claim: WorkerClaim | undefined): void {
    const before = this.#claim;
    this.#claim = claim;
    const same =
      claim?.nodeId === before?.nodeId &&
      claim?.tier === before?.tier &&
      claim?.instanceId === before?.instanceId;
    if (!same) this.#options.onClaim?.(claim);
  }

  #takePong(pong: worker.Pong, at: number, stream: WorkerStream): void {
    const first = this.link.state().roundTripMs === 0;
    if (!this.#pings.echoed(pong, at)) return;
    this.#echoed = true;
    // A worker that says nothing of itself is asked all the same.
    if (!this.#handshake.run) this.#handshake.heard({ instanceId: '', familyVersion: '' });
    if (!this.#draining && this.#handshake.foreign) this.#reachability.set(true);
    if (first) send(stream, { $case: 'ping', value: this.#pings.ofBytes(rateProbeBytes) });
  }

  /** The worker's models are known: what it said of itself meanwhile counts now. */
  #compared(): void {
    const load = this.#earlyLoad;
    this.#earlyLoad = undefined;
    if (load) this.#takeLoad(load, this.#clock.now());
    if (this.#echoed && !this.#draining) this.#reachability.set(true);
  }

  #heartbeat(stream: WorkerStream): void {
    this.#handshake.retry();
    // Only time tells a cut link from a congested one. After two unanswered pings, send no new frame
    // there; give those in flight longer before they fail and turn elsewhere.
    const silentMs = this.#clock.now() - this.#heardAt;
    if (this.#reachability.now && silentMs > 2 * this.#pingPeriodMs) this.#reachability.set(false);
    if (silentMs > this.#silentAfterMs)
      this.#inFlight.rejectAll(new Unavailable(`${this.nodeId} has fallen silent`));
    const idle = this.#inFlight.size === 0;
    send(stream, { $case: 'ping', value: this.#pings.next({ idle }) });
  }

  #answered(answer: worker.InferResponse, roundTripMs: number, input: common.Input): TargetAnswer {
    const { classification, outputs } = answer;
    if (!classification && outputs.length === 0)
      throw new Internal(`${this.nodeId} answered with neither a classification nor outputs`);
    if (bytesOf(outputs) > limits.tensorBytes)
      throw new Internal(`${this.nodeId} answered with more than ${limits.tensorBytes} bytes of outputs`);
    const { value: figures, leftOut } = answerFiguresFromWire(answer);
    const { confidence, margin } = figures;
    this.#tellLeftOut(leftOut);
    const hops = remoteHops({ ...figures, roundTripMs, linkRoundTripMs: this.link.state().roundTripMs });
    this.link.transferred({ bytes: inputBytes(input), uplinkMs: hops.uplinkMs });
    const radioJ = (hops.uplinkMs + hops.downlinkMs) * (this.#options.radioJPerMs ?? 0);
    return {
      // Kept for as long as its truth may come.
      classification: classification && {
        classIndex: classification.classIndex,
        label: classification.label.slice(0, limits.labelLength),
        confidence,
        margin,
      },
      outputs: outputs.length > 0 ? outputs : undefined,
      hops,
      energyJ: figures.energyJ + radioJ,
      concurrency: figures.concurrency,
      batchSize: figures.batchSize,
    };
  }
}

interface Arrival {
  readonly answer: worker.InferResponse;
  readonly at: number;
}

/** Ignores a send that a broken stream refuses: the session's end settles everything in flight. */
function send(stream: WorkerStream, message: NonNullable<worker.StreamInferRequest['message']>): void {
  void stream.send({ message });
}
