import { percentile, seededRandom, silentLogger } from '@weir/base';
import { defaultObjective } from '@weir/domain';
import { policy } from '@weir/proto';
import type { CallContext } from '@weir/rpc';
import { openStore } from '@weir/storage';
import { statusToWire } from '@weir/wire';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { heldStore } from './serving-time/held-store.ts';
import { type Due, ProcessorClock } from './serving-time/processor-clock.ts';
import { SimulatedDevice } from './serving-time/simulated-device.ts';
import { Cells } from './src/cell/cells.ts';
import { Families } from './src/cell/families.ts';
import { learnersOf } from './src/cell/learners.ts';
import { internalErrors } from './src/internal-errors.ts';
import { DeviceInstances } from './src/sessions/instances.ts';
import { orchestrate } from './src/sessions/orchestrate.ts';

// For how long at a time one cell holds the thread that serves: sessions, journal, learner, plans, snapshots and one watcher,
// all but gRPC and its sockets. Each device has one frame and one state a second. Time is that of a processor with nothing
// else to do, whatever others do meanwhile; collecting garbage is part of it. With `looks`, frames may be looked at again, some are
// audited, and the floor binds:
// node apps/policy-service/serving-time.ts [devices] [seconds] [looks]

const [devices, seconds] = [Number(process.argv[2] ?? 2_000), Number(process.argv[3] ?? 20)];
const looksTwice = process.argv[4] === 'looks';
/** In which they join. */
const joiningMs = 10_000;
/** Not counted: code is compiled. */
const warmUpMs = 15_000;
/** How often what the store has done is told. */
const storeMs = 10;
/** Resolution of perf_hooks' monitorEventLoopDelay, as the service measures it. */
const monitorMs = 10;
/** Stretches that are told one by one. */
const longestTold = 10;

/** Processor time of each plan. */
const planMs: number[] = [];
const random = seededRandom(1);
const clock = new ProcessorClock(1e9);
const folder = mkdtempSync(join(tmpdir(), 'weir-serving-time-'));
const { store, answers } = heldStore(await openStore({ path: join(folder, 'experience.sqlite') }));
const logger = silentLogger;
const cells = new Cells({
  ...{ store, clock, logger },
  errors: internalErrors({ ...logger, error: (fields) => console.error(fields) }, () => {}),
  learners: learnersOf({ learner: 'planner', seed: 1 }),
  learner: 'planner',
  objective: { ...defaultObjective, ...(looksTwice && { accuracyFloor: 0.85 }) },
  times: { leaseMs: 5_000, replanMs: 1_000, leastReplanMs: 100, graceMs: 60_000 },
  ...{ maxDevices: devices, maxCells: 4, snapshotMs: 10_000 },
  onPlanned: ({ planningMs }) => void planMs.push(planningMs),
});
const families = new Families({ cells, clock, logger });
const instances = new DeviceInstances(logger);
const never = new AbortController().signal;
const caller = { id: 'bench', connection: 'bench' };
const context = { signal: never, draining: never, caller } as CallContext;

const agents = Array.from(
  { length: devices },
  (_, at) => new SimulatedDevice(`device-${at}`, { looksTwice, random: random.fork(`${at}`) }),
);
const startAt = clock.now();
const beginAt = startAt + joiningMs + warmUpMs;
const endAt = beginAt + 1_000 * seconds;

for (const agent of agents) {
  const joinAt = startAt + joiningMs * random.uniform();
  const run = () =>
    void orchestrate(agent.stream, context, {
      ...{ families, instances, clock, logger, helloTimeoutMs: 1e9 },
    }).catch((error: unknown) => console.error(error));
  clock.add({ at: joinAt, what: 'joining', run });
  const speaking: Due = {
    at: joinAt + 1_000 * (1 + random.uniform()),
    what: 'outcome and state',
    prepare: () => agent.prepare(clock.now()),
    run() {
      speaking.at += 1_000;
      clock.add(speaking);
      agent.speak();
    },
  };
  clock.add(speaking);
}

let stored: (() => void)[] = [];
const storing: Due = {
  at: startAt,
  what: 'answers of the store',
  async prepare() {
    stored = await answers();
    storing.at = clock.now() + storeMs;
    clock.add(storing);
  },
  run: () => stored.forEach((letThrough) => letThrough()),
};
clock.add(storing);

const watching: Due = {
  at: startAt + joiningMs,
  what: 'status',
  run() {
    watching.at += 1_000;
    clock.add(watching);
    const status = async () =>
      statusToWire(await cells.inSlices(families.statusInSteps('c', await cells.get('c'))));
    void status().then((wire) => policy.WatchLearnerResponse.encode(wire).finish());
  },
};
clock.add(watching);

const lateMs: number[] = [];
const monitor: Due = {
  at: startAt,
  what: 'monitor',
  run() {
    if (monitor.at >= beginAt) lateMs.push(clock.now() - monitor.at);
    monitor.at = clock.now() + monitorMs;
    clock.add(monitor);
  },
};
clock.add(monitor);

const stretches: { readonly what: string; readonly ms: number; readonly at: number }[] = [];
let directives = 0;
for (let now = startAt; now < endAt;) {
  const { due, startedAt, ms } = await clock.next();
  if (startedAt >= beginAt && due !== monitor)
    stretches.push({ what: due.what, ms, at: startedAt - beginAt });
  if (now < beginAt && startedAt >= beginAt)
    [directives, planMs.length] = [-agents.reduce((sum, agent) => sum + agent.directives, 0), 0];
  now = startedAt;
}
directives += agents.reduce((sum, agent) => sum + agent.directives, 0);

const rounded = (ms: number) => Number(ms.toFixed(1));
const times = (all: readonly number[]) => ({
  p50: rounded(percentile(all, 0.5)),
  p99: rounded(percentile(all, 0.99)),
  longest: rounded(Math.max(...all)),
});
const sumMs = (some: readonly { readonly ms: number }[]) => some.reduce((sum, { ms }) => sum + ms, 0);
const snapshot = await new Promise<number>((resolve) => {
  void store.snapshot('c', 'planner').then((found) => resolve(Buffer.byteLength(found!.state)));
  void answers().then((all) => all.forEach((letThrough) => letThrough()));
});
console.log(
  JSON.stringify({
    devices,
    stretchMs: times(stretches.map(({ ms }) => ms)),
    over5Ms: stretches.filter(({ ms }) => ms > 5).length / seconds,
    over10Ms: stretches.filter(({ ms }) => ms > 10).length / seconds,
    lateMs: times(lateMs),
    planMs: times(planMs),
    busy: rounded((100 * sumMs(stretches)) / (endAt - beginAt)) / 100,
    directivesPerSecond: rounded(directives / seconds),
    snapshotBytes: snapshot,
  }),
);
for (const [what, all] of [...Map.groupBy(stretches, (each) => each.what)].sort(
  ([, a], [, b]) => sumMs(b) - sumMs(a),
))
  console.log(
    `${what}: ${rounded(sumMs(all) / seconds)} ms a second, longest ${rounded(Math.max(...all.map(({ ms }) => ms)))} ms`,
  );
for (const { what, ms, at } of stretches.toSorted((a, b) => b.ms - a.ms).slice(0, longestTold))
  console.log(`after ${rounded(at / 1_000)} s ${what} for ${rounded(ms)} ms`);
rmSync(folder, { recursive: true });
process.exit(0);
