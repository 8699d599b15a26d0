import { z } from 'zod';
import { asUsage } from '../as-usage.ts';
import { defineCommand } from '../command.ts';
import { named } from '../named.ts';
import { withPolicy } from '../operate/ask.ts';
import { policyFlags } from '../operate/flags.ts';
import { readSnapshot } from '../operate/snapshot-file.ts';

const name = 'weir snapshot import';

export default defineCommand({
  name,
  summary:
    'Has the learner of a running cell go on from a file: of itself, or of another cell as a warm start.',
  schema: z.object({
    file: named('name the file').describe('File of weir snapshot export.'),
    ...policyFlags,
  }),
  positionals: 'file',
  examples: ['weir snapshot import learned.json --policy 127.0.0.1:7100 --cell-id cell-2'],
  async run({ file, ...config }, { signal, out, print }) {
    const { learner, snapshot } = await readSnapshot(name, file);
    const bytes = Buffer.from(JSON.stringify(snapshot));
    await withPolicy(name, config, signal, (policy) =>
      asUsage(name, file, () => policy.uploadSnapshot({ learner, snapshot: bytes })),
    );
    out({ cellId: config.cellId, learner, file });
    print(`${learner} goes on in ${config.cellId} from ${file}`);
  },
});
