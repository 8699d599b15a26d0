import { promotion } from '@weir/inference';
import { z } from 'zod';
import { defineCommand } from '../command.ts';
import { named } from '../named.ts';
import { changeFamily, stageFlags } from '../models/stages.ts';

const name = 'weir models promote';

export default defineCommand({
  name,
  summary:
    'Has a variant serve wholly, without a restart: a canary, and the variant that it stood in for is retired; or a retired one, as before.',
  schema: z.object({
    variant: named('name the variant; `weir models list` shows them').describe(
      'The canary, or the retired variant.',
    ),
    keep: z
      .boolean()
      .default(false)
      .describe('Keep the variant that the canary stood in for in service too.'),
    ...stageFlags,
  }),
  positionals: 'variant',
  examples: [
    'weir models promote mine-v2 --models ./my-family',
    'weir models promote mine-v2 --keep --models ./my-family',
  ],
  run: ({ variant, keep, models }, context) =>
    changeFamily(name, { models, change: promotion(variant, { keep }) }, context),
});
