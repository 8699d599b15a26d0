import { seededRandom } from '@weir/base';
import { policy } from '@weir/proto';
import { checkHealth, connect, openServerStream } from '@weir/rpc';
import { openNatsStore } from '@weir/storage';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { freePort } from '../support/free-port.ts';
import { type Agent, startAgent } from './agents.ts';
import { natsCluster, natsServer } from './nats-server.ts';

const cells = 12;
const agentsPerCell = 4;
const kills = 10;
/** Time between two outcomes of an agent, ms. */
const periodMs = 500;
const seed = Number(process.env.WEIR_NATS_SEED ?? 1);
const program = fileURLToPath(import.meta.resolve('@weir/policy-service/main'));

/** A policy that may be killed and started again under its address. */
interface Policy extends AsyncDisposable {
  readonly address: string;
  start(): Promise<void>;
  kill(): Promise<void>;
}

async function policyOver(servers: readonly string[]): Promise<Policy> {
  const address = `127.0.0.1:${await freePort()}`;
  let child: ChildProcess | undefined;
  const end = async (signal: NodeJS.Signals) => {
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, 'exit');
    child.kill(signal);
    await exited;
  };
  return {
    address,
    async start() {
      const flags = [
        `--listen=${address}`,
        `--store=${servers.join(',')}`,
        '--snapshot-ms=1000',
        '--log-level=error',
      ];
      child = spawn(process.execPath, [program, ...flags], { stdio: ['ignore', 'pipe', 'inherit'] });
      const ended = once(child, 'exit').then(([code]) => {
        throw new Error(`the policy ended with ${code}`);
      });
      ended.catch(() => {});
      await Promise.race([once(createInterface({ input: child.stdout! }), 'line'), ended]);
    },
    kill: () => end('SIGKILL'),
    [Symbol.asyncDispose]: () => end('SIGKILL'),
  };
}

const stateOf = (agents: readonly Agent[]) =>
  agents
    .map(({ cellId, deviceId, answered, acknowledged, address }) =>
      [cellId, deviceId, `${acknowledged} of ${answered}`, address].join(' '),
    )
    .join('; ');

/** Outcomes that the owner of the cell has learned from, over all its owners. */
async function learnedOf(cellId: string, agents: readonly Agent[]): Promise<number> {
  const { address } = agents.find((agent) => agent.cellId === cellId)!;
  await using connection = connect(address);
  const client = connection.client(policy.PolicyServiceClient);
  for await (const { outcomes } of openServerStream(client, client.watchLearner, { cellId }))
    return Number(outcomes);
  throw new Error(`the owner of ${cellId} says nothing`);
}

/** By cell, what every agent of it has obeyed or had acknowledged since; resolves to the time until the last one has, ms. */
async function allServed(agents: readonly Agent[], since: number): Promise<number> {
  const from = new Map(agents.map((agent) => [agent, agent.answered]));
  while (!agents.every((agent) => agent.directedAt > since && agent.acknowledged > from.get(agent)!)) {
    if (performance.now() - since > 60_000)
      throw new Error(`some cells have no owner after a minute: ${stateOf(agents)}`);
    await sleep(20);
  }
  return performance.now() - since;
}

describe(`three policies over three servers of NATS (seed ${seed})`, () => {
  it(
    'lose no acknowledged outcome, count none twice, and own every cell again, whatever is killed',
    { timeout: 300_000 },
    async () => {
      const random = seededRandom(seed);
      await using stack = new AsyncDisposableStack();
      const servers = await natsCluster(3);
      for (const server of servers) stack.use(server);
      const policies = await Promise.all([1, 2, 3].map(() => policyOver(servers.map(({ url }) => url))));
      for (const each of policies) stack.use(each);
      await Promise.all(policies.map((each) => each.start()));
      const addresses = policies.map(({ address }) => address);
      const agents = Array.from({ length: cells * agentsPerCell }, (_, at) => {
        const cell = Math.floor(at / agentsPerCell);
        const first = cell % addresses.length;
        return startAgent([...addresses.slice(first), ...addresses.slice(0, first)], {
          cellId: `cell-${cell}`,
          deviceId: `device-${at}`,
          seed: at,
        });
      });
      const talking = agents.map((agent) => setInterval(() => agent.answer(), periodMs));
      for (const agent of agents) stack.use(agent);
      stack.defer(() => talking.forEach(clearInterval));
      await allServed(agents, performance.now());

      const backAfterMs: number[] = [];
      for (let kill = 0; kill < kills; kill++) {
        await sleep(random.integer(1_500));
        const owning = policies.filter(({ address }) => agents.some((agent) => agent.address === address));
        const victims = kill % 3 === 2 ? servers : owning;
        const victim = victims[random.integer(victims.length)]!;
        await victim.kill();
        const killedAt = performance.now();
        // Those that are left take over; a server that is gone is missed by nobody.
        backAfterMs.push(await allServed(agents, killedAt));
        await victim.start();
      }
      talking.forEach(clearInterval);
      await expect
        .poll(() => agents.filter((agent) => agent.acknowledged < agent.answered), { timeout: 60_000 })
        .toEqual([]);

      await using store = await openNatsStore({ servers: servers.map(({ url }) => url) });
      for (const cellId of new Set(agents.map((agent) => agent.cellId))) {
        const journaled = (await store.read(cellId, 0, 1_000_000)).map(({ outcome }) => {
          const { deviceId, predictedMs } = JSON.parse(outcome) as { deviceId: string; predictedMs: number };
          return `${deviceId} ${predictedMs}`;
        });
        const known = agents
          .filter((agent) => agent.cellId === cellId)
          .flatMap(({ deviceId, answered }) =>
            Array.from({ length: answered }, (_, at) => `${deviceId} ${at + 1}`),
          );
        expect(journaled.toSorted()).toEqual(known.toSorted());
        expect(await learnedOf(cellId, agents), cellId).toBe(journaled.length);
      }
      for (const { epochs } of agents) expect(epochs).toEqual(epochs.toSorted((a, b) => a - b));
      console.log(`owned again after, ms: ${backAfterMs.map(Math.round).join(' ')}`);
    },
  );
});

describe('a policy whose store is away', () => {
  it('is not ready, keeps its sessions, and acknowledges what it is owed when the store is back', async () => {
    await using server = await natsServer();
    await using policy = await policyOver([server.url]);
    await policy.start();
    await using connection = connect(policy.address);
    const health = () => checkHealth(connection);
    await using agent = startAgent([policy.address], { cellId: 'c', deviceId: 'd', seed: 1 });
    agent.answer();
    await expect.poll(() => agent.acknowledged).toBe(1);
    expect(await health()).toBe('SERVING');
    await server.kill();
    const awayAt = performance.now();
    agent.answer();
    await expect.poll(health, { timeout: 20_000 }).toBe('NOT_SERVING');
    // Renewed at half of its lease.
    await expect.poll(() => agent.directedAt, { timeout: 20_000 }).toBeGreaterThan(awayAt);
    expect(agent.acknowledged).toBe(1);
    await server.start();
    await expect.poll(() => agent.acknowledged, { timeout: 30_000 }).toBe(2);
    await expect.poll(health, { timeout: 20_000 }).toBe('SERVING');
  });
});
