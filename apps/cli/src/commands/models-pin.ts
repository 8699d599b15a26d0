import { ConfigError } from '@weir/base';
import { pinning } from '@weir/inference';
import { z } from 'zod';
import { defineCommand } from '../command.ts';
import { changeFamily, stageFlags } from '../models/stages.ts';

const name = 'weir models pin';

export default defineCommand({
  name,
  summary:
    'Has every frame use one variant wherever a node can be reached that runs it, whatever the floor, without second looks and canaries.',
  schema: z.object({
    variant: z.string().optional().describe('The variant, in service.'),
    none: z.boolean().default(false).describe('Choose freely again.'),
    ...stageFlags,
  }),
  positionals: 'variant',
  examples: ['weir models pin mine-v1 --models ./my-family', 'weir models pin --none --models ./my-family'],
  async run({ variant, none, models }, context) {
    if (none && variant !== undefined)
      throw new ConfigError(name, [{ field: '--none', description: `does not go with ${variant}` }]);
    if (!none && variant === undefined)
      throw new ConfigError(name, [{ field: 'VARIANT', description: 'name a variant, or --none' }]);
    await changeFamily(name, { models, change: pinning(variant) }, context);
  },
});
