import { Exit } from '@weir/base';
import { expectedAccuracy, loadFamily } from '@weir/inference';
import { floorOf, looksFloors, looksGrid, looksScenarios, looksUsers, verdictOf } from '@weir/lab';
import { experimentNames, withPaperSizes } from '@weir/simulation';
import { z } from 'zod';
import { breather } from '../breather.ts';
import { defineCommand } from '../command.ts';
import { gridTable } from '../lab/grid-table.ts';
import { runSuite, suiteFlags } from '../lab/run-suite.ts';
import { verdictText } from '../lab/verdict-text.ts';
import { whole } from '../whole.ts';

const name = 'weir lab looks';

export default defineCommand({
  name,
  summary:
    'Second looks against every baseline and both oracles: experiments A to D × floors × users, random arrivals, pictures that change.',
  schema: z.object({
    virtual: z
      .boolean()
      .default(false)
      .describe(
        "In virtual time instead of on living cells: the grid of epochs, in minutes, with the paper's times.",
      ),
    seeds: whole(1, 100).default(3).describe('With --virtual: runs of each learner.'),
    out: z
      .string()
      .default('report-looks')
      .describe('Folder for the results; a run that was stopped goes on from there.'),
    quick: z.boolean().default(false).describe('One cell and fewer epochs.'),
    ...suiteFlags,
    json: z.boolean().default(false).describe('The results as one JSON document on stdout.'),
  }),
  examples: ['weir lab looks --virtual', 'weir lab looks --parallel 1 --out report-looks'],
  async run({ virtual, seeds, out: folder, quick, fresh, parallel, seed, json }, context) {
    if (virtual) {
      const { out, print, progress, signal } = context;
      const cells = await inVirtualTime({ quick, seeds, seed, progress, signal });
      out({ cells });
      print(gridTable(cells));
      return Exit.done;
    }
    const command = `${name}${quick ? ' --quick' : ''} --seed ${seed} --parallel ${parallel}`;
    const scenarios = looksScenarios({ quick, seed });
    const suite = { name, scenarios, folder, fresh, parallel, quick, seed, command, json };
    return runSuite(suite, context, (results) => [verdictText(verdictOf(results))]);
  },
});

async function inVirtualTime({
  quick,
  seeds,
  seed,
  progress,
  signal,
}: {
  readonly quick: boolean;
  readonly seeds: number;
  readonly seed: number;
  readonly progress: (text: string) => void;
  readonly signal: AbortSignal;
}) {
  const family = await loadFamily();
  const variants = family.variants.map((variant) => ({
    name: variant.name,
    accuracy: expectedAccuracy(variant),
  }));
  return looksGrid({
    family: withPaperSizes({ variants, looks: family.looks }),
    experiments: quick ? ['A'] : experimentNames,
    floors: looksFloors.map((floor) => floorOf(floor, family)),
    users: quick ? [3] : looksUsers,
    seeds: Array.from({ length: seeds }, (_, index) => seed + index),
    interactions: 200,
    hiLcbInteractions: 2_000,
    async onCell(done, total) {
      progress(`${done} of ${total} cells`);
      await breather(signal);
    },
  });
}
