import { policy } from '@weir/proto';
import { connect as connectRpc, openServerStream } from '@weir/rpc';
import { openNatsStore } from '@weir/storage';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { readJournal } from '../../libs/storage/src/nats/cell-journal.ts';
import { openStreams } from '../../libs/storage/src/nats/jetstream.ts';
import { freePort } from '../support/free-port.ts';
import { type Agent, startAgent } from './agents.ts';
import { leafCertificates } from './leaf-certificates.ts';
import { natsOf } from './nats-server.ts';
import { Network } from './network.ts';
import { policyOver } from './policy-process.ts';
import { givenSize } from './sizes.ts';

const { 'cut-ms': cutMs, 'period-ms': periodMs } = givenSize();
const site = 'berlin';

/** Makes a stream of `docker/nats`, as `nats stream add --config FILE` does. */
async function addStream(nc: NatsConnection, file: string): Promise<void> {
  const config = readFileSync(fileURLToPath(import.meta.resolve(`../../docker/nats/${file}`)), 'utf8');
  const { name } = JSON.parse(config) as { name: string };
  const { error } = (await nc.request(`$JS.API.STREAM.CREATE.${name}`, config)).json<{ error?: object }>();
  expect(error).toBeUndefined();
}

/** What WatchLearner says of the cell. */
async function learnerOf(address: string, cellId: string): Promise<policy.WatchLearnerResponse> {
  await using connection = connectRpc(address);
  const client = connection.client(policy.PolicyServiceClient);
  for await (const status of openServerStream(client, client.watchLearner, { cellId })) return status;
  throw new Error(`nothing is said of ${cellId}`);
}

/** What this stream of outcomes has of the cells, in order: position, device and number of each. */
async function journalIn(
  stream: string,
  url: string,
  cellIds: readonly string[],
): Promise<readonly string[][]> {
  await using stack = new AsyncDisposableStack();
  const nc = await connect({ servers: [url] });
  stack.defer(() => nc.close());
  const streams = {
    ...(await openStreams(nc, { name: 'weir', replicas: 1 })),
    outcomes: { name: stream, prefix: 'weir.outcomes.' },
  };
  return await Promise.all(
    cellIds.map(async (cellId) =>
      (await readJournal(streams, cellId, { after: 0, limit: Infinity })).map(({ position, outcome }) => {
        const { deviceId, predictedMs } = JSON.parse(outcome) as { deviceId: string; predictedMs: number };
        return `${position} ${deviceId} ${predictedMs}`;
      }),
    ),
  );
}

describe('a site with a server and a policy of its own', () => {
  it(
    'goes on while its uplink is cut, and what it has learned is at the centre once, afterwards',
    { timeout: 120_000 + 2 * cutMs },
    async () => {
      await using stack = new AsyncDisposableStack();
      const network = stack.use(await Network.open());
      const leafPort = await freePort();
      const certificates = stack.use(await leafCertificates(['centre-1', site]));
      const centre = stack.use(await natsOf('centre.conf', { leafPort, tls: certificates.of('centre-1') }));
      const uplink = await network.dial(site, 'centre', `127.0.0.1:${leafPort}`);
      const leaf = stack.use(
        await natsOf('site.conf', {
          tls: certificates.of(site),
          env: { SITE: site, CENTRE: `tls://${uplink}` },
        }),
      );
      await Promise.all([centre.start(), leaf.start()]);
      const nc = await connect({ servers: [centre.url] });
      stack.defer(() => nc.close());
      for (const file of ['berlin-outcomes.json', 'berlin-prior.json']) await addStream(nc, file);

      const flags = ['--fleet-prior-ms=1000', '--snapshot-ms=1000'];
      const [there, here] = await Promise.all(
        [leaf, centre].map(async ({ url }) =>
          stack.use(await policyOver([url.slice('nats://'.length)], { flags })),
        ),
      );
      await Promise.all([there!.start(), here!.start()]);
      const join = (address: string, cellId: string, deviceId: string) =>
        stack.use(startAgent([address], { cellId, deviceId, seed: 1 }));
      const cellIds = ['line-1', 'line-2'];
      const agents = cellIds.flatMap((cellId) =>
        ['a', 'b'].map((name) => join(there!.address, cellId, `${cellId}-${name}`)),
      );
      const talking = agents.map((agent) => setInterval(() => agent.answer(), periodMs));
      stack.defer(() => talking.forEach(clearInterval));
      const patience = { timeout: 60_000, interval: 200 };
      const unacknowledged = (among: readonly Agent[]) =>
        among.filter((agent) => agent.answered === 0 || agent.acknowledged < agent.answered);
      const mirror = () => journalIn(`weir-site-${site}-outcomes`, centre.url, cellIds);
      const mirrored = async () => (await mirror()).flat().length;
      await expect.poll(mirrored, patience).toBeGreaterThan(20);

      // A cell of the same name at the centre is another one, which begins with what those of the site have learned.
      await expect
        .poll(async () => {
          await using store = await openNatsStore({ servers: [centre.url] });
          return JSON.parse((await store.fleetPrior()) ?? '{}') as object;
        }, patience)
        .toMatchObject({ prior: { cells: 2 } });
      const own = join(here!.address, 'line-1', 'own');
      own.answer();
      await expect.poll(() => own.acknowledged, patience).toBe(1);
      expect((await learnerOf(here!.address, 'line-1')).priorCells).toBe(2n);

      await network.cut(site, 'centre', 'blackhole');
      const plansBefore = (await learnerOf(there!.address, 'line-2')).plans;
      const cutAt = performance.now();
      const before = agents.map(({ answered }) => answered);
      await sleep(cutMs);
      agents.forEach((agent, at) => {
        expect(agent.acknowledged, agent.deviceId).toBeGreaterThan(before[at]!);
        expect(agent.directedAt, agent.deviceId).toBeGreaterThan(cutAt);
        expect(agent.owners).toHaveLength(1);
      });
      expect((await learnerOf(there!.address, 'line-2')).plans).toBeGreaterThan(plansBefore);
      const arrived = await mirrored();
      const given = () => agents.reduce((sum, { answered }) => sum + answered, 0);
      expect(arrived).toBeLessThan(given());

      await network.mend();
      const mendedAt = performance.now();
      await sleep(2 * periodMs);
      talking.forEach(clearInterval);
      await expect.poll(() => unacknowledged(agents), patience).toEqual([]);
      await expect.poll(mirrored, { ...patience, timeout: 60_000 + cutMs }).toBe(given());
      const tookMs = performance.now() - mendedAt;
      // Positions and all.
      const atTheSite = await journalIn('weir-outcomes', leaf.url, cellIds);
      expect(await mirror()).toEqual(atTheSite);
      const known = agents.flatMap(({ deviceId, answered }) =>
        Array.from({ length: answered }, (_, at) => `${deviceId} ${at + 1}`),
      );
      const outcomes = atTheSite.flat().map((entry) => entry.slice(entry.indexOf(' ') + 1));
      expect(outcomes.toSorted()).toEqual(known.toSorted());
      expect(await journalIn('weir-outcomes', centre.url, ['line-1'])).toEqual([
        [expect.stringMatching(/ own 1$/)],
      ]);
      console.log(
        `uplink cut for ${cutMs} ms: ${given() - arrived} of ${given()} outcomes arrived within ${Math.round(tookMs)} ms`,
      );
    },
  );
});
