import { seededRandom, silentLogger } from '@weir/base';
import { connectAgent, describeCell, startCell } from '@weir/cell';
import type { common } from '@weir/proto';
import { worker } from '@weir/proto';
import { connect, fromStatus, openDuplex } from '@weir/rpc';
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { type Footprint, footprintOf, slopeOf } from './footprint.ts';
import { closedLoop, openLoop, type Target } from './open-loop.ts';

/**
 * `npm run test:load`: a soak at half load and a flood of ten times the load, against a worker and against an agent with
 * that worker: goodput under the flood, memory and handles. Ten minutes; `-- --short`: under one. `--seed N` is the
 * order of the arrivals, `--learner` what plans for the agent: with the planner it decides by itself which frames to
 * refuse, with `edge-only` it obeys. Loopback only. Ends with `N passed, N failed`.
 */
const { values } = parseArgs({
  options: {
    short: { type: 'boolean', default: false },
    seed: { type: 'string', default: '1' },
    learner: { type: 'string', default: 'planner' },
  },
});
const seconds = values.short ? { peak: 3, soak: 8, flood: 6 } : { peak: 10, soak: 220, flood: 50 };
/** Emulated processor: an inference takes the same time on any machine, and what refusals cost shows beside it. */
const inferenceMs = 10;
/** Least goodput under a flood, of its peak. */
const leastGoodput = 0.9;
/** Most growth of memory in the soak's second half, MB a minute; in the short form a heap is still finding its size. */
const mostGrowth = values.short ? Infinity : 5;
/** Most that a flood adds to a process for good, MB. */
const mostLeft = 150;
const variant = 'mobilenet-v1-0.25-fp32';
const picture = readFileSync(new URL('../../libs/inference/models/samples/scene-0000.png', import.meta.url));

const manifest = JSON.parse(
  readFileSync(new URL('../../libs/inference/models/manifest.json', import.meta.url), 'utf8'),
) as { variants: { name: string; referenceMs: number }[] };
const factor = inferenceMs / manifest.variants.find(({ name }) => name === variant)!.referenceMs;

let [passed, failed] = [0, 0];
const check = (what: string, holds: boolean) => {
  console.log(`${holds ? 'ok    ' : 'FAILED'} ${what}`);
  if (holds) passed++;
  else failed++;
};

const fast = { delayMs: 0, bitsPerSecond: 10e9 };
const links = { edge: fast, cloud: fast };
const random = seededRandom(Number(values.seed));
console.log(`seed ${values.seed}`);
{
  await using cell = await startCell(
    describeCell({
      learner: values.learner,
      nodes: [
        { id: 'edge-1', tier: 'edge', slots: 1, dilationFactor: factor, variants: [variant], maxBatch: 1 },
      ],
      // So slow that no frame can be served on the device: the worker alone counts.
      devices: [{ id: 'device-1', dilationFactor: 100 * factor, variants: [variant] }],
      links: { regular: links, weak: links },
      seed: Number(values.seed),
    }),
    { logger: silentLogger },
  );
  await using direct = streamTo(cell.links[0]!.address);
  await using agent = connectAgent(cell.devices[0]!.address);
  const throughAgent: Target = { infer: (timeoutMs) => agent.infer({ image: picture, timeoutMs }) };
  await load('worker', direct, [cell.pid('edge-1')!]);
  await load('agent', throughAgent, [cell.pid('device-1')!, cell.pid('edge-1')!]);
}
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed > 0 ? 1 : 0;

