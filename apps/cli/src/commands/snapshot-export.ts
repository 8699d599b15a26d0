import { z } from 'zod';
import { asUsage } from '../as-usage.ts';
import { defineCommand } from '../command.ts';
import { named } from '../named.ts';
import { withPolicy } from '../operate/ask.ts';
import { policyFlags, replaceFlag } from '../operate/flags.ts';
import { readSnapshot, type SnapshotFile } from '../operate/snapshot-file.ts';
import { writeNewFile } from '../operate/write-new-file.ts';

const name = 'weir snapshot export';

export default defineCommand({
  name,
  summary: 'Writes what the learner of a running cell has learned, or knew at a version, to a file.',
  schema: z.object({
    file: named('name the file').describe('File to write; only its owner can read it.'),
    ...policyFlags,
    version: z
      .number('expected the number of a version')
      .int('expected a whole number')
      .min(0, 'must be >= 0')
      .default(0)
      .describe('Version of weir snapshot list; 0: what the learner knows now.'),
    force: replaceFlag,
  }),
  positionals: 'file',
  examples: [
    'weir snapshot export learned.json --policy 127.0.0.1:7100',
    'weir snapshot export before.json --policy 127.0.0.1:7100 --version 12',
  ],
  async run({ file, version, force, ...config }, { signal, out, print }) {
    const { learner, snapshot } = await withPolicy(name, config, signal, (policy) =>
      version === 0
        ? policy.downloadSnapshot(version)
        : asUsage(name, '--version', () => policy.downloadSnapshot(version)),
    );
    const content = {
      learner,
      snapshot: JSON.parse(new TextDecoder().decode(snapshot)),
    } satisfies SnapshotFile;
    const chunks = [Buffer.from(`${JSON.stringify(content)}\n`)];
    const check = (path: string) => readSnapshot(name, path);
    const { bytes } = await asUsage(name, 'FILE', () =>
      writeNewFile(file, chunks, { replace: force, check }),
    );
    out({ cellId: config.cellId, learner, version, file, bytes });
    print(`what ${learner} has learned in ${config.cellId} is in ${file}`);
  },
});
