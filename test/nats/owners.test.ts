import { seededRandom } from '@weir/base';
import { policy } from '@weir/proto';
import { checkHealth, connect, openServerStream } from '@weir/rpc';
import { openNatsStore } from '@weir/storage';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { type Agent, startAgent } from './agents.ts';
import { kindsOfFaults } from './faults.ts';
import { natsCluster, natsServer } from './nats-server.ts';
import { Network } from './network.ts';
import { policyOver } from './policy-process.ts';
import { givenSize } from './sizes.ts';

const {
  seed,
  cells,
  agents: agentsPerCell,
  faults,
  'period-ms': periodMs,
  'within-ms': withinMs,
} = givenSize();

const byCell = (agents: readonly Agent[]): readonly (readonly Agent[])[] => [
  ...Map.groupBy(agents, ({ cellId }) => cellId).values(),
];

/** Outcomes that the owner of the cell has learned from, over all its owners. */
async function learnedBy([{ cellId, address }]: readonly [Agent, ...Agent[]]): Promise<number> {
  await using connection = connect(address);
  const client = connection.client(policy.PolicyServiceClient);
  for await (const { outcomes } of openServerStream(client, client.watchLearner, { cellId }))
    return Number(outcomes);
  throw new Error(`the owner of ${cellId} says nothing`);
}

/**
 * Resolves when every agent has obeyed a directive since, and had acknowledged an outcome of since: to the time until each cell
 * had one such agent, and until all were such, ms.
 */
async function servedAgain(agents: readonly Agent[], since: number): Promise<{ cell: number; all: number }> {
  const from = new Map(agents.map((agent) => [agent, agent.answered]));
  const isServed = (agent: Agent) => agent.directedAt > since && agent.acknowledged > from.get(agent)!;
  let waiting = byCell(agents);
  let cell = 0;
  while (!agents.every(isServed)) {
    waiting = waiting.filter((each) => !each.some(isServed));
    const passed = performance.now() - since;
    if (waiting.length > 0) cell = passed;
    if (passed > 60_000) {
      const unserved = agents
        .filter((agent) => !isServed(agent))
        .map(({ cellId, deviceId, answered, acknowledged, address }) =>
          [cellId, deviceId, `${acknowledged} of ${answered}`, address].join(' '),
        );
      throw new Error(`${unserved.length} agents are not served after a minute: ${unserved.join('; ')}`);
    }
    await sleep(20);
  }
  return { cell, all: performance.now() - since };
}

/** Longest time that some agent of a cell still obeyed an owner while another one obeyed a later one already, ms. */
const longestTwoOwners = (agents: readonly Agent[]): number =>
  Math.max(
    ...byCell(agents).flatMap((cell) => {
      const obeyed = cell.flatMap(({ owners }) => owners);
      return obeyed.flatMap(({ epoch, firstAt }) =>
        obeyed.filter((former) => former.epoch < epoch).map(({ lastAt }) => lastAt - firstAt),
      );
    }),
    0,
  );

