import { type Estimate, Exit, seededRandom, share } from '@weir/base';
import { loadFamily } from '@weir/inference';
import { z } from 'zod';
import { asUsage } from '../as-usage.ts';
import { consoleCost } from '../bench/console-cost.ts';
import { oneEdgeCell } from '../bench/one-edge-cell.ts';
import { spanCost } from '../bench/span-cost.ts';
import { type TracingCost, tracingCost } from '../bench/tracing-cost.ts';
import { type Kept, type TracingKept, tracingKept } from '../bench/tracing-kept.ts';
import { defineCommand } from '../command.ts';
import { picturesOf } from '../samples.ts';

const name = 'weir bench observability';
const count = (least = 1) =>
  z.number('expected a number').int('expected a whole number').min(least, `must be >= ${least}`);

/** The project's targets. */
const promised = {
  /** Least throughput at 1 % sampling, relative to no tracing. */
  throughput: 0.98,
  /** Most of a processor for the console over five devices, with a page open. */
  consoleShare: 0.02,
};
/** A cost below this counts as none. */
const measurable = 0.005;
/** Default period of exports. Source: OpenTelemetry, OTEL_BSP_SCHEDULE_DELAY. */
const exportPeriodMs = 5_000;

export default defineCommand({
  name,
  summary:
    'Cost of observability: processor time and throughput with tracing cut out, off, and on for a share of the frames, and the processor time of the console over five devices.',
  schema: z.object({
    repeats: count(2).default(24).describe('Pairs of cells, one after the other.'),
    rounds: count().default(40).describe('Blocks of frames per mode and pair, taking turns.'),
    frames: count().default(100).describe('Frames in a block.'),
    warmUp: count().default(6_000).describe('Warm-up frames per mode and cell, until code is compiled.'),
    inFlight: count().max(64, 'must be <= 64').default(8).describe('Frames in flight at once.'),
    sampled: share().default(0.01).describe('Share of frames that are traced, 0..1.'),
    seconds: count().default(15).describe('Seconds to watch the console, without and with a page.'),
    models: z.string().optional().describe('Folder of the model family; the embedded one by default.'),
    seed: count().default(1).describe('Seed of the order of the modes.'),
    json: z.boolean().default(false).describe('One JSON document on stdout instead of lines for people.'),
  }),
  examples: ['weir bench observability', 'weir bench observability --sampled 1 --json'],
  async run(config, { signal, out, print, progress }) {
    const { repeats, rounds, frames, warmUp, inFlight, sampled, seconds, models, seed } = config;
    const family = await asUsage(name, '--models', () => loadFamily(models));
    const samples = await asUsage(name, '--models', () => picturesOf(family));
    const description = oneEdgeCell({ family, models, seed });
    const random = seededRandom(seed);
    const costs: TracingCost[] = [];
    for (let repeat = 0; repeat < repeats; repeat++) {
      const run = { description, samples, frames, warmUp, inFlight, rounds, sampled, random, signal };
      const cost = await tracingCost({
        ...run,
        tracedFirst: repeat % 2 === 1,
        progress: (doing) => progress(`pair ${repeat + 1} of ${repeats}: ${doing}`),
      });
      costs.push(cost);
    }
    progress(`the console over five devices, ${2 * seconds} s`);
    const page = await consoleCost({ samples, models, seconds, signal });
    const spans = await spanCost(sampled);
    const kept = tracingKept(costs, { frames, seed });
    const exportShare = Math.max(0, kept.exportMs) / exportPeriodMs;
    const holds = {
      off: 1 - kept.off.processorTime.mean <= measurable || kept.off.processorTime.high >= 1,
      // A wide interval proves nothing, so it does not count as kept.
      traced: kept.traced.processorTime.low - exportShare >= promised.throughput,
      console: page.share.onePage <= promised.consoleShare,
    };
    const result = { sampledShare: sampled, ...kept, exportShare, spans, console: page, holds };
    out({ ...result, promised });
    for (const line of linesOf(result)) print(line);
    return holds.off && holds.traced && holds.console ? Exit.done : Exit.failed;
  },
});

interface Result extends TracingKept {
  readonly sampledShare: number;
  /** Share of a processor that exports use. */
  readonly exportShare: number;
  readonly spans: Awaited<ReturnType<typeof spanCost>>;
  readonly console: Awaited<ReturnType<typeof consoleCost>>;
  readonly holds: Readonly<Record<'off' | 'traced' | 'console', boolean>>;
}

function linesOf(result: Result): string[] {
  const { off, sdkLoaded, sampled, traced, processorMsPerFrame: ms, spans, console: page, holds } = result;
  const ratio = ({ mean, low, high }: Estimate) =>
    `${mean.toFixed(4)} (95 %: ${low.toFixed(4)} to ${high.toFixed(4)})`;
  const line = (of: string, kept: Kept) =>
    `  ${of.padEnd(28)}${ratio(kept.processorTime)} | ${ratio(kept.throughput)}`;
  const verdict = (kept: boolean) => (kept ? 'kept' : 'NOT shown to be kept');
  const share = percent(result.sampledShare);
  return [
    `processor time per frame, agent and worker: ${ms.cutOut.toFixed(3)} ms with tracing cut out, ${ms.off.toFixed(3)} off, ${ms.sampled.toFixed(3)} at ${share}`,
    'throughput kept (1: no cost), by processor time | by the clock:',
    `${line('off, of cut out', off)}; target: no cost:  ${verdict(holds.off)}`,
    line('SDK loaded, of not loaded', sdkLoaded),
    line(`${share} sampled, of none`, sampled),
    `${line('both, of off', traced)}; ${promised.throughput} is the target: ${verdict(holds.traced)}`,
    `beside that, an export: ${result.exportMs.toFixed(1)} ms of agent and worker, once in ${exportPeriodMs / 1_000} s (${percent(result.exportShare)} of a processor); loading the SDK: ${result.loadMs.toFixed(0)} ms of both, once`,
    `spans by themselves: ${spans.offUs.toFixed(2)} µs per frame off, ${spans.sampledUs.toFixed(2)} µs at ${share}`,
    `console over ${page.devices} devices, ${page.framesPerSecond.toFixed(0)} frames/s: ${percent(page.share.noPage)} of a processor with no page, ${percent(page.share.onePage)} with one (${page.kilobytesPerSecond.toFixed(0)} KB/s); ${percent(promised.consoleShare)} is promised: ${verdict(holds.console)}`,
  ];
}

const percent = (share: number) => `${(100 * share).toPrecision(2)} %`;
