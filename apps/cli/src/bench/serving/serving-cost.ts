import type { Family } from '@weir/inference';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { benchModels, writeBenchFamily } from './bench-family.ts';
import { type ServerProcess, startMeasurer } from './child.ts';
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
  const servers = await startServers(stack, { ...options, folder });
  const client = stack.use(startMeasurer<Turn, Figures>('./client-process.ts', signal));
  const alone = stack.use(startMeasurer<RawTurn, Omit<RawRow, 'model'>>('./raw-process.ts', signal));

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
  const series = [...workerSeries(), ...(options.peers ? peerSeries() : [])];
  const took = new Map(series.map((one) => [one, [] as Figures[]]));
  const tookAlone = new Map(benchModels.map(({ name }) => [name as string, [] as Omit<RawRow, 'model'>[]]));

  const busiest = series.filter(({ concurrency }) => concurrency === Math.max(...concurrencies));
  progress(`warming ${servers.size} servers up: ${busiest.length} turns of ${seconds} s`);
  for (const one of busiest) await client.ask(turnOf(one, 1_000 * seconds));
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

const keyOf = ({ peer, slots }: Pick<Series, 'peer' | 'slots'>) => `${peer ?? 'weir'} ${slots}`;

async function startServers(
  stack: AsyncDisposableStack,
  { peers, signal, progress, folder }: ServingCostOptions & { folder: string },
): Promise<ReadonlyMap<string, ServerProcess>> {
  const servers = new Map<string, ServerProcess>();
  if (peers) {
    progress('preparing Python for the peers in .weir/bench');
    const python = await preparePython(signal);
    for (const slots of slotCounts)
      servers.set(
        keyOf({ peer: 'python', slots }),
        stack.use(await startPythonServer(slots, python, { folder, signal })),
      );
    servers.set(
      keyOf({ peer: 'mlserver', slots: 2 }),
      stack.use(await startMlserver(python, { folder, signal })),
    );
  }
  progress('starting the workers');
  for (const slots of slotCounts)
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
