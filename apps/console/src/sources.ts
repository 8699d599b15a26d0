import { type Clock, type Logger, type Random, Unavailable } from '@weir/base';
import { learnerNames } from '@weir/learning';
import { agent, policy, telemetry } from '@weir/proto';
import { type Security, callUnary, connect, keepOpen, openServerStream } from '@weir/rpc';
import { livenessFromWire } from '@weir/wire';

export interface SourceOptions {
  readonly address: string;
  readonly cellId: string;
  readonly security: Security;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  /** Called when the service comes and goes. */
  readonly onConnected: (connected: boolean) => void;
}

/** A service that is polled until disposed. */
export interface Source extends AsyncDisposable {
  readonly connected: boolean;
}

export interface PolicySource extends Source {
  /** The newest status; undefined until the first. */
  readonly status: policy.WatchLearnerResponse | undefined;
  /** Names that it may be switched to: those that come with Weir, and any other that was seen to run, of a file. */
  readonly learners: readonly string[];
  setFloor(accuracyFloor: number): Promise<void>;
  setLearner(learner: string): Promise<void>;
}

/** Back-off, ms: short, so that a restarted service is soon back on the page. */
const reconnect = { minMs: 100, maxMs: 1_000 };
const callMs = 5_000;
/** Most names kept. */
const maxLearners = 64;

/** A cell's learner and objective. */
export function watchPolicy(options: SourceOptions): PolicySource {
  const connection = connect(options.address, options.security);
  const client = connection.client(policy.PolicyServiceClient);
  const { cellId } = options;
  const learners = new Set<string>(learnerNames);
  const source = watch(
    options,
    (signal) => openServerStream(client, client.watchLearner, { cellId }, { signal }),
    ({ learner }) => {
      if (learner && learners.size < maxLearners) learners.add(learner);
    },
  );
  return {
    get connected() {
      return source.connected;
    },
    get status() {
      return source.newest;
    },
    get learners() {
      return [...learners];
    },
    async setFloor(accuracyFloor) {
      const { objective } = await callUnary(client, client.getObjective, { cellId }, { timeoutMs: callMs });
      if (!objective) throw new Unavailable('PolicyService gave no objective');
      const changed = { cellId, objective: { ...objective, accuracyFloor } };
      await callUnary(client, client.setObjective, changed, { timeoutMs: callMs });
    },
    async setLearner(learner) {
      await callUnary(client, client.setLearner, { cellId, learner }, { timeoutMs: callMs });
    },
    async [Symbol.asyncDispose]() {
      await source[Symbol.asyncDispose]();
      await connection[Symbol.asyncDispose]();
    },
  };
}

/** The newest state of a node, and when it reported, epoch ms by our clock. */
export interface SeenNode {
  readonly report: telemetry.ReportRequest;
  readonly liveness: 'live' | 'stale';
  readonly heardAt: number;
}

export interface TelemetrySource extends Source {
  /** By the nodes' ids, without those that are gone. */
  readonly nodes: ReadonlyMap<string, SeenNode>;
}

/** Most nodes kept. */
const maxNodes = 1_000;

/** `onNodes` hears of every state; `first`: of those that are there as the stream opens. */
export function watchTelemetry(
  options: SourceOptions,
  onNodes: (nodes: readonly telemetry.NodeState[], first: boolean) => void = () => {},
): TelemetrySource {
  const connection = connect(options.address, options.security);
  const client = connection.client(telemetry.TelemetryClient);
  const { cellId, clock } = options;
  const nodes = new Map<string, SeenNode>();
  let first = true;
  const source = watch(
    options,
    (signal) => {
      nodes.clear();
      first = true;
      return openServerStream(client, client.watchCell, { cellId }, { signal });
    },
    (message) => {
      for (const { report, liveness: wire, ageMs } of message.nodes) {
        if (!report) continue;
        const { nodeId } = report;
        const liveness = livenessFromWire(wire) === 'live' ? 'live' : 'stale';
        if (wire === telemetry.Liveness.GONE) nodes.delete(nodeId);
        else if (nodes.size < maxNodes || nodes.has(nodeId))
          nodes.set(nodeId, { report, liveness, heardAt: clock.now() - ageMs });
      }
      onNodes(message.nodes, first);
      first = false;
    },
  );
  return {
    get connected() {
      return source.connected;
    },
    nodes,
    async [Symbol.asyncDispose]() {
      await source[Symbol.asyncDispose]();
      await connection[Symbol.asyncDispose]();
    },
  };
}

