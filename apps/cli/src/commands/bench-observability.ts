import { Exit, mean, percentile, seededRandom } from '@weir/base';
import { loadFamily } from '@weir/inference';
import { z } from 'zod';
import { asUsage } from '../as-usage.ts';
import { consoleCost } from '../bench/console-cost.ts';
import { oneEdgeCell } from '../bench/one-edge-cell.ts';
import { type Interval, mapped, meanOf, middleMean } from '../bench/interval.ts';
import { spanCost } from '../bench/span-cost.ts';
import { type Block, perFrameMs, type TracingCost, tracingCost } from '../bench/tracing-cost.ts';
import { defineCommand } from '../command.ts';
import { samplesOf } from '../samples.ts';

const name = 'weir bench observability';
const count = () => z.number('expected a number').int('expected a whole number').min(1, 'must be >= 1');

/** What the project promises. */
const promised = {
  /** Least part of the throughput without tracing that is left at 1 % sampling. */
  throughput: 0.98,
  /** Of a processor, for the console over five devices, with a page open. */
  consoleShare: 0.02,
};
/** A cost below this is not told from none. */
const measurable = 0.005;
/** Between two exports, by default. Source: OpenTelemetry, OTEL_BSP_SCHEDULE_DELAY. */
const exportPeriodMs = 5_000;

export default defineCommand({
  name,
  summary:
    'What it costs to see: processor time and throughput with tracing cut out, off, and on for a share of the frames, and the processor time of the console over five devices.',
  schema: z.object({
    repeats: count().default(3).describe('Pairs of cells, one after the other.'),
    rounds: count().default(200).describe('Blocks of frames each way and pair, taking turns.'),
    frames: count().default(50).describe('Frames in a block.'),
    inFlight: count().max(64, 'must be <= 64').default(8).describe('Frames that are out at once.'),
    sampled: z
      .number('expected a number')
      .min(0, 'must be >= 0')
      .max(1, 'must be <= 1')
      .default(0.01)
      .describe('Share of frames that are traced, 0..1.'),
    seconds: count().default(30).describe('Time for which the console is watched, without and with a page.'),
    models: z.string().optional().describe('Folder of the model family; the embedded one when absent.'),
    seed: count().default(1).describe('Seed of the order in which the ways take turns.'),
    json: z.boolean().default(false).describe('One JSON document on stdout instead of lines for people.'),
  }),
  examples: ['weir bench observability', 'weir bench observability --sampled 1 --json'],
  async run(config, { signal, out, print, progress }) {
    const { repeats, rounds, frames, inFlight, sampled, seconds, models, seed } = config;
    const family = await asUsage(name, '--models', () => loadFamily(models));
    const samples = await asUsage(name, '--models', () => samplesOf(family));
    const description = oneEdgeCell({ family, models, seed });
    const random = seededRandom(seed);
    const costs: TracingCost[] = [];
    try {
      for (let repeat = 0; repeat < repeats; repeat++) {
        progress(`${repeat + 1} of ${repeats}: two new cells, ${rounds} blocks of ${frames} frames each way`);
        const run = { description, samples, frames, inFlight, rounds, sampled, random, signal };
        costs.push(await tracingCost({ ...run, tracedFirst: repeat % 2 === 1 }));
      }
      progress(`the console over five devices, ${2 * seconds} s`);
      const page = await consoleCost({ samples, models, seconds, signal });
      const spans = await spanCost(sampled);
      const result = { ...tracingResult(costs, { frames, sampled, seed }), spans, console: page };
      const holds = {
        off: 1 - result.off.processorTime.value <= measurable || result.off.processorTime.high >= 1,
        // A wide interval shows nothing, and so does not count as kept.
        sampled: result.sampled.processorTime.low - result.handOver.share >= promised.throughput,
        console: page.share.onePage <= promised.consoleShare,
      };
      out({ ...result, promised, holds });
      for (const line of linesOf({ ...result, holds })) print(line);
      return holds.off && holds.sampled && holds.console ? Exit.done : Exit.failed;
    } catch (error) {
      if (signal.aborted) return Exit.interrupted;
      throw error;
    }
  },
});

/** Throughput or its inverse, processor time a frame, with something in parts of without; 1 is no cost. */
interface Kept {
  readonly processorTime: Interval;
  readonly throughput: Interval;
}

