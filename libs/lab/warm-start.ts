/**
 * What a prior from other cells is worth to a living one, of real processes: CELLS cells learn, PolicyService makes a prior of
 * what they know, and new cells of other experiments start over its store with it, and over an empty one without:
 * `npx node libs/lab/warm-start.ts [CELLS] [SEEDS]`. Prints Markdown: regret by the measured cost table.
 */
import { once } from 'node:events';
import { spawn } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { median, seededRandom, silentLogger } from '@weir/base';
import { shuffled } from '@weir/cell';
import { loadFamily, loadSamples } from '@weir/inference';
import { openServerStream } from '@weir/rpc';
import type { ExperimentName } from '@weir/simulation';
import { asMap, type CostTable } from './src/measure/cost-table.ts';
import { openEpochs } from './src/measure/epochs.ts';
import { optimumOf } from './src/measure/optimum.ts';
import { profileCell } from './src/measure/profiling.ts';
import { openTestbed, type Testbed } from './src/measure/testbed.ts';
import { paperCell } from './src/scenario/paper-cell.ts';
import { floorOf, type NamedFloor } from './src/scenario/paper-floors.ts';

const [cells = 4, seeds = 3] = process.argv.slice(2).map(Number);
/** Epochs in which each of the other cells learns, and of a new cell that count. */
const [learned, firstSteps] = [40, 10];
/** Of the cells that learn, in turn. */
const theirs: readonly ExperimentName[] = ['B', 'C'];
/** Of the new cells. */
const own: readonly ExperimentName[] = ['A', 'D'];
const floors: readonly NamedFloor[] = ['none', '85', '89', '80'];
const ownFloor: NamedFloor = '89';

const stop = new AbortController();
process.once('SIGINT', () => stop.abort());
const family = await loadFamily();
const pictures = await Promise.all(
  (await loadSamples(family)).map(async ({ path, label }) => ({
    file: path,
    label,
    image: await readFile(path),
  })),
);

interface CellOptions {
  readonly cellId: string;
  readonly experiment: ExperimentName;
  readonly seed: number;
  /** Folder of PolicyService's state. */
  readonly stateDir: string;
}
const openCell = ({ cellId, experiment, seed, stateDir }: CellOptions): Promise<Testbed> =>
  openTestbed({
    description: { ...paperCell({ experiment, users: 5, space: 'full', family, seed }), cellId },
    family,
    pictures: shuffled(pictures, seededRandom(seed)),
    logger: silentLogger,
    signal: stop.signal,
    stateDir,
  });

/** The joint placements of so many epochs at the floor. */
async function run(testbed: Testbed, { floor, epochs }: { floor: NamedFloor; epochs: number }, seed: number) {
  await testbed.setLooks(1);
  await testbed.setFloor(floorOf(floor, family).value);
  await using runner = openEpochs(testbed, seededRandom(seed));
  const placements = [];
  for (let epoch = 0; epoch < epochs; epoch++) placements.push(asMap((await runner.next(epoch)).placements));
  return placements;
}

/** Cells whose experience the learner began with. */
async function priorCellsOf({ policy: client, cell }: Testbed): Promise<number> {
  const { cellId } = cell.description;
  for await (const status of openServerStream(client, client.watchLearner, { cellId }))
    return Number(status.priorCells);
  return 0;
}

/** PolicyService over the store of all cells, until it has made their prior. */
async function publishPrior(stateDir: string): Promise<void> {
  const main = fileURLToPath(import.meta.resolve('@weir/policy-service/main'));
  const argv = [main, '--data', stateDir, '--fleet-prior-ms', '1000', '--log-level', 'info'];
  const policy = spawn(process.execPath, argv, { stdio: ['ignore', 'ignore', 'pipe'] });
  const exited = once(policy, 'exit');
  for await (const line of createInterface({ input: policy.stderr })) if (/new cells begin/.test(line)) break;
  policy.kill();
  await exited;
}

async function table(testbed: Testbed): Promise<{ table: CostTable; oracleMs: number }> {
  await testbed.setLooks(1);
  const measured = await profileCell(testbed, { repetitions: 1, random: seededRandom(0) });
  return { table: measured, oracleMs: optimumOf(measured, floorOf(ownFloor, family).value)!.meanMs };
}

const folder = mkdtempSync(join(tmpdir(), 'weir-warm-start-'));
try {
  const fleet = join(folder, 'fleet');
  for (let at = 0; at < cells; at++) {
    const experiment = theirs[at % theirs.length]!;
    const cell = { cellId: `other-${at}`, experiment, seed: 101 + at, stateDir: fleet };
    await using testbed = await openCell(cell);
    await run(testbed, { floor: floors[at % floors.length]!, epochs: learned }, cell.seed);
  }
  await publishPrior(fleet);
  console.log(`| experiment | seed | prior | regret of the first ${firstSteps} steps, ms | worst of them |`);
  console.log('|---|---|---|---|---|');
  for (const experiment of own) {
    let costs: Awaited<ReturnType<typeof table>> | undefined;
    const print = (seed: number | string, prior: string, regretMs: number, worst: number) =>
      console.log(`| ${experiment} | ${seed} | ${prior} | ${regretMs.toFixed(0)} | ${worst.toFixed(3)} × |`);
    const results = { without: [] as number[][], with: [] as number[][] };
    for (let seed = 1; seed <= seeds; seed++)
      // In turn, so that a machine that slows down slows both.
      for (const start of ['without', 'with'] as const) {
        const stateDir = join(folder, `${experiment}-${start}-${seed}`);
        if (start === 'with') cpSync(fleet, stateDir, { recursive: true });
        await using testbed = await openCell({ cellId: 'new', experiment, seed, stateDir });
        const steps = await run(testbed, { floor: ownFloor, epochs: firstSteps }, seed);
        const began = await priorCellsOf(testbed);
        costs ??= await table(testbed);
        const { oracleMs } = costs;
        const times = steps.map((placements) => costs!.table.responseMs(placements));
        const regretMs = times.reduce((sum, ms) => sum + ms - oracleMs, 0);
        const worst = Math.max(...times) / oracleMs;
        results[start].push([regretMs, worst]);
        print(seed, `${began} cells`, regretMs, worst);
      }
    for (const [start, each] of Object.entries(results)) {
      const [regretMs, worst] = [0, 1].map((at) => median(each.map((result) => result[at]!)));
      print('median', start, regretMs!, worst!);
    }
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
