import { Cancelled, type Random, silentLogger, sleep } from '@weir/base';
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
import { switchFolder, switchVariables, type TracingWay } from './switch-tracing.ts';
import { tracedTo, untraced, type Variables, withVariables } from './variables.ts';

/** What one block of frames took: of processors, agent and worker together, and by the clock, ms. */
export interface Block {
  readonly cpuMs: number;
  /** Of that, on the main threads: all that tracing has a part in. */
  readonly mainMs: number;
  readonly wallMs: number;
  /** Processor time after that, for handing over what was recorded. */
  readonly handOverMs: number;
}

/** What was measured of one pair of cells; one entry a round. */
export interface TracingCost {
  /** Never loads the SDK. */
  readonly plain: readonly { readonly none: Block; readonly off: Block }[];
  /** Has it loaded from the start. */
  readonly traced: readonly { readonly off: Block; readonly sampled: Block }[];
  /** Processor time of agent and worker for loading the SDK, ms. */
  readonly loadMs: number;
  readonly spanBytes: number;
}

export interface TracingCostOptions {
  readonly description: CellDescription;
  readonly samples: readonly Pick<Sample, 'image'>[];
  readonly frames: number;
  /** Frames of each way before those that count. */
  readonly warmUp: number;
  readonly inFlight: number;
  readonly rounds: number;
  /** Share of frames that are sampled, 0..1. */
  readonly sampled: number;
  readonly random: Random;
  readonly signal: AbortSignal;
  /** Told what is done now. */
  readonly progress: (doing: string) => void;
  /** Which of the two cells is started first. */
  readonly tracedFirst: boolean;
}

const program = fileURLToPath(import.meta.resolve('./switch-tracing.ts'));
/** Turns of each way before those that count. */
const warmUpRounds = 4;
const turns: readonly { readonly which: 'plain' | 'traced'; readonly way: TracingWay }[] = [
  { which: 'plain', way: 'none' },
  { which: 'plain', way: 'off' },
  { which: 'traced', way: 'off' },
  { which: 'traced', way: 'sampled' },
];
/** The processes of a frame's way. */
const measured = ['device-1', 'edge-1'];

/**
 * Two new cells side by side, of which one loads the SDK before its first frame: loaded later it has code compiled anew,
 * which takes ten thousand frames and would be counted as its cost. The processes change their way of tracing while they
 * run, and take turns in blocks of frames in an order drawn anew for each round. Throws Cancelled.
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

  /** Frames that do not count, while code is compiled and the processes grow to their size. */
  const warmUp = async (cell: 'plain' | 'traced') => {
    const own = turns.filter(({ which }) => which === cell);
    const frames = Math.ceil(options.warmUp / warmUpRounds);
    for (let round = 0; round < warmUpRounds; round++) for (const turn of own) await blockOf(turn, frames);
  };
  options.progress(`warming up with ${options.warmUp} frames each way`);
  await Promise.all([warmUp('plain'), warmUp('traced')]);

  options.progress(`${rounds} blocks of ${options.frames} frames each way`);
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
 * Flags of the processes, for steady figures. Each thread collects its own garbage: threads that help with it belong to
 * the process, and what pictures leave behind, which is most, would be counted with what spans do. Young generations
 * have one size: left alone, each process settles at one of several by chance, which decides for its life how often
 * buffers outside the heap force a full collection.
 */
const steady = ['--single-threaded-gc', '--max-semi-space-size=4'];

/** A cell whose processes can be told how to trace. */
async function switchableCell(
  variables: Variables,
  { description, signal }: { description: CellDescription; signal: AbortSignal },
): Promise<RunningCell> {
  const execArgv = [...steady, `--import=${program}`];
  return await withVariables({ ...untraced, ...variables }, () =>
    startCell(description, { logger: silentLogger, signal, logLevel: 'warn', execArgv }),
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
