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
    const {
      bytes,
      value: { learner },
    } = await withPolicy(name, config, signal, (policy) => {
      const download = () => policy.downloadSnapshot(version);
      async function* content() {
        const { learner, snapshot } = await (version === 0
          ? download()
          : asUsage(name, '--version', download));
        const whole: SnapshotFile = { learner, snapshot: JSON.parse(new TextDecoder().decode(snapshot)) };
        yield Buffer.from(`${JSON.stringify(whole)}\n`);
      }
      const check = (path: string) => readSnapshot(name, path);
      return writeNewFile(name, file, content(), { replace: force, check });
    });
    out({ cellId: config.cellId, learner, version, file, bytes });
    print(`what ${learner} has learned in ${config.cellId} is in ${file}`);
  },
});
