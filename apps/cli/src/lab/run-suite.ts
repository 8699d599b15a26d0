import { rm, writeFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { Exit, makeFolder, silentLogger } from '@weir/base';
import { loadFamily } from '@weir/inference';
import { type ReproductionOptions, type Results, type Scenario, reportHtml, reproduce } from '@weir/lab';
import { z } from 'zod';
import { asUsage } from '../as-usage.ts';
import type { CommandContext } from '../command.ts';
import { samplesOf } from '../samples.ts';
import { whole } from '../whole.ts';
import { type ReproductionViewOptions, reproductionView } from './reproduction-view.ts';

/** Flags of every command that runs a suite. */
export const suiteFlags = {
  fresh: z.boolean().default(false).describe('Forget what is in the folder and start again.'),
  parallel: whole(1, 8)
    .default(Math.min(2, availableParallelism()))
    .describe('Cells that live at the same time.'),
  seed: whole(0, 2 ** 31)
    .default(1)
    .describe('Seed of all that is drawn by chance.'),
};

export interface SuiteOptions {
  /** Of the command, for messages. */
  readonly name: string;
  readonly scenarios: readonly Scenario[];
  readonly folder: string;
  /** Forget what is in the folder. */
  readonly fresh: boolean;
  readonly parallel: number;
  readonly quick: boolean;
  readonly seed: number;
  /** As typed, for the reader. */
  readonly command: string;
  readonly json: boolean;
}

/**
 * Runs the scenarios on living cells, goes on where a run before was stopped, and writes results.json and report.html.
 * `told` says what the results mean.
 */
export async function runSuite(
  options: SuiteOptions,
  { signal, out, print, progress }: CommandContext,
  told: (results: Results) => readonly string[],
): Promise<Exit> {
  const { name, scenarios, folder, fresh, parallel, quick, seed, command, json } = options;
  const family = await loadFamily();
  const pictures = await samplesOf(family);
  if (fresh) await rm(join(folder, 'units'), { recursive: true, force: true });
  await asUsage(name, '--out', () => makeFolder(folder));
  progress(
    `${scenarios.length} experiments, ${parallel} cells at a time; Ctrl-C stops, the same command goes on`,
  );
  const { stderr } = process;
  // A terminal without a size, as a container may have, can renew nothing.
  const terminal = stderr.isTTY && stderr.columns > 0 && !json ? stderr : undefined;
  const startedAt = performance.now();
  const results = await inView({
    terminal,
    family,
    pictures,
    scenarios,
    folder,
    parallel,
    quick,
    seed,
    command,
    logger: silentLogger,
    signal,
    progress,
  });
  await writeFile(join(folder, 'results.json'), JSON.stringify(results));
  await writeFile(join(folder, 'report.html'), await reportHtml(results));
  out(results);
  const minutes = ((performance.now() - startedAt) / 60_000).toFixed(0);
  print(`${scenarios.length} experiments, ${minutes} min; open ${join(folder, 'report.html')}`);
  for (const line of told(results)) print(line);
  return Exit.done;
}

/** Reproduces, and shows how far it is. */
async function inView({
  terminal,
  progress,
  ...options
}: Omit<ReproductionOptions, 'onOverview'> & Pick<ReproductionViewOptions, 'terminal'>): Promise<Results> {
  using view = reproductionView({ terminal, progress });
  return await reproduce({
    ...options,
    progress: (text) => view.say(text),
    onOverview: (overview) => view.show(overview),
  });
}