/** Names of the cells that Telemetry has nodes of; none while nobody may or can tell. */
export interface CellList extends AsyncDisposable {
  readonly cellIds: readonly string[];
  /** Asks once, unless an answer is still pending. Never rejects. */
  ask(): Promise<void>;
}

export function listCells(address: string, security: Security): CellList {
  const connection = connect(address, security);
  const client = connection.client(telemetry.TelemetryClient);
  let cellIds: readonly string[] = [];
  let open: Promise<void> | undefined;
  return {
    get cellIds() {
      return cellIds;
    },
    ask: () =>
      (open ??= callUnary(client, client.listCells, {}, { timeoutMs: callMs })
        .then(
          (response) => void (cellIds = response.cellIds.slice(0, maxCells)),
          // The cell in view tells whether Telemetry is there.
          () => {},
        )
        .finally(() => (open = undefined))),
    [Symbol.asyncDispose]: () => connection[Symbol.asyncDispose](),
  };
}

/** Most names kept. */
const maxCells = 256;

export interface AgentSource extends AsyncDisposable {
  readonly address: string;
  /** The newest status; undefined until the first. */
  readonly status: agent.GetStatusResponse | undefined;
  /** Whether the last poll was answered. */
  readonly answers: boolean;
  /** When one was last answered, epoch ms. */
  readonly heardAt: number;
  /** Polls once, unless a poll is still pending. Never rejects. */
  ask(): Promise<void>;
}

export function askAgent(address: string, security: Security, clock: Pick<Clock, 'now'>): AgentSource {
  const connection = connect(address, security);
  const client = connection.client(agent.DeviceAgentClient);
  let status: agent.GetStatusResponse | undefined;
  let [answers, heardAt] = [false, -Infinity];
  let open: Promise<void> | undefined;
  return {
    address,
    get status() {
      return status;
    },
    get answers() {
      return answers;
    },
    get heardAt() {
      return heardAt;
    },
    ask: () =>
      (open ??= callUnary(client, client.getStatus, {}, { timeoutMs: 900 })
        .then(
          (response) => {
            status = response;
            [answers, heardAt] = [true, clock.now()];
          },
          () => void (answers = false),
        )
        .finally(() => (open = undefined))),
    [Symbol.asyncDispose]: () => connection[Symbol.asyncDispose](),
  };
}

/** Keeps a server's stream open and remembers its newest message. */
function watch<Message>(
  { clock, random, logger, onConnected }: SourceOptions,
  open: (signal: AbortSignal) => AsyncIterable<Message>,
  onMessage: (message: Message) => void = () => {},
) {
  const stop = new AbortController();
  let [connected, newest]: [boolean, Message | undefined] = [false, undefined];
  const become = (now: boolean) => {
    if (now !== connected) onConnected((connected = now));
  };
  const running = keepOpen({
    ...reconnect,
    clock,
    random,
    logger,
    signal: stop.signal,
    async open(signal) {
      try {
        for await (const message of open(signal)) {
          newest = message;
          onMessage(message);
          become(true);
        }
      } finally {
        if (!stop.signal.aborted) become(false);
      }
    },
  });
  return {
    get connected() {
      return connected;
    },
    get newest() {
      return newest;
    },
    async [Symbol.asyncDispose]() {
      stop.abort();
      await running;
    },
  };
}
