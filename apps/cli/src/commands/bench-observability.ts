import { Exit, mean, percentile, seededRandom, silentLogger } from '@weir/base';
import {
  type AgentClient,
  type CellDescription,
  connectAgent,
  type RunningCell,
  type Sample,
  startCell,
} from '@weir/cell';
import { loadFamily } from '@weir/inference';
import { extractTraceContext, injectTraceContext } from '@weir/rpc';
import { recordWorkerHops, startInference, startTracing } from '@weir/telemetry';
import { performance } from 'node:perf_hooks';
import { z } from 'zod';
import { asUsage } from '../as-usage.ts';
import { interleave } from '../bench/interleave.ts';
import { oneEdgeCell } from '../bench/one-edge-cell.ts';
import { plannedVariant } from '../bench/planned-variant.ts';
import { processorMs } from '../bench/processor-time.ts';
import { startSpanSink } from '../bench/span-sink.ts';
import { defineCommand } from '../command.ts';
import { samplesOf } from '../samples.ts';

const name = 'weir bench observability';
const count = () => z.number('expected a number').int('expected a whole number').min(1, 'must be >= 1');

/** Share of the throughput that tracing may cost, as the project promises. */
const promisedLoss = 0.02;

export default defineCommand({
  name,
  summary:
    'What tracing costs: throughput of two agents side by side, one without tracing and one that samples and exports a share of its frames.',
  schema: z.object({
    repeats: count().default(6).describe('Pairs of cells, one after the other.'),
    rounds: count().default(20).describe('Blocks of frames each way and pair, taking turns.'),
    frames: count().default(150).describe('Frames in a block.'),
    inFlight: count().max(64, 'must be <= 64').default(8).describe('Frames that are out at once.'),
    sampled: z
      .number('expected a number')
      .min(0, 'must be >= 0')
      .max(1, 'must be <= 1')
      .default(0.01)
      .describe('Share of frames that are traced, 0..1.'),
    models: z.string().optional().describe('Folder of the model family; the embedded one when absent.'),
    seed: count().default(1).describe('Seed of the order in which the two take turns.'),
    json: z.boolean().default(false).describe('One JSON document on stdout instead of lines for people.'),
  }),
  examples: ['weir bench observability', 'weir bench observability --sampled 1 --json'],
  async run(
    { repeats, rounds, frames, inFlight, sampled, models, seed, json: _ },
    { signal, out, print, progress },
  ) {
    const family = await asUsage(name, '--models', () => loadFamily(models));
    const samples = await asUsage(name, '--models', () => samplesOf(family));
    const description = oneEdgeCell({ family, models, seed });
    const run = { description, samples, frames, inFlight, rounds, sampled, seed, signal };
    const runs: Comparison[] = [];
    for (let repeat = 0; repeat < repeats && !signal.aborted; repeat++) {
      progress(`${repeat + 1} of ${repeats}: two new cells, ${rounds} blocks of ${frames} frames each way`);
      runs.push(await compare({ ...run, tracedFirst: repeat % 2 === 1 }));
    }
    if (signal.aborted) return Exit.interrupted;

    const plainMs = runs.flatMap((each) => each.plainMs);
    const tracedMs = runs.flatMap((each) => each.tracedMs);
    const perSecond = (ms: readonly number[]) => (1_000 * frames) / percentile(ms, 0.5);
    // Two processes of the same program differ by some per cent for as long as they live: each repeat counts once.
    const ratio = geometricMean(
      runs.map((each) => percentile(each.plainMs, 0.5) / percentile(each.tracedMs, 0.5)),
      seed,
    );
    const cpu = runs.flatMap(({ plainCpuMs, tracedCpuMs }) =>
      plainCpuMs === undefined || tracedCpuMs === undefined ? [] : [{ plainCpuMs, tracedCpuMs }],
    );
    const processorTime = cpu.length > 0 && {
      offMsPerFrame: mean(cpu.map(({ plainCpuMs }) => plainCpuMs)) / (rounds * frames),
      sampledMsPerFrame: mean(cpu.map(({ tracedCpuMs }) => tracedCpuMs)) / (rounds * frames),
      ratio: geometricMean(
        cpu.map(({ plainCpuMs, tracedCpuMs }) => plainCpuMs / tracedCpuMs),
        seed,
      ),
    };
    const spanBytes = runs.reduce((sum, each) => sum + each.spanBytes, 0);
    const frameUs = (1_000 * percentile(plainMs, 0.5)) / frames;
    const byItself = await spansByThemselves(sampled);
    const share = { off: byItself.offUs / frameUs, sampled: byItself.sampledUs / frameUs };
    // The one figure is exact and leaves out what the rest of the process makes of it; the other has all, and noise, so
    // that a wide interval shows nothing and does not count as kept.
    const holds = share.sampled - share.off <= promisedLoss && ratio.low >= 1 - promisedLoss;
    out({
      sampled,
      framesPerSecond: { off: perSecond(plainMs), sampled: perSecond(tracedMs) },
      ratio,
      processorTime: processorTime || null,
      spanBytes,
      byItself: { ...byItself, share },
      promisedLoss,
      holds,
    });
    const three = ({ mean, low, high }: typeof ratio) =>
      `${mean.toFixed(3)} (95 %: ${low.toFixed(3)} to ${high.toFixed(3)})`;
    print(`tracing off        ${perSecond(plainMs).toFixed(0)} frames/s`);
    print(
      `${percent(sampled)} sampled       ${perSecond(tracedMs).toFixed(0)} frames/s (${spanBytes} bytes of spans)`,
    );
    print(
      `throughput         ${three(ratio)} of that without, over ${repeats} pairs of cells; at least ${1 - promisedLoss} is promised`,
    );
    if (processorTime)
      print(
        `processor time     ${processorTime.offMsPerFrame.toFixed(3)} ms per frame off, ${processorTime.sampledMsPerFrame.toFixed(3)} ms sampled, of agent and worker; ratio ${three(processorTime.ratio)}`,
      );
    print(
      `spans by themselves ${byItself.offUs.toFixed(2)} µs per frame off (${percent(share.off)} of its time), ${byItself.sampledUs.toFixed(2)} µs sampled (${percent(share.sampled)})`,
    );
    return holds ? Exit.done : Exit.failed;
  },
});

