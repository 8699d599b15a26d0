import { z } from 'zod';
import { asUsage } from '../as-usage.ts';
import { defineCommand } from '../command.ts';
import { withPolicy } from '../operate/ask.ts';
import { versionDocument } from '../operate/documents.ts';
import { policyFlags } from '../operate/flags.ts';
import { time } from '../words.ts';

const name = 'weir snapshot rollback';

export default defineCommand({
  name,
  summary:
    'Puts the learner of a running cell back to a version of weir snapshot list, at once; what it knew until now becomes a version, too.',
  schema: z.object({
    version: z
      .string()
      .regex(/^\d{1,15}$/, 'expected the number of a version, e.g. 12')
      .optional()
      .describe('Number of the version; without one the newest that no rollback has kept.'),
    ...policyFlags,
  }),
  positionals: 'version',
  examples: [
    'weir snapshot rollback --policy 127.0.0.1:7100',
    'weir snapshot rollback 12 --policy 127.0.0.1:7100 --cell-id shop-7',
  ],
  async run({ version = '0', ...config }, { signal, out, print }) {
    const { cellId } = config;
    const { restored, keptVersion } = await withPolicy(name, config, signal, (policy) =>
      asUsage(name, 'VERSION', () => policy.rollBack(Number(version))),
    );
    const document = versionDocument(restored!);
    out({ cellId, restored: document, keptVersion: Number(keptVersion) });
    print(
      `${document.learner} in ${cellId} is back at version ${document.version}, of ${time(document.ageMs)} ago (${document.outcomes} outcomes)`,
    );
    print(`what it knew until now is version ${keptVersion}: weir snapshot rollback ${keptVersion}`);
  },
});
