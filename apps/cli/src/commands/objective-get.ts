import { z } from 'zod';
import { defineCommand } from '../command.ts';
import { withPolicy } from '../operate/ask.ts';
import { objectiveDocument } from '../operate/documents.ts';
import { policyFlags } from '../operate/flags.ts';
import { objectiveLines } from '../operate/tables.ts';

const name = 'weir objective get';

export default defineCommand({
  name,
  summary: 'What is asked of a running cell: floor, deadline, weights, tiers, looks, audits.',
  schema: z.object(policyFlags),
  examples: ['weir objective get --policy 127.0.0.1:7100'],
  async run(config, { signal, out, print }) {
    const { objective } = await withPolicy(name, config, signal, (policy) => policy.objective());
    const document = objectiveDocument(objective)!;
    out({ cellId: config.cellId, objective: document });
    for (const line of objectiveLines(document)) print(line);
  },
});