interface Comparison {
  /** Of each block. */
  readonly plainMs: readonly number[];
  readonly tracedMs: readonly number[];
  /** Of agent and worker, for all blocks. */
  readonly plainCpuMs: number | undefined;
  readonly tracedCpuMs: number | undefined;
  readonly spanBytes: number;
}

/** Two new cells side by side, one of them traced, which take turns in blocks of frames. */
async function compare(options: {
  readonly description: CellDescription;
  readonly samples: readonly Pick<Sample, 'image'>[];
  readonly frames: number;
  readonly inFlight: number;
  readonly rounds: number;
  readonly sampled: number;
  readonly seed: number;
  readonly signal: AbortSignal;
  /** Which of the two is started first. */
  readonly tracedFirst: boolean;
}): Promise<Comparison> {
  const { description, samples, frames, inFlight, rounds, sampled, seed, signal, tracedFirst } = options;
  await using sink = await startSpanSink();
  const variables = [untraced, tracedTo(sink.endpoint, sampled)];
  await using first = await cellWith(variables[tracedFirst ? 1 : 0]!, description, signal);
  await using second = await cellWith(variables[tracedFirst ? 0 : 1]!, description, signal);
  const [plain, traced] = tracedFirst ? [second, first] : [first, second];
  await using plainAgent = connectAgent(plain.devices[0]!.address);
  await using tracedAgent = connectAgent(traced.devices[0]!.address);
  await Promise.all([plannedVariant(plainAgent, signal), plannedVariant(tracedAgent, signal)]);

  let frame = 0;
  /** A block of frames, so many out at once all the time. */
  const block = (agent: AgentClient) => async () => {
    let left = frames;
    const one = async () => {
      while (left-- > 0 && !signal.aborted)
        await agent.infer({ image: samples[frame++ % samples.length]!.image });
    };
    await Promise.all(Array.from({ length: inFlight }, one));
  };
  const measure = (pairs: number) =>
    interleave([block(plainAgent), block(tracedAgent)], {
      pairs,
      random: seededRandom(seed),
      now: () => performance.now(),
      signal,
    });
  const cpuMs = (cell: RunningCell) => processorMs(cell, ['device-1', 'edge-1']);
  await measure(Math.max(2, Math.round(rounds / 5)));
  const before = [cpuMs(plain), cpuMs(traced)];
  const [plainMs, tracedMs] = await measure(rounds);
  const used = (now: number | undefined, then: number | undefined) =>
    now === undefined || then === undefined ? undefined : now - then;
  return {
    plainMs,
    tracedMs,
    plainCpuMs: used(cpuMs(plain), before[0]),
    tracedCpuMs: used(cpuMs(traced), before[1]),
    spanBytes: sink.bytes,
  };
}

