import { AlreadyExists, ConfigError } from '@weir/base';
import { restoreBackup, storeFile } from '@weir/storage';
import { join } from 'node:path';
import { z } from 'zod';
import { asUsage } from '../as-usage.ts';
import { defineCommand } from '../command.ts';
import { named } from '../named.ts';
import { jsonFlag } from '../operate/flags.ts';

const name = 'weir restore';

export default defineCommand({
  name,
  summary:
    'Puts the cells of a weir backup into the data folder of a PolicyService that is stopped: all of them or none; other cells there stay.',
  schema: z.object({
    file: named('name the file').describe('File of weir backup.'),
    data: z
      .string('expected the --data folder of a PolicyService')
      .min(1, 'expected a folder')
      .describe('Data folder of a PolicyService that does not run; made where there is none.'),
    force: z
      .boolean()
      .default(false)
      .describe('Replace cells that are there already with those of the backup.'),
    json: jsonFlag,
  }),
  positionals: 'file',
  examples: ['weir restore weir-2026-11-29.backup --data /var/lib/weir'],
  async run({ file, data, force }, { out, print }) {
    const path = join(data, storeFile);
    const cells = await asUsage(name, file, () =>
      restoreBackup(file, { path, replace: force }).catch((error: unknown) => {
        if (!(error instanceof AlreadyExists)) throw error;
        const description = `${error.message}; give it to replace them`;
        throw new ConfigError(name, [{ field: '--force', description }]);
      }),
    );
    out({ file, data, cells });
    for (const { cellId, devices, outcomes, versions, replaced } of cells)
      print(
        `${cellId}: devices ${devices}, outcomes ${outcomes}, versions ${versions}${replaced ? ', replacing what was there' : ''}`,
      );
    print(`cells restored: ${cells.length}; start PolicyService with --data ${data}`);
  },
});
