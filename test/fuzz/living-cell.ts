import { silentLogger } from '@weir/base';
import { connectAgent, describeCell, type RunningCell, startCell } from '@weir/cell';
import { agent, policy } from '@weir/proto';
import { callUnary, connect } from '@weir/rpc';
import { objectiveToWire } from '@weir/wire';
import { defaultObjective } from '@weir/domain';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Footprint, footprintOf } from '../load/footprint.ts';

export interface FuzzedCell extends AsyncDisposable {
  readonly cell: RunningCell;
  readonly snapshot: policy.ExportSnapshotResponse;
  /** Puts the objectives back, and asks the agent about a picture. Rejects unless all of that is answered. */
  stillServes(): Promise<void>;
  /** The services' processes. */
  pids(): ReadonlyMap<string, number>;
  /** What each process holds now. */
  footprints(): ReadonlyMap<string, Footprint>;
  /** How long the serving thread of each process was held up at most since it was last asked, ms. */
  heldUpMs(): Promise<ReadonlyMap<string, number>>;
  /** Lines of the logs that tell an error. */
  errorsLogged(): readonly string[];
}

/** The four services as processes of their own: an edge, and an agent that nobody uses. */
export async function startFuzzedCell(picture: Uint8Array, logDir: string): Promise<FuzzedCell> {
  // What threads have freed, glibc keeps for each apart: that settles late, and looks like growth.
  process.env.MALLOC_ARENA_MAX ??= '1';
  await using starting = new AsyncDisposableStack();
  const fast = { delayMs: 0, bitsPerSecond: 10e9 };
  const links = { edge: fast, cloud: fast };
  const variants = ['mobilenet-v1-0.25-int8', 'mobilenet-v1-0.50-int8'];
  const cell = starting.use(
    await startCell(
      describeCell({
        nodes: [{ id: 'edge-1', tier: 'edge', slots: 1, dilationFactor: 0, variants }],
        devices: [{ id: 'device-1', dilationFactor: 0, variants }],
        links: { regular: links, weak: links },
      }),
      { logger: silentLogger, metrics: true, logDir },
    ),
  );
  const agentClient = starting.use(connectAgent(cell.address('device-1')));
  const toAgent = starting.use(connect(cell.address('device-1'))).client(agent.DeviceAgentClient);
  const toPolicy = starting.use(connect(cell.policyAddress)).client(policy.PolicyServiceClient);
  const { cellId } = cell.description;
  // What hostile messages have asked for may be served by nobody.
  const objective = objectiveToWire(defaultObjective);
  const call = { timeoutMs: 20_000 };
  const stillServes = async () => {
    await callUnary(toPolicy, toPolicy.setObjective, { cellId, objective }, call);
    await callUnary(toAgent, toAgent.setObjective, { objective }, call);
    await agentClient.infer({ image: Buffer.from(picture), timeoutMs: 20_000 });
  };
  // So that there is something in a snapshot.
  for (let frame = 0; frame < 20; frame++) await stillServes();
  const snapshot = await callUnary(toPolicy, toPolicy.exportSnapshot, { cellId }, call);
  const services = ['telemetry', 'policy', 'edge-1', 'device-1'];
  const running = starting.move();
  return {
    cell,
    snapshot,
    stillServes,
    pids: () => new Map(services.map((name) => [name, cell.pid(name) ?? 0])),
    footprints: () => new Map(services.map((name) => [name, footprintOf(cell.pid(name)!)])),
    async heldUpMs() {
      const told = cell.metrics.map(async ({ process, address }) => {
        const text = await (await fetch(`http://${address}/metrics`)).text();
        const seconds = /^nodejs_eventloop_delay_max_seconds(?:\{[^}]*\})? (\S+)/m.exec(text)?.[1];
        return [process, 1_000 * Number(seconds)] as const;
      });
      return new Map(await Promise.all(told));
    },
    errorsLogged: () =>
      readdirSync(logDir).flatMap((file) =>
        readFileSync(join(logDir, file), 'utf8')
          .split('\n')
          .filter((line) => /"level":"?(error|fatal|50|60)/.test(line))
          .map((line) => `${file}: ${line.slice(0, 1_000)}`),
      ),
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}