describe(`three policies over three servers of NATS (seed ${seed})`, () => {
  it(
    'lose no acknowledged outcome, count none twice, and own every cell again, whatever is killed, cut off or suspended',
    { timeout: 120_000 + faults * 90_000 },
    async () => {
      const random = seededRandom(seed);
      await using stack = new AsyncDisposableStack();
      const network = stack.use(await Network.open());
      const servers = await natsCluster(3, network);
      for (const server of servers) stack.use(server);
      const policies = await Promise.all(
        [1, 2, 3].map(async (number) => {
          const name = `policy-${number}`;
          const links = servers.map((server) =>
            network.dial(name, server.name, server.url.slice('nats://'.length)),
          );
          const flags = [`--snapshot-ms=${2 * periodMs}`];
          return stack.use(await policyOver(await Promise.all(links), { name, flags }));
        }),
      );
      await Promise.all(policies.map((each) => each.start()));
      const addresses = policies.map(({ address }) => address);
      const agents = Array.from({ length: cells * agentsPerCell }, (_, at) => {
        const cell = Math.floor(at / agentsPerCell);
        const first = cell % addresses.length;
        return stack.use(
          startAgent([...addresses.slice(first), ...addresses.slice(0, first)], {
            cellId: `cell-${cell}`,
            deviceId: `device-${at}`,
            seed: at,
          }),
        );
      });
      const talking: NodeJS.Timeout[] = [];
      const begin = (agent: Agent) => void talking.push(setInterval(() => agent.answer(), periodMs));
      for (const agent of agents) talking.push(setTimeout(() => begin(agent), random.integer(periodMs)));
      stack.defer(() => talking.forEach(clearInterval));
      await servedAgain(agents, performance.now());

      const ownedAfterMs: number[] = [];
      for (const strike of kindsOfFaults(faults, random)) {
        await sleep(random.integer(1_500));
        const fault = await strike({ servers, policies, network, agents }, random);
        if (!fault.isOutlived) await sleep(1_000 + random.integer(4_000));
        const mending = fault.isOutlived ? undefined : fault.mend();
        const { cell, all } = await servedAgain(agents, performance.now());
        await (mending ?? fault.mend());
        ownedAfterMs.push(cell);
        console.log(`${fault.what}: owned again after ${Math.round(cell)} ms, all served ${Math.round(all)}`);
        await Promise.all(servers.map((server) => server.serves()));
      }
      talking.forEach(clearInterval);
      await expect
        .poll(() => agents.filter((agent) => agent.acknowledged < agent.answered), { timeout: 60_000 })
        .toEqual([]);

      await using store = await openNatsStore({ servers: servers.map(({ url }) => url) });
      let outcomes = 0;
      for (const cell of byCell(agents)) {
        const [{ cellId }] = cell as [Agent, ...Agent[]];
        const journaled = (await store.read(cellId, 0, 10_000_000)).map(({ outcome }) => {
          const { deviceId, predictedMs } = JSON.parse(outcome) as { deviceId: string; predictedMs: number };
          return `${deviceId} ${predictedMs}`;
        });
        const known = cell.flatMap(({ deviceId, answered }) =>
          Array.from({ length: answered }, (_, at) => `${deviceId} ${at + 1}`),
        );
        expect(journaled.toSorted()).toEqual(known.toSorted());
        expect(await learnedBy(cell as [Agent, ...Agent[]]), cellId).toBe(journaled.length);
        outcomes += journaled.length;
      }
      for (const { owners } of agents) {
        const epochs = owners.map(({ epoch }) => epoch);
        expect(epochs).toEqual(epochs.toSorted((a, b) => a - b));
      }
      const owners = byCell(agents).map(
        (cell) => new Set(cell.flatMap((agent) => agent.owners.map(({ epoch }) => epoch))).size,
      );
      const twoOwnersMs = longestTwoOwners(agents);
      console.log(
        `${outcomes} outcomes, ${owners.reduce((sum, count) => sum + count, 0)} owners of ${cells} cells; ` +
          `a former one was obeyed beside its successor for at most ${Math.round(twoOwnersMs)} ms`,
      );
      // As long as what was sent before may take to arrive at busy agents.
      expect(twoOwnersMs).toBeLessThan(1_000);
      expect(Math.max(...ownedAfterMs)).toBeLessThanOrEqual(withinMs);
    },
  );
});

describe('a policy whose store is away', () => {
  it('is not ready, keeps its sessions, and acknowledges what it is owed when the store is back', async () => {
    await using server = await natsServer();
    await using policy = await policyOver([server.url.slice('nats://'.length)]);
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

describe('a policy that is cut off from the store', () => {
  it('steers nobody any more, and sends its devices to the others', { timeout: 120_000 }, async () => {
    await using network = await Network.open();
    await using server = await natsServer();
    const serverAddress = server.url.slice('nats://'.length);
    const linked = async (name: string) =>
      policyOver([await network.dial(name, 'server', serverAddress)], { name });
    await using lonely = await linked('lonely');
    await using other = await linked('other');
    await Promise.all([lonely.start(), other.start()]);
    await using agent = startAgent([lonely.address, other.address], { cellId: 'c', deviceId: 'd', seed: 1 });
    agent.answer();
    await expect.poll(() => agent.acknowledged).toBe(1);
    expect(agent.address).toBe(lonely.address);
    await network.cut('lonely', 'server', 'blackhole');
    agent.answer();
    await expect.poll(() => agent.acknowledged, { timeout: 60_000 }).toBe(2);
    expect(agent.address).toBe(other.address);
    await network.mend();
    agent.answer();
    await expect.poll(() => agent.acknowledged, { timeout: 20_000 }).toBe(3);
    expect(agent.address).toBe(other.address);
  });
});
