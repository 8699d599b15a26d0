import { NotFound } from '@weir/base';
import { readBackup } from '@weir/storage';
import { z } from 'zod';
import { asUsage } from '../as-usage.ts';
import { defineCommand } from '../command.ts';
import { named } from '../named.ts';
import { withPolicy } from '../operate/ask.ts';
import { fleetFlags, replaceFlag } from '../operate/flags.ts';
import { writeNewFile } from '../operate/write-new-file.ts';
import { size } from '../words.ts';

const name = 'weir backup';

export default defineCommand({
  name,
  summary:
    'Copies all that a running PolicyService has stored, as it is at one instant, to a file for weir restore: objectives, learners, snapshots and their versions, journals.',
  schema: z.object({
    file: named('name the file').describe('File to write; only its owner can read it.'),
    ...fleetFlags,
    force: replaceFlag,
  }),
  positionals: 'file',
  examples: [
    'weir backup weir-$(date +%F).backup --policy 127.0.0.1:7100',
    'weir backup shop-7.backup --policy 127.0.0.1:7100 --cell shop-7',
  ],
  async run({ file, cell = '', force, ...config }, { signal, out, print }) {
    const { bytes, value: cells } = await withPolicy(name, { ...config, cellId: cell }, signal, (policy) =>
      // Read once before it counts: a backup that cannot be read is none.
      writeNewFile(name, file, policy.backup(), { replace: force, check: readBackup }),
    ).catch((error: unknown) =>
      asUsage(name, error instanceof NotFound ? '--cell' : 'FILE', () => {
        throw error;
      }),
    );
    out({ file, bytes, cells });
    for (const { cellId, devices, outcomes, versions } of cells)
      print(`${cellId}: devices ${devices}, outcomes ${outcomes}, versions ${versions}`);
    print(
      `written to ${file}: cells ${cells.length}, ${size(bytes)}; weir restore ${file} --data FOLDER puts them back`,
    );
  },
});
