import { sleep } from '@weir/base';
import { agent, policy, telemetry, worker } from '@weir/proto';
import { callUnary, connect, openDuplex } from '@weir/rpc';
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { bareConnection, framed, silentConnection } from './bare-calls.ts';
import { footprintOf, nothingLeft, watch, type Watched } from './footprint.ts';
import { mostLeftMb } from './overload.ts';
import { type Fact, percent, report } from './report.ts';
import { bystanders, type Stage } from './stage.ts';
import { streamTo } from './worker-stream.ts';

/** Most that a process holds of unfinished messages, MB (`UnfinishedMessages`); what it had may stay its own until it needs it. */
const mostUnfinishedMb = 268;
/** How long a server may take to let go of what has ended, ms. */
const settleMs = 15_000;

/** Somebody does something senseless to a cell, while others go on, and nothing of it is left. */
async function flood(
  phase: string,
  stage: Stage,
  {
    processes,
    mostMb,
    leftMb = mostLeftMb,
    act,
  }: {
    readonly processes: readonly Watched[];
    /** Most that it adds to a process, meanwhile and for good. */
    readonly mostMb: number;
    readonly leftMb?: number;
    readonly act: () => Promise<Fact[]>;
  },
): Promise<void> {
  const before = processes.map(({ pid }) => footprintOf(pid()));
  const watching = watch(processes);
  const others = bystanders(stage);
  const facts = await act();
  const served = await others.stop();
  const samples = watching.stop();
  const handles = () => processes.map(({ pid }) => footprintOf(pid()).handles);
  for (let waited = 0; waited < settleMs; waited += 250) {
    if (handles().every((count, at) => count <= before[at]!.handles)) break;
    await sleep(250);
  }
  report(phase, [
    ...facts,
    ...served,
    ...processes.map(({ name }, at): Fact => {
      const most = Math.max(...samples[at]!.map(({ rssMb }) => rssMb));
      return [`${name} at most ${most.toFixed(0)} MB`, most <= before[at]!.rssMb + mostMb];
    }),
    ...processes.map(({ name, pid }, at) =>
      nothingLeft(name, { before: before[at]!, after: footprintOf(pid()), mostMb: leftMb }),
    ),
  ]);
}

/** Connections that say nothing, and messages of which 7 of 8 MB come. */
export async function silence(stage: Stage): Promise<void> {
  const { cell, processes, long } = stage;
  const addresses = [
    cell.policyAddress,
    cell.telemetryAddress,
    cell.address('edge-1'),
    cell.devices[0]!.address,
  ];
  await flood('silent connections and unfinished messages', stage, {
    processes: Object.values(processes),
    // As much again is on its way.
    mostMb: 2 * mostUnfinishedMb,
    leftMb: mostUnfinishedMb,
    async act() {
      using cleanUp = new DisposableStack();
      const silent: Socket[] = [];
      for (const address of addresses)
        for (let at = 0; at < 250; at++) silent.push(await silentConnection(address));
      cleanUp.defer(() => silent.forEach((socket) => socket.destroy()));
      const part = framed(Buffer.alloc(7_000_000), { length: 8_000_000 });
      let ended = 0;
      let opened = 0;
      for (let connections = 0; connections < (long ? 10 : 7); connections++) {
        const connection = cleanUp.use(bareConnection(cell.policyAddress));
        for (let streams = 0; streams < 6; streams++, opened++) {
          const stream = connection.open('weir.policy.v1.PolicyService/Orchestrate');
          stream.resume().once('close', () => ended++);
          stream.write(part);
        }
      }
      const isOver = () => silent.every(({ closed }) => closed) && (!long || ended === opened);
      const mostMs = long ? 60_000 : 20_000;
      for (let waited = 0; waited < mostMs && !isOver(); waited += 250) await sleep(250);
      const closed = silent.filter((socket) => socket.closed).length;
      return [
        [`${closed} of ${silent.length} silent ones closed`, closed === silent.length],
        [`${ended} of ${opened} unfinished ones ended`, !long || ended === opened],
      ];
    },
  });
}

