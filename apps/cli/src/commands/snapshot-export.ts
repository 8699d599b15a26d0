import { writeFile } from 'node:fs/promises';
import { z } from 'zod';
import { defineCommand } from '../command.ts';
import { withPolicy } from '../operate/ask.ts';
import { policyFlags } from '../operate/flags.ts';
import { oneFile, type SnapshotFile } from '../operate/snapshot-file.ts';

const name = 'weir snapshot export';

export default defineCommand({
  name,
  summary: 'Writes what the learner of a running cell has learned to a file.',
  schema: z.object({ file: z.array(z.string()).describe('File to write.'), ...policyFlags }),
  positionals: 'file',
  examples: ['weir snapshot export learned.json --policy 127.0.0.1:7100'],
  async run({ file: files, ...config }, { signal, out, print }) {
    const file = oneFile(name, files);
    const { learner, snapshot } = await withPolicy(name, config, signal, (policy) => policy.exportSnapshot());
    const content = {
      learner,
      snapshot: JSON.parse(new TextDecoder().decode(snapshot)),
    } satisfies SnapshotFile;
    await writeFile(file, `${JSON.stringify(content)}\n`);
    out({ cellId: config.cellId, learner, file, bytes: snapshot.length });
    print(`what ${learner} has learned in ${config.cellId} is in ${file}`);
  },
});
