import { rm, writeFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { Exit, makeFolder, silentLogger } from '@weir/base';
import { loadFamily } from '@weir/inference';
import {
  type ReproductionOptions,
  type Results,
  reportHtml,
  reproduce,
  reproductionScenarios,
  verdictOf,
} from '@weir/lab';
import { z } from 'zod';
import { asUsage } from '../as-usage.ts';
import { defineCommand } from '../command.ts';
import { type ReproductionViewOptions, reproductionView } from '../lab/reproduction-view.ts';
import { verdictText } from '../lab/verdict-text.ts';
import { samplesOf } from '../samples.ts';

const name = 'weir lab reproduce';
const whole = (least: number, most: number) =>
  z
    .number('expected a number')
    .int('expected a whole number')
    .min(least, `must be >= ${least}`)
    .max(most, `must be <= ${most}`);

export default defineCommand({
  name,
  summary:
    "The paper's evaluation on living cells: experiments, floors, users and learners; writes results.json and report.html.",
  schema: z.object({
    out: z
      .string()
      .default('report')
      .describe('Folder for the results; a run that was stopped goes on from there.'),
    quick: z
      .boolean()
      .default(false)
      .describe('Ten minutes instead of two hours: one floor, fewer users and epochs.'),
    looks: whole(1, 2)
      .default(1)
      .describe(
        "1: the paper's experiments, one look a frame; 2: besides, those of second looks (looks-… of weir lab list).",
      ),
    fresh: z.boolean().default(false).describe('Forget what is in the folder and start again.'),
    parallel: whole(1, 8)
      .default(Math.min(2, availableParallelism()))
      .describe('Cells that live at the same time.'),
    seed: whole(0, 2 ** 31)
      .default(1)
      .describe('Seed of all that is drawn by chance.'),
    json: z.boolean().default(false).describe('The results as one JSON document on stdout too.'),
  }),
  examples: ['weir lab reproduce --quick', 'weir lab reproduce --out report'],
  async run({ out: folder, quick, looks, fresh, parallel, seed, json }, { signal, out, print, progress }) {
    const family = await loadFamily();
    const pictures = await samplesOf(family);
    if (fresh) await rm(join(folder, 'units'), { recursive: true, force: true });
    await asUsage(name, '--out', () => makeFolder(folder));
    const scenarios = reproductionScenarios({ quick, seed, looks });
    progress(
      `${scenarios.length} experiments, ${parallel} cells at a time; Ctrl-C stops, the same command goes on`,
    );
    const { stderr } = process;
    // A terminal without a size, as a container may have, can renew nothing.
    const terminal = stderr.isTTY && stderr.columns > 0 && !json ? stderr : undefined;
    const startedAt = performance.now();
    try {
      const results = await inView({
        terminal,
        family,
        pictures,
        scenarios,
        folder,
        parallel,
        quick,
        seed,
        command: `weir lab reproduce${quick ? ' --quick' : ''}${looks === 2 ? ' --looks 2' : ''} --seed ${seed} --parallel ${parallel}`,
        logger: silentLogger,
        signal,
        progress,
      });
      await writeFile(join(folder, 'results.json'), JSON.stringify(results));
      await writeFile(join(folder, 'report.html'), await reportHtml(results));
      out(results);
      const minutes = ((performance.now() - startedAt) / 60_000).toFixed(0);
      print(`${scenarios.length} experiments, ${minutes} min; open ${join(folder, 'report.html')}`);
      for (const note of results.notes) print(`further than 5 % from the oracle: ${note}`);
      print(verdictText(verdictOf(results)));
    } catch (error) {
      if (signal.aborted) return Exit.interrupted;
      throw error;
    }
    return Exit.done;
  },
});

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