async function load(name: string, target: Target, pids: readonly number[]): Promise<void> {
  await closedLoop(target, { loops: 4, seconds: 1 });
  const peak = await closedLoop(target, { loops: 4, seconds: seconds.peak });
  check(`${name}: answers ${peak.toFixed(0)} frames a second at most`, peak > 0);

  const watched = watch(pids);
  const soak = await openLoop(target, { framesPerSecond: peak / 2, seconds: seconds.soak, random });
  const samples = watched.stop();
  const answered = soak.inTime / soak.sent;
  check(`${name}, half load: ${(100 * answered).toFixed(1)} % of ${soak.sent} in time`, answered >= 0.9);
  for (const [at, all] of samples.entries()) {
    const late = all.slice(Math.floor(all.length / 2));
    const [first, last] = [late[0]!, late.at(-1)!];
    const growth = slopeOf(late);
    const of = `${name}, half load, process ${at + 1} of ${samples.length}`;
    check(
      `${of}: ${last.rssMb.toFixed(0)} MB, growing by ${growth.toFixed(1)} MB a minute`,
      growth <= mostGrowth,
    );
    check(`${of}: handles ${first.handles} → ${last.handles}`, last.handles - first.handles <= 3);
  }

  const before = pids.map(footprintOf);
  const flooding = watch(pids);
  const flood = await openLoop(target, { framesPerSecond: 10 * peak, seconds: seconds.flood, random });
  const floods = flooding.stop();
  const kept = flood.inTimePerSecond / peak;
  check(
    `${name}, ten times the load: goodput ${flood.inTimePerSecond.toFixed(0)} a second, ${(100 * kept).toFixed(0)} % of the peak (${flood.sent} sent, ${flood.refused} refused, ${flood.held} held back)`,
    kept >= leastGoodput,
  );
  for (const [why, count] of Object.entries(flood.refusals)) console.log(`         ${count} ${why}`);
  const again = await closedLoop(target, { loops: 4, seconds: 2 });
  check(`${name}, after the flood: ${again.toFixed(0)} a second`, again >= leastGoodput * peak);
  pids.map(footprintOf).forEach((after, at) => {
    const { rssMb, handles } = before[at]!;
    const most = Math.max(...floods[at]!.map((sample) => sample.rssMb));
    check(
      `${name}, flood, process ${at + 1} of ${pids.length}: ${rssMb.toFixed(0)} MB before, ${most.toFixed(0)} at most, ${after.rssMb.toFixed(0)} after`,
      after.rssMb - rssMb <= mostLeft,
    );
    check(
      `${name}, flood, process ${at + 1}: handles ${handles} → ${after.handles}`,
      after.handles - handles <= 3,
    );
  });
}

/** Looks at processes four times a second. */
function watch(pids: readonly number[]): { stop: () => readonly (readonly Footprint[])[] } {
  const samples = pids.map((pid) => [footprintOf(pid)]);
  const look = () => pids.forEach((pid, at) => samples[at]!.push(footprintOf(pid)));
  const timer = setInterval(look, 250);
  return {
    stop() {
      clearInterval(timer);
      look();
      return samples;
    },
  };
}

/** A worker's own stream. */
function streamTo(address: string): Target & AsyncDisposable {
  const connection = connect(address);
  const client = connection.client(worker.InferenceWorkerClient);
  const stream = openDuplex(client, client.streamInfer, {});
  const waiting = new Map<string, PromiseWithResolvers<common.Classification | undefined>>();
  let requests = 0;
  const read = async () => {
    for await (const { message } of stream) {
      if (message?.$case !== 'result' && message?.$case !== 'failure') continue;
      const asked = waiting.get(message.value.requestId);
      waiting.delete(message.value.requestId);
      if (message.$case === 'result') asked?.resolve(message.value.classification);
      else asked?.reject(fromStatus(message.value.status!));
    }
  };
  read().catch((error: unknown) => waiting.forEach(({ reject }) => reject(error)));
  return {
    infer(timeoutMs) {
      const requestId = String(++requests);
      const asked = Promise.withResolvers<common.Classification | undefined>();
      waiting.set(requestId, asked);
      const input: common.Input = { content: { $case: 'encodedImage', value: picture } };
      const value = {
        requestId,
        variant,
        input,
        timeoutMs,
        trace: undefined,
        background: false,
        wantOutputs: false,
      };
      stream.send({ message: { $case: 'infer', value } }).catch(asked.reject);
      return asked.promise;
    },
    async [Symbol.asyncDispose]() {
      stream[Symbol.dispose]();
      await connection[Symbol.asyncDispose]();
    },
  };
}