type Variables = Readonly<Record<string, string | undefined>>;

const untraced: Variables = { OTEL_SDK_DISABLED: 'true' };
const tracedTo = (endpoint: string, sampled: number): Variables => ({
  OTEL_SDK_DISABLED: undefined,
  OTEL_TRACES_EXPORTER: 'otlp',
  OTEL_METRICS_EXPORTER: 'none',
  OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc',
  OTEL_EXPORTER_OTLP_ENDPOINT: endpoint,
  OTEL_TRACES_SAMPLER: 'parentbased_traceidratio',
  OTEL_TRACES_SAMPLER_ARG: String(sampled),
});

/** Starts a cell whose processes see these variables; one that is undefined they do not have. */
async function cellWith(
  variables: Variables,
  description: CellDescription,
  signal: AbortSignal,
): Promise<RunningCell> {
  const before = Object.keys(variables).map((key) => [key, process.env[key]] as const);
  assign(Object.entries(variables));
  try {
    return await startCell(description, { logger: silentLogger, signal, logLevel: 'warn' });
  } finally {
    assign(before);
  }
}

function assign(variables: readonly (readonly [string, string | undefined])[]): void {
  for (const [key, value] of variables)
    if (value === undefined) delete process.env[key];
    else process.env[key] = value;
}

/** Geometric mean, with its 95 % interval by the bootstrap. */
function geometricMean(ratios: readonly number[], seed: number): { mean: number; low: number; high: number } {
  const random = seededRandom(seed);
  const logs = ratios.map(Math.log);
  const drawn = Array.from({ length: 2_000 }, () => mean(logs.map(() => logs[random.integer(logs.length)]!)));
  const at = (q: number) => Math.exp(percentile(drawn, q));
  return { mean: Math.exp(mean(logs)), low: at(0.025), high: at(0.975) };
}

/** What the spans of a frame cost agent and worker together, in this process: without the SDK, and then with it. */
async function spansByThemselves(sampled: number): Promise<{ offUs: number; sampledUs: number }> {
  const offUs = spansUs();
  await using sink = await startSpanSink();
  const variables = tracedTo(sink.endpoint, sampled);
  const before = Object.keys(variables).map((key) => [key, process.env[key]] as const);
  assign(Object.entries(variables));
  try {
    await using _tracing = await startTracing({ service: 'bench' });
    return { offUs, sampledUs: spansUs() };
  } finally {
    assign(before);
  }
}

/** µs per frame, the median of some. */
function spansUs(): number {
  const parent = extractTraceContext(undefined);
  const hops = { agentMs: 1, uplinkMs: 1, queueMs: 1, decodeMs: 1, computeMs: 1, downlinkMs: 1 };
  const facts = { deviceId: 'd', nodeId: 'e', tier: 'edge', variant: 'v', reason: 'planned', responseMs: 6 };
  const times = { queueMs: 1, decodeMs: 1, computeMs: 1, workerMs: 3 };
  const draw = (frames: number) => {
    const from = performance.now();
    for (let drawn = 0; drawn < frames; drawn++) {
      const inference = startInference({ parent, at: from, facts });
      const message = injectTraceContext(inference.context);
      recordWorkerHops({ parent: extractTraceContext(message), at: from + 5, times, facts });
      inference.answered({ at: from + 6, hops, local: false, facts });
    }
    return (1_000 * (performance.now() - from)) / frames;
  };
  draw(10_000);
  return percentile(
    Array.from({ length: 9 }, () => draw(10_000)),
    0.5,
  );
}

const percent = (share: number) => `${(100 * share).toPrecision(2)} %`;