function tracingResult(
  costs: readonly TracingCost[],
  { frames, sampled, seed }: { frames: number; sampled: number; seed: number },
) {
  const plain = costs.flatMap((cost) => cost.plain);
  const traced = costs.flatMap((cost) => cost.traced);
  const kept = (pairs: readonly (readonly [without: Block, w: Block])[]): Kept => {
    // Threads that run models and decode pictures have no part in tracing, and would hide it in their own noise.
    const allMs = percentile(
      pairs.map(([{ cpuMs }]) => cpuMs),
      0.5,
    );
    const moreMs = pairs.map(([without, w]) => w.ownMs - without.ownMs);
    const slower = pairs.map(([without, w]) => Math.log(w.wallMs / without.wallMs));
    return {
      processorTime: mapped(middleMean(moreMs, seededRandom(seed)), (more) => allMs / (allMs + more)),
      throughput: mapped(middleMean(slower, seededRandom(seed)), (log) => Math.exp(-log)),
    };
  };
  const msPerFrame = (blocks: readonly Block[]) =>
    perFrameMs(
      blocks.map(({ cpuMs }) => cpuMs),
      frames,
    );
  // Turning costs as well: what is more of it after blocks with samples is the export.
  const turned = (blocks: readonly Block[]) => mean(blocks.map(({ handOverMs }) => handOverMs));
  const handOverMs = turned(traced.map((round) => round.sampled)) - turned(traced.map(({ off }) => off));
  return {
    sampledShare: sampled,
    processorMsPerFrame: {
      cutOut: msPerFrame(plain.map(({ none }) => none)),
      off: msPerFrame(plain.map(({ off }) => off)),
      sampled: msPerFrame(traced.map((round) => round.sampled)),
    },
    off: kept(plain.map(({ none, off }) => [none, off])),
    sampled: kept(traced.map((round) => [round.off, round.sampled])),
    /** Processor time of one export by agent and worker, and in parts of the period between two. */
    handOver: { ms: handOverMs, share: Math.max(0, handOverMs) / exportPeriodMs },
    /** Its presence alone: two processes of a pair, so that few pairs leave a wide interval. */
    sdkLoaded: {
      processorTime: mapped(
        meanOf(
          costs.map(({ plain, traced }) =>
            Math.log(msPerFrame(traced.map(({ off }) => off)) / msPerFrame(plain.map(({ off }) => off))),
          ),
          seededRandom(seed),
        ),
        (log) => Math.exp(-log),
      ),
      startMs: mean(costs.map(({ startMs }) => startMs.traced - startMs.plain)),
    },
    spanBytes: costs.reduce((sum, { spanBytes }) => sum + spanBytes, 0),
  };
}

type Result = ReturnType<typeof tracingResult> & {
  readonly spans: Awaited<ReturnType<typeof spanCost>>;
  readonly console: Awaited<ReturnType<typeof consoleCost>>;
  readonly holds: Readonly<Record<'off' | 'sampled' | 'console', boolean>>;
};

function linesOf(result: Result): string[] {
  const { off, sampled, handOver, sdkLoaded, processorMsPerFrame: ms, spans, console: page, holds } = result;
  const ratio = ({ value, low, high }: Interval) =>
    `${value.toFixed(4)} (95 %: ${low.toFixed(4)} to ${high.toFixed(4)})`;
  const verdict = (kept: boolean) => (kept ? 'kept' : 'NOT shown to be kept');
  const share = percent(result.sampledShare);
  return [
    `processor time per frame, agent and worker: ${ms.cutOut.toFixed(3)} ms with tracing cut out, ${ms.off.toFixed(3)} off, ${ms.sampled.toFixed(3)} at ${share}`,
    'what is left (1: no cost), by processor time | by the clock:',
    `  tracing off, of cut out    ${ratio(off.processorTime)} | ${ratio(off.throughput)}; no cost is promised: ${verdict(holds.off)}`,
    `  ${share} sampled, of off     ${ratio(sampled.processorTime)} | ${ratio(sampled.throughput)}; ${promised.throughput} is promised: ${verdict(holds.sampled)}`,
    `  export                     ${handOver.ms.toFixed(1)} ms of agent and worker, once in ${exportPeriodMs / 1_000} s: ${percent(handOver.share)} of a processor`,
    `  SDK loaded, of not loaded  ${ratio(sdkLoaded.processorTime)}, and ${sdkLoaded.startMs.toFixed(0)} ms once at the start of agent and worker together`,
    `spans by themselves: ${spans.offUs.toFixed(2)} µs per frame off, ${spans.sampledUs.toFixed(2)} µs at ${share}`,
    `console over ${page.devices} devices, ${page.framesPerSecond.toFixed(0)} frames/s: ${percent(page.share.noPage)} of a processor with no page, ${percent(page.share.onePage)} with one (${page.kilobytesPerSecond.toFixed(0)} KB/s); ${percent(promised.consoleShare)} is promised: ${verdict(holds.console)}`,
  ];
}

const percent = (share: number) => `${(100 * share).toPrecision(2)} %`;
