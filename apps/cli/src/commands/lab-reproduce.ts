import { reproductionScenarios, verdictOf } from '@weir/lab';
import { z } from 'zod';
import { defineCommand } from '../command.ts';
import { runSuite, suiteFlags } from '../lab/run-suite.ts';
import { verdictText } from '../lab/verdict-text.ts';
import { whole } from '../whole.ts';

const name = 'weir lab reproduce';

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
    ...suiteFlags,
    json: z.boolean().default(false).describe('The results as one JSON document on stdout too.'),
  }),
  examples: ['weir lab reproduce --quick', 'weir lab reproduce --out report'],
  run({ out: folder, quick, looks, fresh, parallel, seed, json }, context) {
    const command = `${name}${quick ? ' --quick' : ''}${looks === 2 ? ' --looks 2' : ''} --seed ${seed} --parallel ${parallel}`;
    const scenarios = reproductionScenarios({ quick, seed, looks });
    const suite = { name, scenarios, folder, fresh, parallel, quick, seed, command, json };
    return runSuite(suite, context, (results) => [
      ...results.notes.map((note) => `further than 5 % from the oracle: ${note}`),
      verdictText(verdictOf(results)),
    ]);
  },
});
