import { Cancelled, percentile, type Random, silentLogger, sleep } from '@weir/base';
import {
  type CellDescription,
  connectAgent,
  processorTime,
  type RunningCell,
  type Sample,
  startCell,
} from '@weir/cell';
import { existsSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { fileURLToPath } from 'node:url';
import { plannedVariant } from './planned-variant.ts';
import { startSpanSink } from './span-sink.ts';
import { switchFolder, type TracingWay } from './switch-tracing.ts';
import { tracedTo, untraced, type Variables, withVariables } from './variables.ts';

/** What one block of frames took: of a processor, agent and worker together, and by the clock, ms. */
export interface Block {
  readonly cpuMs: number;
  /** Of that, what neither ran models nor decoded pictures: all that tracing has a part in. */
  readonly ownMs: number;
  readonly wallMs: number;
  /** Processor time after that, for handing over what was recorded. */
  readonly handOverMs: number;
}

/** What was measured of one pair of cells. */
export interface TracingCost {
  /** Rounds in the process that never loads the SDK. */
  readonly plain: readonly { readonly none: Block; readonly off: Block }[];
  /** Rounds in the process that has loaded it. */
  readonly traced: readonly { readonly off: Block; readonly sampled: Block }[];
  /** Processor time of agent and worker until the cell serves, ms. */
  readonly startMs: { readonly plain: number; readonly traced: number };
  readonly spanBytes: number;
}

export interface TracingCostOptions {
  readonly description: CellDescription;
  readonly samples: readonly Pick<Sample, 'image'>[];
  readonly frames: number;
  readonly inFlight: number;
  readonly rounds: number;
  /** Share of frames that are sampled, 0..1. */
  readonly sampled: number;
  readonly random: Random;
  readonly signal: AbortSignal;
  /** Which of the two cells is started first. */
  readonly tracedFirst: boolean;
}

const program = fileURLToPath(import.meta.resolve('./switch-tracing.ts'));
/** The processes of a frame's way. */
const measured = ['device-1', 'edge-1'];

/**
 * Two new cells side by side, one of which has loaded the SDK. Their processes change their way of tracing while they
 * run, and take turns in blocks of frames in an order drawn anew for each round. Throws Cancelled.
 */
export async function tracingCost(options: TracingCostOptions): Promise<TracingCost> {
  const { description, sampled, rounds, random, signal, tracedFirst } = options;
  await using stack = new AsyncDisposableStack();
  const sink = stack.use(await startSpanSink());
  const folder = mkdtempSync(join(tmpdir(), 'weir-bench-'));
  stack.defer(() => rmSync(folder, { recursive: true, force: true }));
  const started = {
    plain: () => switchableCell(untraced, { description, folder, signal }),
    traced: () => switchableCell(tracedTo(sink.endpoint, sampled), { description, folder, signal }),
  };
  const order = tracedFirst ? (['traced', 'plain'] as const) : (['plain', 'traced'] as const);
  const cells = {} as Record<'plain' | 'traced', RunningCell>;
  for (const which of order) cells[which] = stack.use(await started[which]());
  const agents = {
    plain: stack.use(connectAgent(cells.plain.devices[0]!.address)),
    traced: stack.use(connectAgent(cells.traced.devices[0]!.address)),
  };
  await Promise.all([plannedVariant(agents.plain, signal), plannedVariant(agents.traced, signal)]);
  const startMs = {
    plain: processorTime(pidsOf(cells.plain)).all,
    traced: processorTime(pidsOf(cells.traced)).all,
  };

  let frame = 0;
  const blockOf = async (which: 'plain' | 'traced', way: TracingWay): Promise<Block> => {
    const pids = pidsOf(cells[which]);
    const turn = (to: TracingWay) => turnTo(to, { pids, folder, signal });
    await turn(way);
    const [before, from] = [processorTime(pids), performance.now()];
    let left = options.frames;
    const one = async () => {
      while (left-- > 0 && !signal.aborted)
        await agents[which].infer({ image: options.samples[frame++ % options.samples.length]!.image });
    };
    await Promise.all(Array.from({ length: options.inFlight }, one));
    const [after, to] = [processorTime(pids), performance.now()];
    await turn('none');
    return {
      cpuMs: after.all - before.all,
      ownMs: after.own - before.own,
      wallMs: to - from,
      handOverMs: processorTime(pids).own - after.own,
    };
  };
  const blocks = [
    ['plain', 'none'],
    ['plain', 'off'],
    ['traced', 'off'],
    ['traced', 'sampled'],
  ] as const;
  const round = async () => {
    const left = [...blocks];
    const took: Record<string, Block> = {};
    while (left.length > 0) {
      const [which, way] = left.splice(random.integer(left.length), 1)[0]!;
      took[`${which} ${way}`] = await blockOf(which, way);
    }
    if (signal.aborted) throw new Cancelled('the benchmark was stopped');
    return took;
  };
  // Until the code is compiled and the processes have grown to their size.
  for (let warmUp = 0; warmUp < Math.max(2, rounds / 5); warmUp++) await round();
  const all: Record<string, Block>[] = [];
  while (all.length < rounds) all.push(await round());
  return {
    plain: all.map((took) => ({ none: took['plain none']!, off: took['plain off']! })),
    traced: all.map((took) => ({ off: took['traced off']!, sampled: took['traced sampled']! })),
    startMs,
    spanBytes: sink.bytes,
  };
}

/** Median, ms a frame. */
export const perFrameMs = (blocksMs: readonly number[], frames: number): number =>
  percentile(blocksMs, 0.5) / frames;

const pidsOf = (cell: RunningCell) => measured.map((name) => cell.pid(name)!);

/**
 * A cell whose processes can be told how to trace. Its young generations have one size: left alone, each process settles
 * at one of several by chance, which decides for its life how often buffers outside the heap force a full collection.
 */
async function switchableCell(
  variables: Variables,
  { description, folder, signal }: { description: CellDescription; folder: string; signal: AbortSignal },
): Promise<RunningCell> {
  const options = { NODE_OPTIONS: `--import=${program} --max-semi-space-size=4`, [switchFolder]: folder };
  return await withVariables({ ...variables, ...options }, () =>
    startCell(description, { logger: silentLogger, signal, logLevel: 'warn' }),
  );
}

/** Resolves when the processes trace that way, and what they had recorded is handed over. */
async function turnTo(
  way: TracingWay,
  { pids, folder, signal }: { pids: readonly number[]; folder: string; signal: AbortSignal },
): Promise<void> {
  for (const pid of pids) {
    const file = join(folder, String(pid));
    writeFileSync(`${file}.new`, way);
    renameSync(`${file}.new`, file);
  }
  while (pids.some((pid) => existsSync(join(folder, String(pid))))) await sleep(2, { signal });
}
