import { listModels, loadFamily } from '@weir/inference';
import { z } from 'zod';
import { asUsage } from '../as-usage.ts';
import { defineCommand } from '../command.ts';
import { modelsTable, throttled } from '../models-table.ts';

const name = 'weir models list';

export default defineCommand({
  name,
  summary: 'The variants of a model family: size, cost, accuracy, and their latency on this machine.',
  schema: z.object({
    models: z.string().optional().describe('Folder of the model family; the embedded one by default.'),
    runs: z
      .number('expected a number')
      .int('expected a whole number')
      .min(1, 'must be >= 1')
      .default(60)
      .describe('Inferences per variant to measure latency.'),
    json: z.boolean().default(false).describe('One JSON document on stdout instead of a table.'),
  }),
  examples: ['weir models list', 'weir models list --models ./my-family --json'],
  async run({ models, runs }, { progress, print, out, signal }) {
    const family = await asUsage(name, '--models', () => loadFamily(models));
    const variants = await listModels({ family, runs, onProgress: throttled(progress, signal) });
    print(`${family.name}: ${family.labels.join(', ')}`);
    print(modelsTable(variants));
    const { retired = [], pinned } = family;
    if (retired.length > 0) print(`retired: ${retired.map((variant) => variant.name).join(', ')}`);
    if (pinned !== undefined) print(`every frame uses ${pinned}`);
    out({
      family: family.name,
      labels: family.labels,
      variants,
      retired: retired.map((variant) => variant.name),
      ...(pinned !== undefined && { pinned }),
    });
  },
});
