import { type Clock, type Logger, type Random, Unavailable } from '@weir/base';
import { learnerNames } from '@weir/learning';
import { agent, policy, telemetry } from '@weir/proto';
import { type Security, callUnary, connect, keepOpen, openServerStream } from '@weir/rpc';

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

export interface TelemetrySource extends Source {
  /** The newest state of each node by its id, without those that are gone. */
  readonly nodes: ReadonlyMap<string, telemetry.NodeState>;
}

/** Most nodes kept. */
const maxNodes = 1_000;

export function watchTelemetry(options: SourceOptions): TelemetrySource {
  const connection = connect(options.address, options.security);
  const client = connection.client(telemetry.TelemetryClient);
  const { cellId } = options;
  const nodes = new Map<string, telemetry.NodeState>();
  const source = watch(
    options,
    (signal) => {
      nodes.clear();
      return openServerStream(client, client.watchCell, { cellId }, { signal });
    },
    (message) => {
      for (const node of message.nodes) {
        const id = node.report?.nodeId ?? '';
        if (node.liveness === telemetry.Liveness.GONE) nodes.delete(id);
        else if (nodes.size < maxNodes || nodes.has(id)) nodes.set(id, node);
      }
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

export interface AgentSource extends AsyncDisposable {
  readonly address: string;
  /** The newest status; undefined until the first. */
  readonly status: agent.GetStatusResponse | undefined;
  /** Whether the last poll was answered. */
  readonly answers: boolean;
  /** Polls once, unless a poll is still pending. Never rejects. */
  ask(): Promise<void>;
}

export function askAgent(address: string, security: Security): AgentSource {
  const connection = connect(address, security);
  const client = connection.client(agent.DeviceAgentClient);
  let status: agent.GetStatusResponse | undefined;
  let answers = false;
  let open: Promise<void> | undefined;
  return {
    address,
    get status() {
      return status;
    },
    get answers() {
      return answers;
    },
    ask: () =>
      (open ??= callUnary(client, client.getStatus, {}, { timeoutMs: 900 })
        .then(
          (response) => {
            status = response;
            answers = true;
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
