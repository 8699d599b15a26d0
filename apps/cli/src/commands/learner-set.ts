import { z } from 'zod';
import { asUsage } from '../as-usage.ts';
import { defineCommand } from '../command.ts';
import { named } from '../named.ts';
import { withPolicy } from '../operate/ask.ts';
import { policyFlags } from '../operate/flags.ts';

const name = 'weir learner set';

export default defineCommand({
  name,
  summary:
    'Puts another learner in charge of a running cell; it goes on from what it had learned there before.',
  schema: z.object({
    learner: named('name the learner, e.g. planner').describe('Name of the learner.'),
    ...policyFlags,
  }),
  positionals: 'learner',
  examples: ['weir learner set edge-only --policy 127.0.0.1:7100'],
  async run({ learner, ...config }, { signal, out, print }) {
    await withPolicy(name, config, signal, (policy) =>
      asUsage(name, 'LEARNER', () => policy.setLearner(learner)),
    );
    out({ cellId: config.cellId, learner });
    print(`${config.cellId} is learned by ${learner}`);
  },
});
