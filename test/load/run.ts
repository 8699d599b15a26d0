import { seededRandom, silentLogger } from '@weir/base';
import { connectAgent, describeCell, startCell } from '@weir/cell';
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { cancels, silence, unread } from './floods.ts';
import { neighbour } from './neighbour.ts';
import type { Target } from './open-loop.ts';
import { overload } from './overload.ts';
import { reconnect } from './reconnect.ts';
import { total } from './report.ts';
import { soak } from './soak.ts';
import { servedAlone, type Stage } from './stage.ts';
import { streamTo } from './worker-stream.ts';

/**
 * `npm run test:load`: a cell of real processes under more than it can do, under what no client should do, and for long. One
 * line a phase, and `N passed, N failed` at the end. A quarter of an hour, ten minutes of it the soak; `-- --short`: a minute
 * and a half; `--soak MINUTES`: another length of the soak. Names choose phases: `npm run test:load -- soak --soak 60`.
 * `--seed N` is the order of the arrivals, `--learner` what plans for the agent: with the planner it decides by itself
 * which frames to refuse, with `edge-only` it obeys. Loopback only.
 */
const { values, positionals } = parseArgs({
  options: {
    short: { type: 'boolean', default: false },
    soak: { type: 'string' },
    seed: { type: 'string', default: '1' },
    learner: { type: 'string', default: 'planner' },
  },
  allowPositionals: true,
});
const minutes = Number(values.soak ?? (values.short ? 0.25 : 10));
if (!(minutes > 0)) fail(`--soak: expected minutes > 0, e.g. 60 (got ${values.soak})`);
const long = !values.short;

const phases: Readonly<Record<string, (stage: Stage) => Promise<void>>> = {
  async overload(stage) {
    const { agent, worker } = stage.processes;
    await overload('worker', stage.worker, { processes: [worker], stage });
    await overload('agent', stage.agent, { processes: [agent, worker], stage });
  },
  silence,
  unread,
  cancels,
  neighbour,
  reconnect,
  soak: (stage) => soak(stage, { minutes }),
};
const chosen = positionals.length > 0 ? positionals : Object.keys(phases);
for (const name of chosen)
  if (!Object.hasOwn(phases, name))
    fail(`there is no phase ${name}; there are ${Object.keys(phases).join(', ')}`);

/** Emulated processor: an inference takes the same time on any machine, and what refusals cost shows beside it. */
const inferenceMs = 10;
const variant = 'mobilenet-v1-0.25-fp32';
const models = new URL('../../libs/inference/models/', import.meta.url);
const picture = readFileSync(new URL('samples/scene-0000.png', models));
const manifest = JSON.parse(readFileSync(new URL('manifest.json', models), 'utf8')) as {
  variants: { name: string; referenceMs: number }[];
};
const factor = inferenceMs / manifest.variants.find(({ name }) => name === variant)!.referenceMs;
const fast = { delayMs: 0, bitsPerSecond: 10e9 };
const links = { edge: fast, cloud: fast };

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
  await using worker = streamTo(cell.links[0]!.address, { variant, picture });
  await using agent = connectAgent(cell.devices[0]!.address);
  const watched = (name: string, process: string) => ({ name, pid: () => cell.pid(process)! });
  const throughAgent: Target = { infer: (timeoutMs) => agent.infer({ image: picture, timeoutMs }) };
  const random = seededRandom(Number(values.seed));
  const stage: Stage = {
    cell,
    random,
    variant,
    picture,
    agent: throughAgent,
    worker,
    processes: {
      agent: watched('agent', 'device-1'),
      worker: watched('worker', 'edge-1'),
      policy: watched('policy', 'policy'),
      telemetry: watched('telemetry', 'telemetry'),
    },
    alone: await servedAlone({ cell, agent: throughAgent, random }),
    long,
  };
  for (const name of chosen) await phases[name]!(stage);
}
total();

function fail(message: string): never {
  console.error(message);
  process.exit(64);
}
