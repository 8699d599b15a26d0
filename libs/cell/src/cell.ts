import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { Cancelled, type Clock, type Logger, makeFolder, NotFound, systemClock } from '@weir/base';
import type { CutMode } from '@weir/link';
import { policy as policyService } from '@weir/proto';
import { callUnary, connect } from '@weir/rpc';
import { objectiveToWire } from '@weir/wire';
import type { CellDescription } from './description.ts';
import { AddressClaims } from './free-address.ts';
import { type CellLink, type CellLinks, startLinks } from './links.ts';
import { type MetricsEndpoint, metricsAddresses } from './metrics-endpoints.ts';
import {
  type Environment,
  agentProgram,
  policyProgram,
  telemetryProgram,
  workerProgram,
} from './programs.ts';
import { type ProcessEvent, type ProcessSpec, SupervisedProcess } from './supervised-process.ts';
import { waitForReady } from './wait-for-ready.ts';

export interface StartCellOptions {
  readonly logger: Logger;
  /** Cancels the start. */
  readonly signal?: AbortSignal;
  readonly clock?: Clock;
  /** Folder of the processes' logs. @default a temporary one, removed at the end */
  readonly logDir?: string | undefined;
  /** Folder of PolicyService's state. @default a temporary one, removed at the end */
  readonly stateDir?: string | undefined;
  /** Log level of the processes. @default info */
  readonly logLevel?: string | undefined;
  /** Flags that the processes' Node gets, e.g. for a benchmark. @default none */
  readonly execArgv?: readonly string[] | undefined;
  /** Gives each service a Prometheus endpoint on a free port. @default false */
  readonly metrics?: boolean | undefined;
  /** Gives the HOST:PORT at which a device reaches PolicyService, e.g. of a relay to `address`. @default there itself */
  readonly routeToPolicy?: ((deviceId: string, address: string) => Promise<string>) | undefined;
}

/** A living cell. Disposing stops its processes in order: agents, workers, links, policy, telemetry. */
export interface RunningCell extends AsyncDisposable {
  readonly description: CellDescription;
  readonly devices: readonly { readonly id: string; readonly address: string }[];
  readonly policyAddress: string;
  readonly telemetryAddress: string;
  /** One for each device and remote node. */
  readonly links: readonly CellLink[];
  /** Names of all processes: `telemetry`, `policy`, `links`, node ids, device ids. */
  readonly processes: readonly string[];
  readonly logDir: string;
  /** One for each service; none unless asked for. */
  readonly metrics: readonly MetricsEndpoint[];
  /** Process id; undefined while the process is down. Throws NotFound. */
  pid(name: string): number | undefined;
  /** HOST:PORT of a process. Throws NotFound. */
  address(name: string): string;
  /** Sends a signal to a process, for chaos tests. Throws NotFound. */
  kill(name: string, signal: NodeJS.Signals): void;
  /** Slows a device's emulated processor down by a factor > 0 of what is described, over restarts too. Throws NotFound. */
  slowDown(deviceId: string, factor: number): void;
  /** Cuts or restores every link to a node. Throws NotFound. */
  cutNode(nodeId: string, mode?: CutMode): Promise<void>;
  restoreNode(nodeId: string): Promise<void>;
  /** Restarts of each process that died, by name. */
  restarts(): Readonly<Record<string, number>>;
  /** Calls back on every process event from now on, until the returned function is called. */
  onEvent(listener: (event: ProcessEvent) => void): () => void;
}

/** A start goes on after this, ms, even if an agent has not reached its workers or PolicyService; the agent keeps trying. */
const readyTimeoutMs = 5_000;

/**
 * Starts a cell's processes. Resolves when all of them serve and the agents are ready: connected to workers and policy. When
 * one fails to start, the others are stopped.
 */
