import { Exit, percentile, seededRandom, silentLogger } from '@weir/base';
import { connectAgent, processorMeter, startCell } from '@weir/cell';
import { loadFamily } from '@weir/inference';
import { agent, common } from '@weir/proto';
import { performance } from 'node:perf_hooks';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { asUsage } from '../as-usage.ts';
import { connectBareWorker } from '../bench/bare-worker.ts';
import { startServer } from '../bench/child.ts';
import { interleave, timesOf } from '../bench/interleave.ts';
import { oneEdgeCell } from '../bench/one-edge-cell.ts';
import { plannedVariant } from '../bench/planned-variant.ts';
import { defineCommand } from '../command.ts';
import { picturesOf } from '../samples.ts';

const name = 'weir bench orchestrate';
const count = () => z.number('expected a number').int('expected a whole number').min(1, 'must be >= 1');

const relayProgram = fileURLToPath(new URL('../bench/relay-process.ts', import.meta.url));

/** Target for the orchestrator's share of a frame's time, ms. */
const promisedMs = 1;

export default defineCommand({
  name,
  summary:
    'Overhead of orchestration: remote inference through a DeviceAgent against a bare gRPC stream to the same worker.',
  schema: z.object({
    frames: count().default(500).describe('Frames each way.'),
    warmUp: count().default(50).describe('Warm-up frames each way.'),
    models: z.string().optional().describe('Folder of the model family; the embedded one by default.'),
    seed: count().default(1).describe('Seed of the order in which the two ways take turns.'),
    json: z.boolean().default(false).describe('One JSON document on stdout instead of lines for people.'),
  }),
  examples: ['weir bench orchestrate', 'weir bench orchestrate --frames 2000 --json'],
  async run({ frames, warmUp, models, seed, json: _ }, { signal, out, print, progress }) {
    const family = await asUsage(name, '--models', () => loadFamily(models));
    const samples = await asUsage(name, '--models', () => picturesOf(family));
    const description = oneEdgeCell({ family, models, seed });
    progress('starting telemetry, policy, one worker, one agent and the link between them');
    await using cell = await startCell(description, { logger: silentLogger, signal });
    await using device = connectAgent(cell.devices[0]!.address);
    // Through the same link, so that the only difference is the agent.
    using bare = connectBareWorker(cell.links[0]!.address);
    const variant = await plannedVariant(device, signal);

    const random = seededRandom(seed);
    const answers: agent.InferResponse[] = [];
    let frame = 0;
    const picture = () => samples[Math.floor(frame++ / 2) % samples.length]!.image;
    const throughAgent = async () => answers.push(await device.infer({ image: picture() }));
    const straight = () => bare.infer({ image: picture(), variant });
    const measure = (pairs: number, through: () => Promise<unknown> = throughAgent) =>
      interleave([through, straight], { pairs, random, now: () => performance.now(), signal });

    await measure(warmUp);
    answers.length = 0;
    progress(`${frames} frames each way`);
    /** Of a process while it serves these pairs, ms a frame. */
    const costOf = async <T>(pid: number, pairs: () => Promise<T>) => {
      const spent = processorMeter([pid]);
      const before = spent();
      const times = await pairs();
      const after = spent();
      const cpuMs = { all: (after.all - before.all) / frames, main: (after.main - before.main) / frames };
      return { times, cpuMs };
    };
    const {
      times: [agentMs, bareMs],
      cpuMs: agentCpuMs,
    } = await costOf(cell.pid(cell.devices[0]!.id)!, () => measure(frames));
    const withPolicy = summary(agentMs, bareMs);
    const placed = placementsOf(answers);

    // A frozen policy cannot have been asked about these.
    cell.kill('policy', 'SIGSTOP');
    answers.length = 0;
    const frozenFrames = Math.max(20, Math.round(frames / 5));
    progress(`${frozenFrames} frames each way while PolicyService is frozen`);
    const [frozenAgentMs, frozenBareMs] = await measure(frozenFrames).finally(() =>
      cell.kill('policy', 'SIGCONT'),
    );
    const policyFrozen = { ...summary(frozenAgentMs, frozenBareMs), ...placementsOf(answers) };

    progress(`${frames} frames through a process that only passes them on`);
    const argv = [relayProgram, cell.links[0]!.address];
    await using relay = await startServer(process.execPath, argv, { name: 'the relay', signal });
    using relayed = connectBareWorker(relay.address);
    const throughRelay = () => relayed.infer({ image: picture(), variant });
    await measure(warmUp, throughRelay);
    const { cpuMs: relayCpuMs } = await costOf(relay.pid, () => measure(frames, throughRelay));
    if (signal.aborted) return Exit.interrupted;

    const allRemote = placed.planned === frames && policyFrozen.planned === frozenFrames;
    const holds = withPolicy.overheadMs.p50 <= promisedMs && allRemote;
    out({ variant, ...withPolicy, ...placed, agentCpuMs, relayCpuMs, policyFrozen, promisedMs, holds });
    const { agent: through, bare: direct, overheadMs } = withPolicy;
    const three = (value: number) => value.toFixed(3);
    print(
      `through the agent  p50 ${three(through.p50)} ms, p95 ${three(through.p95)} ms (${placed.planned} of ${frames} as planned, at the edge)`,
    );
    print(
      `bare gRPC stream   p50 ${three(direct.p50)} ms, p95 ${three(direct.p95)} ms (same worker, same link, same pictures)`,
    );
    print(`orchestration      ${three(overheadMs.p50)} ms at the median; target: at most ${promisedMs} ms`);
    print(
      `agent's process    ${three(agentCpuMs.all)} ms of processor time a frame, ${three(agentCpuMs.main)} of it on its main thread; a process that only passes the same frames on: ${three(relayCpuMs.all)} and ${three(relayCpuMs.main)} ms`,
    );
    print(
      `policy frozen      ${three(policyFrozen.overheadMs.p50)} ms at the median, ${policyFrozen.planned} of ${frozenFrames} answered as planned: no frame waits for the policy`,
    );
    return holds ? Exit.done : Exit.failed;
  },
});

/** `overheadMs.p50`: median of the differences pair by pair; `ofMedians`, `ofP95`: differences of the two ways' own. */
function summary(agentMs: readonly number[], bareMs: readonly number[]) {
  const [through, bare] = [timesOf(agentMs), timesOf(bareMs)];
  const differencesMs = agentMs.map((ms, pair) => ms - (bareMs[pair] ?? NaN));
  const overheadMs = {
    p50: percentile(differencesMs, 0.5),
    ofMedians: through.p50 - bare.p50,
    ofP95: through.p95 - bare.p95,
  };
  return { agent: through, bare, overheadMs };
}

function placementsOf(answers: readonly agent.InferResponse[]) {
  const planned = answers.filter(
    ({ placement, decision }) =>
      placement?.tier === common.Tier.EDGE && decision?.reason === agent.Reason.PLANNED,
  );
  return {
    planned: planned.length,
    /** The agent's own share, as it reports it. */
    agentMs: timesOf(answers.map(({ hops }) => hops?.agentMs ?? NaN)),
  };
}
