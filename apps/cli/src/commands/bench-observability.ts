import { Exit, mean, percentile, seededRandom, silentLogger } from '@weir/base';
import {
  type AgentClient,
  type CellDescription,
  connectAgent,
  type RunningCell,
  startCell,
} from '@weir/cell';
import { loadFamily } from '@weir/inference';
import { extractTraceContext } from '@weir/rpc';
import { startInference } from '@weir/telemetry';
import { performance } from 'node:perf_hooks';
import { z } from 'zod';
import { asUsage } from '../as-usage.ts';
import { interleave } from '../bench/interleave.ts';
import { oneEdgeCell } from '../bench/one-edge-cell.ts';
import { plannedVariant } from '../bench/planned-variant.ts';
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
    rounds: count().default(40).describe('Blocks of frames each way, taking turns.'),
    frames: count().default(250).describe('Frames in a block.'),
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
  async run({ rounds, frames, inFlight, sampled, models, seed, json: _ }, { signal, out, print, progress }) {
    const family = await asUsage(name, '--models', () => loadFamily(models));
    const samples = await asUsage(name, '--models', () => samplesOf(family));
    const description = oneEdgeCell({ family, models, seed });
    progress('starting two cells of telemetry, policy, one worker and one agent each; one of them is traced');
    await using sink = await startSpanSink();
    await using plain = await cellWith(untraced, description, signal);
    await using traced = await cellWith(tracedTo(sink.endpoint, sampled), description, signal);
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
    await measure(Math.max(1, Math.round(rounds / 10)));
    progress(`${rounds} blocks of ${frames} frames each way`);
    const [plainMs, tracedMs] = await measure(rounds);
    if (signal.aborted) return Exit.interrupted;

    const perSecond = (ms: readonly number[]) => (1_000 * frames) / percentile(ms, 0.5);
    const ratios = plainMs.map((ms, pair) => ms / (tracedMs[pair] ?? NaN));
    const ratio = { p50: percentile(ratios, 0.5), ...interval(ratios, seed) };
    const frameUs = (1_000 * percentile(plainMs, 0.5)) / frames;
    const offUs = untracedSpanUs();
    const holds = ratio.p50 >= 1 - promisedLoss;
    out({
      sampled,
      framesPerSecond: { off: perSecond(plainMs), sampled: perSecond(tracedMs) },
      ratio,
      spanBytes: sink.bytes,
      off: { perFrameUs: offUs, share: offUs / frameUs },
      promisedLoss,
      holds,
    });
    print(`tracing off        ${perSecond(plainMs).toFixed(0)} frames/s`);
    print(
      `${percent(sampled)} sampled       ${perSecond(tracedMs).toFixed(0)} frames/s (${sink.bytes} bytes of spans)`,
    );
    print(
      `ratio              ${ratio.p50.toFixed(4)} at the median of ${rounds} pairs (95 %: ${ratio.low.toFixed(4)} to ${ratio.high.toFixed(4)}); at least ${1 - promisedLoss} is promised`,
    );
    print(
      `off, by itself     ${offUs.toFixed(2)} µs of ${frameUs.toFixed(0)} µs per frame (${percent(offUs / frameUs)})`,
    );
    return holds ? Exit.done : Exit.failed;
  },
});

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

/** 95 % interval of the median by the bootstrap. */
function interval(values: readonly number[], seed: number): { low: number; high: number } {
  const random = seededRandom(seed);
  const medians = Array.from({ length: 1_000 }, () =>
    percentile(
      values.map(() => values[random.integer(values.length)]!),
      0.5,
    ),
  );
  return { low: percentile(medians, 0.025), high: percentile(medians, 0.975) };
}

/** What drawing the spans of a frame costs while nothing is exported, as in this process, µs. */
function untracedSpanUs(): number {
  const parent = extractTraceContext(undefined);
  const hops = { agentMs: 1, uplinkMs: 1, queueMs: 1, decodeMs: 1, computeMs: 1, downlinkMs: 1 };
  const draw = (times: number) => {
    const from = performance.now();
    for (let drawn = 0; drawn < times; drawn++) {
      const inference = startInference({ parent, at: from, facts: { deviceId: 'd', requestId: 'r' } });
      inference.answered({ at: from + 6, hops, local: false, facts: { tier: 'edge', nodeId: 'e' } });
    }
    return (1_000 * (performance.now() - from)) / times;
  };
  draw(10_000);
  return mean(Array.from({ length: 5 }, () => draw(20_000)));
}

const percent = (share: number) => `${(100 * share).toPrecision(2)} %`;