/** Streams that ask, and take no answer: their HTTP/2 window is 0. */
export async function unread(stage: Stage): Promise<void> {
  const { cell, processes, long } = stage;
  const { cellId } = cell.description;
  const unreadable = { settings: { initialWindowSize: 0 } };
  await flood('streams that never read', stage, {
    processes: [processes.policy, processes.telemetry, processes.worker],
    mostMb: mostLeftMb,
    async act() {
      using cleanUp = new DisposableStack();
      const stopping = new AbortController();
      cleanUp.defer(() => stopping.abort());
      const watches = [
        [
          cell.policyAddress,
          'weir.policy.v1.PolicyService/WatchLearner',
          policy.WatchLearnerRequest.encode({ cellId }).finish(),
        ],
        [
          cell.telemetryAddress,
          'weir.telemetry.v1.Telemetry/WatchCell',
          telemetry.WatchCellRequest.encode({ cellId }).finish(),
        ],
      ] as const;
      for (const [address, path, request] of watches) {
        const connection = cleanUp.use(bareConnection(address, unreadable));
        for (let at = 0; at < 100; at++) connection.open(path).end(framed(request));
      }
      let pings = 0;
      const payload = Buffer.alloc(32);
      const ping = framed(
        worker.StreamInferRequest.encode({
          message: { $case: 'ping', value: { sequence: 1, payload } },
        }).finish(),
      );
      const connection = cleanUp.use(bareConnection(cell.address('edge-1'), unreadable));
      for (let at = 0; at < 20; at++) {
        const stream = connection.open('weir.worker.v1.InferenceWorker/StreamInfer');
        void (async () => {
          while (!stopping.signal.aborted) {
            pings++;
            if (!stream.write(ping)) await once(stream, 'drain', { signal: stopping.signal });
            else if (pings % 100 === 0) await sleep(1);
          }
        })().catch(() => {});
      }
      await sleep(long ? 30_000 : 4_000);
      return [[`200 watches and 20 streams with ${pings} questions`, pings > 0]];
    },
  });
}

/** Calls that are taken back as soon as they are made, at every service. */
export async function cancels(stage: Stage): Promise<void> {
  const { cell, processes, long, variant, picture } = stage;
  await flood('a storm of cancelled calls', stage, {
    processes: Object.values(processes),
    mostMb: mostLeftMb,
    async act() {
      await using cleanUp = new AsyncDisposableStack();
      const until = performance.now() + (long ? 30_000 : 4_000);
      let [made, failed] = [0, 0];
      const storm = async (once: () => Promise<unknown>) => {
        while (performance.now() < until) {
          made++;
          await once().catch(() => failed++);
          await sleep(4);
        }
      };
      const caller = () => cleanUp.use(streamTo(cell.address('edge-1'), { variant, picture }));
      const agents = cleanUp.use(connect(cell.devices[0]!.address)).client(agent.DeviceAgentClient);
      const policies = cleanUp.use(connect(cell.policyAddress)).client(policy.PolicyServiceClient);
      const frame = agent.InferRequest.create({
        input: { content: { $case: 'encodedImage', value: Buffer.from(picture) } },
      });
      const frameTakenBack = async () => {
        const stop = new AbortController();
        const called = callUnary(agents, agents.infer, frame, { signal: stop.signal }).catch(() => {});
        // Once it has gone out.
        await sleep(1);
        stop.abort();
        await called;
      };
      const sessionTakenBack = async () => {
        using _ = openDuplex(policies, policies.orchestrate, {});
        await sleep(1);
      };
      const four = (act: () => Promise<unknown>) => Array.from({ length: 4 }, () => storm(act));
      await Promise.all([
        ...Array.from({ length: 4 }, caller).map((stream) => storm(() => stream.askAndCancel())),
        ...four(frameTakenBack),
        ...four(sessionTakenBack),
      ]);
      return [
        [`${made} made`, made > 0],
        [`${percent(failed / made)} could not be`, failed === 0],
      ];
    },
  });
}
