import { Exit } from '@weir/base';
import { readScenario, shippedScenarios } from '@weir/lab';
import { z } from 'zod';
import { defineCommand } from '../command.ts';

export default defineCommand({
  name: 'weir lab list',
  summary: 'The experiments that come with Weir.',
  schema: z.object({
    json: z.boolean().default(false).describe('One JSON document on stdout instead of lines for people.'),
  }),
  examples: ['weir lab list'],
  async run(_, { out, print }) {
    const scenarios = shippedScenarios().map((name) => readScenario(name));
    out({ scenarios });
    const width = Math.max(...scenarios.map(({ name }) => name.length));
    print(scenarios.map(({ name, title }) => `${name.padEnd(width)}  ${title}`).join('\n'));
    return Exit.done;
  },
});
