import { retirement } from '@weir/inference';
import { z } from 'zod';
import { defineCommand } from '../command.ts';
import { named } from '../named.ts';
import { changeFamily, stageFlags } from '../models/stages.ts';

const name = 'weir models retire';

export default defineCommand({
  name,
  summary:
    'Takes a variant out of a family without a restart; a canary is rolled back by it. Its files stay: promote brings it back.',
  schema: z.object({
    variant: named('name the variant; `weir models list` shows them').describe(
      'The variant; not the last in service.',
    ),
    ...stageFlags,
  }),
  positionals: 'variant',
  examples: ['weir models retire mine-v2 --models ./my-family'],
  run: ({ variant, models }, context) => changeFamily(name, { models, change: retirement(variant) }, context),
});