export async function startCell(
  description: CellDescription,
  options: StartCellOptions,
): Promise<RunningCell> {
  const { logger, signal, clock = systemClock, logLevel = 'info', execArgv } = options;
  await using starting = new AsyncDisposableStack();
  const folders = prepareFolders(options, starting);
  const claims = starting.use(new AddressClaims());
  const metrics = options.metrics ? await metricsAddresses(description, claims) : new Map<string, string>();
  const environment: Environment = { cell: description, logLevel, stateDir: folders.stateDir, metrics };
  const listeners = new Set<(event: ProcessEvent) => void>();
  const onEvent = (event: ProcessEvent) => {
    for (const listener of listeners) listener(event);
  };
  const processes = new Map<string, SupervisedProcess>();
  const start = (spec: ProcessSpec, group: Group) =>
    group.add(
      SupervisedProcess.start(spec, {
        clock,
        logger,
        logDir: folders.logDir,
        execArgv,
        onEvent,
        signal,
      }).then((started) => {
        processes.set(spec.name, started);
        return started;
      }),
    );

  // Disposed in the reverse order: agents, workers and links, policy, telemetry.
  const [first, second, workers, agents] = [0, 1, 2, 3].map(() => starting.use(new Group())) as [
    Group,
    Group,
    Group,
    Group,
  ];
  const [telemetry, policy] = await Promise.all([
    start(telemetryProgram(environment), first),
    start(policyProgram(environment), second),
  ]);
  refuseIfStopped();
  await instruct(policy.address, description);
  const known = { telemetry: telemetry.address, policy: policy.address };

  // Workers and agents start in parallel: links point to where the workers will listen.
  const nodeAddresses = new Map<string, string>();
  for (const { id, listen } of description.nodes) nodeAddresses.set(id, listen ?? (await claims.claim()));
  const links = await workers.add(startLinks(description, { nodeAddresses, logger, onEvent }));
  await Promise.all([
    ...description.nodes.map((node) =>
      start(workerProgram({ ...node, listen: nodeAddresses.get(node.id) }, environment, known), workers),
    ),
    ...description.devices.map(async (device) => {
      const own = links.all.filter(({ deviceId }) => deviceId === device.id);
      const targets = new Map(own.map(({ nodeId, address }) => [nodeId, address]));
      const route = (await options.routeToPolicy?.(device.id, policy.address)) ?? policy.address;
      return start(agentProgram(device, environment, { ...known, policy: route, targets }), agents);
    }),
  ]);
  await Promise.all(
    description.devices.map(async ({ id }) => {
      const ready = await waitForReady(processes.get(id)!.address, {
        clock,
        withinMs: readyTimeoutMs,
        signal,
      });
      if (!ready) logger.warn({ device: id }, 'not connected to every worker and PolicyService yet');
    }),
  );
  refuseIfStopped();

  const running = starting.move();
  return {
    description,
    devices: description.devices.map(({ id }) => ({ id, address: processes.get(id)!.address })),
    policyAddress: policy.address,
    telemetryAddress: telemetry.address,
    links: links.all,
    processes: [...processes.keys(), 'links'],
    logDir: folders.logDir,
    metrics: [...metrics].map(([process, address]) => ({ process, address })),
    pid: (name) => processNamed(name).pid,
    address: (name) => processNamed(name).address,
    kill: (name, signalName) => (name === 'links' ? links : processNamed(name)).kill(signalName),
    slowDown(deviceId, factor) {
      if (!description.devices.some(({ id }) => id === deviceId))
        throw new NotFound(`the cell has no device ${deviceId}`);
      processNamed(deviceId).tell({ slowDown: factor }, { keep: true });
    },
    cutNode: (nodeId, mode) => everyLink(nodeId, (link) => link.cut(mode)),
    restoreNode: (nodeId) => everyLink(nodeId, (link) => link.restore()),
    restarts: () => restartsOf(processes, links),
    onEvent(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };

  function refuseIfStopped(): void {
    if (signal?.aborted) throw new Cancelled('stopped while the cell was starting');
  }

  function processNamed(name: string): SupervisedProcess {
    const found = processes.get(name);
    if (!found)
      throw new NotFound(`the cell has no process ${name}; it has ${[...processes.keys()].join(', ')}`);
    return found;
  }

  async function everyLink(nodeId: string, change: (link: CellLink) => Promise<void>): Promise<void> {
    const found = links.all.filter((link) => link.nodeId === nodeId);
    if (found.length === 0) throw new NotFound(`no link leads to ${nodeId}`);
    await Promise.all(found.map(change));
  }
}

/** Tells PolicyService the cell's objective and learner. */
async function instruct(address: string, { cellId, learner, objective }: CellDescription): Promise<void> {
  await using connection = connect(address);
  const client = connection.client(policyService.PolicyServiceClient);
  const call = { timeoutMs: 10_000 };
  const request = { cellId, objective: objectiveToWire(objective) };
  await callUnary(client, client.setObjective, request, call);
  // The service knows a learner of a file by the file's name.
  await callUnary(client, client.setLearner, { cellId, learner: basename(learner) }, call);
}

function restartsOf(
  processes: ReadonlyMap<string, SupervisedProcess>,
  links: CellLinks,
): Record<string, number> {
  const counts = [...[...processes.values()].map(({ name, restarts }) => [name, restarts] as const)];
  return Object.fromEntries([...counts, ['links', links.restarts] as const].filter(([, count]) => count > 0));
}

function prepareFolders(options: StartCellOptions, starting: AsyncDisposableStack) {
  const temporary = () => {
    const folder = mkdtempSync(join(tmpdir(), 'weir-cell-'));
    starting.defer(() => rmSync(folder, { recursive: true, force: true }));
    return folder;
  };
  const { logDir = temporary(), stateDir = temporary() } = options;
  for (const folder of [logDir, stateDir]) makeFolder(folder);
  return { logDir, stateDir };
}

/** Members that start and stop in parallel. Disposing also stops those still starting when another one failed. */
class Group implements AsyncDisposable {
  readonly #members: Promise<AsyncDisposable>[] = [];

  async add<Member extends AsyncDisposable>(member: Promise<Member>): Promise<Member> {
    this.#members.push(member);
    return member;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(
      this.#members.map(async (member) => {
        const started = await member.catch(() => undefined);
        await started?.[Symbol.asyncDispose]();
      }),
    );
  }
}
