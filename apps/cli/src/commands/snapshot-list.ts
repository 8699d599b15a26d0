import { z } from 'zod';
import { defineCommand } from '../command.ts';
import { withPolicy } from '../operate/ask.ts';
import { versionDocument } from '../operate/documents.ts';
import { policyFlags } from '../operate/flags.ts';
import { versionsTable } from '../operate/tables.ts';

const name = 'weir snapshot list';

export default defineCommand({
  name,
  summary:
    'The versions of what the learner of a running cell knew: from time to time, and before each change.',
  schema: z.object(policyFlags),
  examples: ['weir snapshot list --policy 127.0.0.1:7100'],
  async run(config, { signal, out, print }) {
    const { cellId } = config;
    const kept = await withPolicy(name, config, signal, (policy) => policy.snapshots());
    const versions = kept.map(versionDocument);
    out({ cellId, versions });
    print(versions.length > 0 ? versionsTable(versions) : `no version has been kept in ${cellId} yet`);
  },
});
