import type { Family } from '@weir/inference';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { benchModels, writeBenchFamily } from './bench-family.ts';
import { type ServerProcess, startMeasurer } from '../child.ts';
import { type Figures, mediansOf, type RawRow, type Row, type Series } from './figures.ts';
import { benchPictures } from './pictures.ts';
import { preparePython } from './python.ts';
import { startMlserver, startPythonServer, startWorker } from './servers.ts';
import type { RawTurn, Turn } from './turn.ts';

export interface ServingCostOptions {
  readonly family: Family;
  /** Of each turn, s. */
  readonly seconds: number;
  readonly rounds: number;
  readonly peers: boolean;
  /** Only series whose name has all these words. @default all */
  readonly only?: readonly string[];
  readonly signal: AbortSignal;
  readonly progress: (doing: string) => void;
}

export interface ServingCost {
  readonly rows: readonly Row[];
  readonly raw: readonly RawRow[];
  readonly peers: readonly Row[];
}

const concurrencies = [1, 8];
const slotCounts = [1, 2];
/** Turns before the first that counts: a server's code is compiled for speed only after some hundred requests. */
const warmUpTurns = 3;

/**
 * Every server in turns, several rounds, so that whatever else the machine does affects all alike; medians of the
 * rounds. Throws Cancelled, Unavailable when a server does not answer, FailedPrecondition without Python for the peers.
 */
export async function servingCost(options: ServingCostOptions): Promise<ServingCost> {
  const { family, seconds, rounds, signal, progress } = options;
  await using stack = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), 'weir-bench-'));
  stack.defer(() => rm(folder, { recursive: true, force: true }));
  await writeBenchFamily(folder, family);
  const pictures = new Map<string, string>();
  for (const [name, bytes] of await benchPictures()) {
    pictures.set(name, join(folder, name));
    await writeFile(join(folder, name), bytes);
  }
  const series = seriesOf(options);
  const needed = new Set(series.map(keyOf));
  const servers = await startServers(stack, { ...options, folder, needed });
  const client = stack.use(
    startMeasurer<Turn, Figures>(new URL('client-process.ts', import.meta.url), signal),
  );
  const alone = stack.use(
    startMeasurer<RawTurn, Omit<RawRow, 'model'>>(new URL('raw-process.ts', import.meta.url), signal),
  );

  const settleMs = Math.min(300, 300 * seconds);
  const turnOf = (one: Series, measureMs: number): Turn => {
    const { pid, address } = servers.get(keyOf(one))!;
    const picture = pictures.get(one.input);
    const { side } = benchModels.find(({ name }) => name === one.model)!;
    return {
      protocol: one.peer === 'mlserver' ? 'open-inference' : `weir-${one.call}`,
      address,
      pid,
      variant: one.model,
      input: picture === undefined ? { side } : { picture },
      concurrency: one.concurrency,
      settleMs,
      measureMs,
    };
  };
  const took = new Map(series.map((one) => [one, [] as Figures[]]));
  const tookAlone = new Map(benchModels.map(({ name }) => [name as string, [] as Omit<RawRow, 'model'>[]]));

  const most = Math.max(...series.map(({ concurrency }) => concurrency));
  const busiest = series.filter(({ concurrency }) => concurrency === most);
  progress(`warming ${servers.size} servers up: ${busiest.length} turns of ${warmUpTurns * seconds} s`);
  for (const one of busiest) await client.ask(turnOf(one, 1_000 * warmUpTurns * seconds));
  for (let round = 1; round <= rounds; round++) {
    progress(`round ${round} of ${rounds}: ${series.length + benchModels.length} turns of ${seconds} s`);
    for (const { name, side } of benchModels)
      tookAlone
        .get(name)!
        .push(await alone.ask({ path: join(folder, `${name}.onnx`), side, measureMs: 1_000 * seconds }));
    // Backwards every other time: what comes later is not always what comes after the same.
    for (const one of round % 2 === 1 ? series : series.toReversed())
      took.get(one)!.push(await client.ask(turnOf(one, 1_000 * seconds)));
  }
  const all = series.map((one): Row => ({ ...one, ...mediansOf(took.get(one)!) }));
  return {
    rows: all.filter(({ peer }) => peer === undefined),
    peers: all.filter(({ peer }) => peer !== undefined),
    raw: [...tookAlone].map(([model, turns]) => ({ model, ...mediansOf(turns) })),
  };
}

/** What is measured: all, or what has all the words of `only` in its name. */
export const seriesOf = ({ peers, only = [] }: Pick<ServingCostOptions, 'peers' | 'only'>): Series[] =>
  [...workerSeries(), ...(peers ? peerSeries() : [])].filter((one) =>
    only.every((word) => nameOf(one).split(' ').includes(word)),
  );

/** Words by which a series can be chosen, e.g. `weir fp32-64 stream tensor k8 slots1`. */
const nameOf = ({ peer, model, call, input, concurrency, slots }: Series): string =>
  `${peer ?? 'weir'} ${model} ${call} ${input} k${concurrency} slots${slots}`;

const keyOf = ({ peer, slots }: Pick<Series, 'peer' | 'slots'>) => `${peer ?? 'weir'} ${slots}`;

async function startServers(
  stack: AsyncDisposableStack,
  {
    peers,
    signal,
    progress,
    folder,
    needed,
  }: ServingCostOptions & { folder: string; needed: ReadonlySet<string> },
): Promise<ReadonlyMap<string, ServerProcess>> {
  const servers = new Map<string, ServerProcess>();
  if (peers) {
    progress('preparing Python for the peers in .weir/bench');
    const python = await preparePython(signal);
    for (const slots of slotCounts) {
      const key = keyOf({ peer: 'python', slots });
      if (needed.has(key))
        servers.set(key, stack.use(await startPythonServer(slots, python, { folder, signal })));
    }
    const key = keyOf({ peer: 'mlserver', slots: 2 });
    if (needed.has(key)) servers.set(key, stack.use(await startMlserver(python, { folder, signal })));
  }
  progress('starting the workers');
  for (const slots of slotCounts.filter((count) => needed.has(keyOf({ slots: count }))))
    servers.set(keyOf({ slots }), stack.use(await startWorker(slots, { folder, signal })));
  return servers;
}

function workerSeries(): Series[] {
  const ways = [
    { call: 'stream', input: 'tensor' },
    { call: 'unary', input: 'tensor' },
    { call: 'stream', input: 'png-64' },
    { call: 'stream', input: 'jpeg-1080p' },
  ] as const;
  return benchModels.flatMap(({ name: model }) =>
    ways.flatMap((way) =>
      concurrencies.flatMap((concurrency) =>
        slotCounts.map((slots) => ({ model, ...way, concurrency, slots })),
      ),
    ),
  );
}

/** The bare server answers a stream frame by frame, on one thread; MLServer runs as many at once as come. */
function peerSeries(): Series[] {
  const ways = [
    { peer: 'python', call: 'stream', slots: 1 },
    { peer: 'python', call: 'unary', slots: 1 },
    { peer: 'python', call: 'unary', slots: 2 },
    { peer: 'mlserver', call: 'unary', slots: 2 },
  ] as const;
  return benchModels.flatMap(({ name: model }) =>
    ways.flatMap((way) =>
      concurrencies.map((concurrency) => ({ model, input: 'tensor' as const, ...way, concurrency })),
    ),
  );
}
