import { NotFound } from '@weir/base';
import { z } from 'zod';
import { asUsage } from '../as-usage.ts';
import { defineCommand } from '../command.ts';
import { named } from '../named.ts';
import { withPolicy } from '../operate/ask.ts';
import { policyFlags } from '../operate/flags.ts';
import { trialTable } from '../operate/tables.ts';
import { trialDocument, trialNamed } from '../operate/trial.ts';

const name = 'weir models compare';

export default defineCommand({
  name,
  summary:
    'A canary against the variant that it stands in for, on the frames of a running cell that could have gone to either at the same node.',
  schema: z.object({
    variant: named('name the canary').describe('The canary.'),
    ...policyFlags,
  }),
  positionals: 'variant',
  examples: ['weir models compare mine-v2 --policy 127.0.0.1:7100'],
  async run({ variant: canary, ...config }, { signal, out, print }) {
    const { trials } = await withPolicy(name, config, signal, (policy) => policy.status());
    const trial = await asUsage(name, 'VARIANT', () => {
      const found = trialNamed(trials, canary);
      if (found) return found;
      const known = trials.flatMap((each) => each.canary?.variant || []);
      throw new NotFound(
        `no frame has taken part in a trial of ${canary} yet` +
          (known.length > 0 ? `; there are trials of ${known.join(', ')}` : ''),
      );
    });
    const document = trialDocument(trial);
    out({ cellId: config.cellId, ...document });
    print(trialTable(document));
    print(
      'of first looks; 95 % intervals; agreement: with the most accurate variant, by audits; accuracy: by truths',
    );
  },
});
