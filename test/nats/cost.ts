import { percentile } from '@weir/base';
import { processorMeter } from '@weir/cell';
import { openNatsStore } from '@weir/storage';
import { jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { preparePython } from '../python/prepare.ts';
import { startAgent } from './agents.ts';
import { natsCluster } from './nats-server.ts';
import { Network } from './network.ts';
import { policyOver } from './policy-process.ts';

/**
 * `node test/nats/cost.ts`: what agents cost a policy over three servers of NATS, each with one outcome and one report of its
 * state a second; and what it costs another policy to take all cells over. The figures of docs/million.md.
 */
const { values } = parseArgs({
  options: {
    cells: { type: 'string', default: '6' },
    agents: { type: 'string', default: '50' },
    seconds: { type: 'string', default: '60' },
  },
});
const [cells, perCell, seconds] = [values.cells, values.agents, values.seconds].map(Number) as [
  number,
  number,
  number,
];
if (![cells, perCell, seconds].every((value) => value >= 1)) {
  console.error('cost: --cells, --agents (of each cell) and --seconds are numbers, at least 1');
  process.exit(64);
}
const missing = preparePython(import.meta.dirname, 'The server of NATS');
if (missing) {
  console.error(missing);
  process.exit(1);
}
process.env.WEIR_NATS_SERVER = join(import.meta.dirname, '.venv/bin/nats-server');

await using stack = new AsyncDisposableStack();
const network = stack.use(await Network.open());
const servers = await natsCluster(3, network);
for (const server of servers) stack.use(server);
const addresses = servers.map(({ url }) => url.slice('nats://'.length));
const [first, second] = [stack.use(await policyOver(addresses)), stack.use(await policyOver(addresses))];
await first.start();
await second.start();

const devices = cells * perCell;
const link = await network.dial('devices', 'policy', first.address);
const agents = Array.from({ length: devices }, (_, at) =>
  stack.use(
    startAgent([link, second.address], {
      cellId: `cell-${Math.floor(at / perCell)}`,
      deviceId: `device-${at}`,
      seed: at,
    }),
  ),
);
const talking: NodeJS.Timeout[] = [];
for (const agent of agents)
  setTimeout(() => void talking.push(setInterval(() => agent.answer(), 1_000)), 1_000 * Math.random());
stack.defer(() => talking.forEach(clearInterval));
// Until all are planned for, compiled and snapshotted.
while (!agents.every(({ directedAt }) => directedAt > 0)) await sleep(100);
await sleep(20_000);

const nc = await connect({ servers: [servers[0]!.url] });
stack.defer(() => nc.close());
const jsm = await jetstreamManager(nc);
const meters = {
  policy: processorMeter([first.pid!]),
  servers: processorMeter(servers.map(({ pid }) => pid!)),
  taker: processorMeter([second.pid!]),
};
/** Source: proc_pid_io(5). */
const writtenBytes = () =>
  servers.reduce(
    (sum, { pid }) => sum + Number(/^write_bytes: (\d+)$/m.exec(readFileSync(`/proc/${pid}/io`, 'utf8'))![1]),
    0,
  );
const read = async () => ({
  at: performance.now(),
  policyMs: meters.policy().all,
  serversMs: meters.servers().all,
  writtenBytes: writtenBytes(),
  link: (await network.stats('devices', 'policy'))[0]!,
  acknowledged: agents.reduce((sum, { acknowledged }) => sum + acknowledged, 0),
  waits: agents.map(({ acknowledgedAfterMs }) => acknowledgedAfterMs.length),
  outcomes: (await jsm.streams.info('weir-outcomes')).state,
  bucket: (await jsm.streams.info('KV_weir')).state,
});
const before = await read();
await sleep(1_000 * seconds);
const after = await read();
const tookS = (after.at - before.at) / 1_000;
const outcomes = after.acknowledged - before.acknowledged;
const waits = agents.flatMap(({ acknowledgedAfterMs }, at) =>
  acknowledgedAfterMs.slice(before.waits[at], after.waits[at]),
);
const snapshotBytes: number[] = [];
{
  await using store = await openNatsStore({ servers: servers.map(({ url }) => url) });
  for await (const { state } of store.snapshots('planner', cells))
    snapshotBytes.push(Buffer.byteLength(state));
}

await first.kill();
const killedAt = performance.now();
const [takerBefore, serversBefore] = [meters.taker().all, meters.servers().all];
const cellsServed = new Map<string, number>();
while (!agents.every(({ directedAt }) => directedAt > killedAt)) {
  for (const { cellId, directedAt } of agents)
    if (directedAt > killedAt && !cellsServed.has(cellId))
      cellsServed.set(cellId, performance.now() - killedAt);
  await sleep(10);
}
const figures = {
  'processor time of the policy, ms a device and second':
    (after.policyMs - before.policyMs) / devices / tookS,
  'processor time of the three servers, ms a device and second':
    (after.serversMs - before.serversMs) / devices / tookS,
  'bytes that a device sends to its policy, a second':
    (after.link.up.bytes - before.link.up.bytes) / devices / tookS,
  'bytes that it receives, a second': (after.link.down.bytes - before.link.down.bytes) / devices / tookS,
  'until an outcome is acknowledged, ms, median': percentile(waits, 0.5),
  'until an outcome is acknowledged, ms, 99 %': percentile(waits, 0.99),
  'outcomes in a message of the stream': outcomes / (after.outcomes.messages - before.outcomes.messages),
  'messages of the stream, a cell and second':
    (after.outcomes.messages - before.outcomes.messages) / cells / tookS,
  'bytes of the stream, an outcome, on each replica':
    (after.outcomes.bytes - before.outcomes.bytes) / outcomes,
  'messages of the bucket, a cell and second':
    (after.bucket.last_seq - before.bucket.last_seq) / cells / tookS,
  'bytes that the three servers write to their disks, an outcome':
    (after.writtenBytes - before.writtenBytes) / outcomes,
  'bytes of a snapshot, a cell': snapshotBytes.reduce((sum, bytes) => sum + bytes, 0) / snapshotBytes.length,
  'bytes of the bucket, a cell, on each replica': after.bucket.bytes / cells,
  'failover: until the first cell is served again, ms': Math.min(...cellsServed.values()),
  'failover: until all devices are, ms': performance.now() - killedAt,
  'failover: processor time of the policy that takes over, ms a device':
    (meters.taker().all - takerBefore) / devices,
  'failover: processor time of the three servers, ms a device':
    (meters.servers().all - serversBefore) / devices,
};
console.log(
  `${cells} cells of ${perCell} devices, ${seconds} s, ${outcomes / tookS / devices} outcomes a device and second`,
);
for (const [what, value] of Object.entries(figures))
  console.log(`${value.toPrecision(3).padStart(9)}  ${what}`);
await stack.disposeAsync();
process.exit();
