import { Cancelled, type Random, silentLogger, sleep } from '@weir/base';
import {
  type CellDescription,
  connectAgent,
  processorTime,
  type RunningCell,
  type Picture,
  startCell,
} from '@weir/cell';
import { existsSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { fileURLToPath } from 'node:url';
import { plannedVariant } from './planned-variant.ts';
import { startSpanSink } from './span-sink.ts';
import { switchFolder, switchVariables, type TracingWay } from './switch-tracing.ts';
import { tracedTo, untraced, type Variables, withVariables } from './variables.ts';

/** Cost of one block of frames, ms: processor time of agent and worker together, and wall time. */
export interface Block {
  readonly cpuMs: number;
  /** Of that, on the main threads, which include all of tracing. */
  readonly mainMs: number;
  readonly wallMs: number;
  /** Processor time afterwards, for exporting what was recorded. */
  readonly handOverMs: number;
}

/** Measurements of one pair of cells, one entry per round. */
export interface TracingCost {
  /** Never loads the SDK. */
  readonly plain: readonly { readonly none: Block; readonly off: Block }[];
  /** Loads it at the start. */
  readonly traced: readonly { readonly off: Block; readonly sampled: Block }[];
  /** Processor time of agent and worker for loading the SDK, ms. */
  readonly loadMs: number;
  readonly spanBytes: number;
}

export interface TracingCostOptions {
  readonly description: CellDescription;
  readonly samples: readonly Pick<Picture, 'image'>[];
  readonly frames: number;
  /** Warm-up frames of each mode. */
  readonly warmUp: number;
  readonly inFlight: number;
  readonly rounds: number;
  /** Share of frames that are sampled, 0..1. */
  readonly sampled: number;
  readonly random: Random;
  readonly signal: AbortSignal;
  /** Receives progress messages. */
  readonly progress: (doing: string) => void;
  /** Which of the two cells starts first. */
  readonly tracedFirst: boolean;
}

const program = fileURLToPath(import.meta.resolve('./switch-tracing.ts'));
/** Warm-up turns of each mode. */
const warmUpRounds = 4;
const turns: readonly { readonly which: 'plain' | 'traced'; readonly way: TracingWay }[] = [
  { which: 'plain', way: 'none' },
  { which: 'plain', way: 'off' },
  { which: 'traced', way: 'off' },
  { which: 'traced', way: 'sampled' },
];
/** The processes that a frame passes through. */
const measured = ['device-1', 'edge-1'];

/**
 * Two new cells side by side, one of which loads the SDK before its first frame: loaded later, it makes V8 recompile code,
 * which takes ten thousand frames and would count as its cost. The processes switch their tracing mode while they
 * run, and take turns in blocks of frames in random order. Throws Cancelled.
 */
export async function tracingCost(options: TracingCostOptions): Promise<TracingCost> {
  const { description, samples, inFlight, rounds, sampled, random, signal, tracedFirst } = options;
  await using stack = new AsyncDisposableStack();
  const sink = stack.use(await startSpanSink());
  const folder = mkdtempSync(join(tmpdir(), 'weir-bench-'));
  stack.defer(() => rmSync(folder, { recursive: true, force: true }));
  const variables = {
    [switchFolder]: folder,
    [switchVariables]: JSON.stringify(tracedTo(sink.endpoint, sampled)),
  };
  const start = async () => {
    const cell = stack.use(await switchableCell(variables, { description, signal }));
    const agent = stack.use(connectAgent(cell.devices[0]!.address));
    await plannedVariant(agent, signal);
    return { agent, pids: measured.map((name) => cell.pid(name)!) };
  };
  const [first, second] = [await start(), await start()];
  const cells = tracedFirst ? { plain: second, traced: first } : { plain: first, traced: second };

  let frame = 0;
  const blockOf = async ({ which, way }: (typeof turns)[number], frames: number): Promise<Block> => {
    const { agent, pids } = cells[which];
    const turn = (to: TracingWay) => turnTo(to, { pids, folder, signal });
    await turn(way);
    const [before, from] = [processorTime(pids), performance.now()];
    let left = frames;
    const one = async () => {
      while (left-- > 0 && !signal.aborted)
        await agent.infer({ image: samples[frame++ % samples.length]!.image });
    };
    await Promise.all(Array.from({ length: inFlight }, one));
    const [after, to] = [processorTime(pids), performance.now()];
    await turn('none');
    return {
      cpuMs: after.all - before.all,
      mainMs: after.main - before.main,
      wallMs: to - from,
      handOverMs: processorTime(pids).main - after.main,
    };
  };
  const { pids } = cells.traced;
  const unloaded = processorTime(pids).all;
  await turnTo('sampled', { pids, folder, signal });
  const loadMs = processorTime(pids).all - unloaded;

  /** Runs frames that do not count while code gets compiled and heaps reach their size. */
  const warmUp = async (cell: 'plain' | 'traced') => {
    const own = turns.filter(({ which }) => which === cell);
    const frames = Math.ceil(options.warmUp / warmUpRounds);
    for (let round = 0; round < warmUpRounds; round++) for (const turn of own) await blockOf(turn, frames);
  };
  options.progress(`warming up with ${options.warmUp} frames each mode`);
  await Promise.all([warmUp('plain'), warmUp('traced')]);

  options.progress(`${rounds} blocks of ${options.frames} frames each mode`);
  const plain: TracingCost['plain'][number][] = [];
  const traced: TracingCost['traced'][number][] = [];
  for (let round = 0; round < rounds; round++) {
    const took = { plain: {} as (typeof plain)[0], traced: {} as (typeof traced)[0] };
    const left = [...turns];
    while (left.length > 0) {
      const next = left.splice(random.integer(left.length), 1)[0]!;
      Object.assign(took[next.which], { [next.way]: await blockOf(next, options.frames) });
    }
    if (signal.aborted) throw new Cancelled('the benchmark was stopped');
    plain.push(took.plain);
    traced.push(took.traced);
  }
  return { plain, traced, loadMs, spanBytes: sink.bytes };
}

/**
 * Flags for steady figures. Each thread collects its own garbage: helper threads belong to
 * the process, and the garbage of pictures, which is most of it, would be charged to spans. Young generations
 * have a fixed size: left alone, each process settles at a random one of several, which decides for life how often
 * buffers outside the heap force a full collection.
 */
const steady = ['--single-threaded-gc', '--max-semi-space-size=4'];

/** A cell whose processes can switch their tracing mode. */
async function switchableCell(
  variables: Variables,
  { description, signal }: { description: CellDescription; signal: AbortSignal },
): Promise<RunningCell> {
  const execArgv = [...steady, `--import=${program}`];
  return await withVariables({ ...untraced, ...variables }, () =>
    startCell(description, { logger: silentLogger, signal, logLevel: 'warn', execArgv }),
  );
}

/** Resolves when the processes trace in that mode and earlier spans are exported. */
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
